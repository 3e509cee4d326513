import Foundation
import HTTPTransport
import KillPoints

/// The HTTP side that all providers share: keys in turn, one deadline for all of a call, a bound on
/// the answer, and what a broken exchange means.
struct ProviderAPI: Sendable {
  struct Request: Sendable {
    var method: HTTPRequest.Method
    /// Appended to the base URL.
    var path: String
    var body: (any Encodable & Sendable)?
    /// Whether it makes a model work. What does not may be repeated freely.
    var isBilled: Bool
  }

  typealias KeyHeader = @Sendable (_ key: String) -> (name: String, value: String)

  /// RFC 6750, 2.1.
  static let bearer: KeyHeader = { ("Authorization", "Bearer \($0)") }

  let transport: HTTPTransport
  /// Without a slash at its end.
  let baseURL: String
  let keys: KeyRing
  let limits: CallLimits
  let keyHeader: KeyHeader
  /// The response header that holds the request's id, if any does.
  let requestIDHeader: String?

  /// The longest answers models give, some 100,000 tokens, are under 1 MiB; images in one, which
  /// come as base64, are a few.
  static let maximumAnswerBytes = 16 << 20

  /// Makes the exchange, with the next key if one turns out to be at its limit or rejected.
  ///
  /// - Parameters:
  ///   - start: When the call began of which this exchange is a part.
  ///   - read: Makes the result of a response, or the error that it means.
  func call<Result: Sendable>(
    _ request: Request,
    begunAt start: ContinuousClock.Instant = .now,
    onRequestID: @Sendable (String) async -> Void = { _ in },
    read: (ProviderReply) async throws(LanguageModelError) -> Result
  ) async throws(LanguageModelError) -> Result {
    let end = start + (request.isBilled ? limits.total : min(limits.total, limits.free))
    var tried: Set<Int> = []
    var refusals: [LanguageModelError] = []
    while let key = keys.take(excluding: tried) {
      do {
        let result = try await attempt(request, key, end, onRequestID, read)
        return Self.telling(of: refusals, in: result)
      } catch {
        guard keys.rest(key, after: error.reason, ofBilledCall: request.isBilled) else {
          throw error
        }
        tried.insert(key.position)
        refusals.append(error)
      }
    }
    throw refusals.last ?? LanguageModelError(.keyRejected)
  }

  /// An answer knows of the keys that were refused for it; nothing else does.
  private static func telling<Result>(
    of refusals: [LanguageModelError], in result: Result
  ) -> Result {
    guard var answer = result as? Answer else { return result }
    answer.refusals = refusals
    return answer as? Result ?? result
  }

  /// Asks with each key in turn for what costs nothing.
  func checkKeys(
    _ path: String, read: (ProviderReply) throws(LanguageModelError) -> KeyCheck.Outcome
  ) async -> [KeyCheck] {
    var checks: [KeyCheck] = []
    for key in keys.keys {
      let end = ContinuousClock.now + KeyCheck.deadline
      let outcome: KeyCheck.Outcome
      do {
        outcome = try await attempt(
          Request(method: .get, path: path, isBilled: false), key, end, { _ in }
        ) { reply throws(LanguageModelError) in try read(reply) }
      } catch {
        outcome = .failed(error)
      }
      checks.append(
        KeyCheck(keyIdentifier: key.value == nil ? nil : key.identifier, outcome: outcome))
    }
    return checks
  }

  private func attempt<Result>(
    _ request: Request,
    _ key: KeyRing.Key,
    _ end: ContinuousClock.Instant,
    _ onRequestID: @Sendable (String) async -> Void,
    _ read: (ProviderReply) async throws(LanguageModelError) -> Result
  ) async throws(LanguageModelError) -> Result {
    let start = ContinuousClock.now
    var requestID: String?
    var status: Int?
    do throws(LanguageModelError) {
      let stream = try await open(request, key, end)
      status = stream.head.status
      requestID = requestIDHeader.flatMap(stream.head.header)?.asProvidersName
      if let requestID, stream.head.isSuccess { await onRequestID(requestID) }
      if request.isBilled { KillPoint.firstByte.passed() }
      let (body, events, interruption) = try await content(of: stream)
      if let interruption, !request.isBilled { throw LanguageModelError(interruption) }
      let reply = ProviderReply(
        head: stream.head, body: body, events: events, interruption: interruption,
        requestID: requestID, keyIdentifier: key.identifier,
        responseTime: start.duration(to: .now))
      // Some servers have a page where others have a list.
      if reply.isPage, request.isBilled || reply.status != 404 {
        throw LanguageModelError(.notTheAPI(status: reply.status))
      }
      return try await read(reply)
    } catch {
      var failure = error
      failure.report.status = error.report.status ?? status
      failure.requestID = error.requestID ?? requestID
      failure.keyIdentifier = key.identifier
      failure.responseTime = start.duration(to: .now)
      failure.mayHaveCost = error.mayHaveCost && request.isBilled
      throw failure
    }
  }

  private func open(
    _ request: Request, _ key: KeyRing.Key, _ end: ContinuousClock.Instant
  ) async throws(LanguageModelError) -> HTTPResponseStream {
    do {
      let exchange = HTTPRequest(
        request.method, baseURL + request.path,
        headers: [key.value.map(keyHeader), ("Content-Type", "application/json")].compactMap(
          \.self),
        body: try request.body.map { try Self.encoder.encode($0) },
        // libcurl takes less than a millisecond for no deadline at all.
        deadline: max(ContinuousClock.now.duration(to: end), .milliseconds(1)),
        idleLimit: request.isBilled ? limits.idle : nil,
        maximumResponseBytes: Self.maximumAnswerBytes, isIdempotent: !request.isBilled)
      return try await transport.stream(exchange)
    } catch {
      throw LanguageModelError(error as? HTTPError ?? .invalidRequest)
    }
  }

  /// A body has one form: in another order of its keys, what a provider has cached is not found.
  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }

  /// What comes, also if it breaks off: then why.
  ///
  /// - Throws: `cancelled`.
  private func content(
    of stream: HTTPResponseStream
  ) async throws(LanguageModelError) -> (body: Data, events: [Data]?, interruption: HTTPError?) {
    var interruption: HTTPError?
    var whole = Data()
    var parser = EventStream()
    var events: [Data]? = stream.head.isSuccess && stream.head.isEventStream ? [] : nil
    do {
      for try await piece in stream.body {
        if events == nil { whole += piece } else { events?.append(contentsOf: parser.take(piece)) }
      }
    } catch {
      // A refusal is one by its status alone, whatever becomes of its body.
      if stream.head.isSuccess {
        interruption = error as? HTTPError ?? .connectionLost(requestWasSent: true)
      }
    }
    // To a cancelled task, a stream that is cut short looks like one that has ended.
    if Task.isCancelled {
      guard stream.head.isSuccess else { throw LanguageModelError(.cancelled) }
      interruption = .cancelled(requestWasSent: true)
    }
    return (events == nil ? whole : parser.stray, events, interruption)
  }
}

extension HTTPResponseHead {
  var isSuccess: Bool { (200..<300).contains(status) }

  fileprivate var isEventStream: Bool {
    header("Content-Type")?.lowercased().hasPrefix("text/event-stream") == true
  }
}
