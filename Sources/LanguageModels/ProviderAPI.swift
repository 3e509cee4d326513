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
  let timeout: Duration
  let keyHeader: KeyHeader
  /// The response header that holds the request's id, if any does.
  let requestIDHeader: String?

  /// The longest answers models give, some 100,000 tokens, are under 1 MiB; images in one, which
  /// come as base64, are a few.
  static let maximumAnswerBytes = 16 << 20
  /// Look-ups and counts are quick or not worth waiting for.
  private static let maximumFreeCallDuration: Duration = .seconds(15)

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
    let end =
      start
      + (request.isBilled ? timeout : min(timeout, Self.maximumFreeCallDuration))
    var tried: Set<Int> = []
    var refusal = LanguageModelError(.keyRejected)
    while let key = keys.take(excluding: tried) {
      do {
        return try await attempt(request, key, end, onRequestID, read)
      } catch {
        guard keys.rest(key, after: error.reason, ofBilledCall: request.isBilled) else {
          throw error
        }
        tried.insert(key.position)
        refusal = error
      }
    }
    throw refusal
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
    do {
      let stream = try await open(request, key, end)
      requestID = requestIDHeader.flatMap(stream.head.header)
      if let requestID, stream.head.isSuccess { await onRequestID(requestID) }
      if request.isBilled { KillPoint.firstByte.passed() }
      let (body, events) = try await content(of: stream)
      return try await read(
        ProviderReply(
          head: stream.head, body: body, events: events, requestID: requestID,
          keyIdentifier: key.identifier, responseTime: start.duration(to: .now)))
    } catch {
      throw LanguageModelError(
        error.reason, usage: error.usage, requestID: error.requestID ?? requestID,
        keyIdentifier: key.identifier, responseTime: start.duration(to: .now),
        mayHaveCost: error.mayHaveCost && request.isBilled)
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
        body: try request.body.map { try JSONEncoder().encode($0) },
        // libcurl takes less than a millisecond for no deadline at all.
        deadline: max(ContinuousClock.now.duration(to: end), .milliseconds(1)),
        maximumResponseBytes: Self.maximumAnswerBytes, isIdempotent: !request.isBilled)
      return try await transport.stream(exchange)
    } catch {
      throw LanguageModelError(error as? HTTPError ?? .invalidRequest)
    }
  }

  private func content(
    of stream: HTTPResponseStream
  ) async throws(LanguageModelError) -> (body: Data, events: [Data]?) {
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
        throw LanguageModelError(error as? HTTPError ?? .connectionLost(requestWasSent: true))
      }
    }
    // To a cancelled task, a stream that is cut short looks like one that has ended.
    if Task.isCancelled { throw LanguageModelError(.cancelled, mayHaveCost: stream.head.isSuccess) }
    return (whole, events)
  }
}

extension HTTPResponseHead {
  var isSuccess: Bool { (200..<300).contains(status) }

  fileprivate var isEventStream: Bool {
    header("Content-Type")?.lowercased().hasPrefix("text/event-stream") == true
  }
}
