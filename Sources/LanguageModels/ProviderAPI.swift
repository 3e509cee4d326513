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

  /// Makes an exchange that costs nothing, with the next key if one turns out to be at its limit or
  /// rejected.
  ///
  /// - Parameter read: Makes the result of a response, or the error that it means.
  func call<Result: Sendable>(
    _ request: Request, read: (ProviderReply) async throws(LanguageModelError) -> Result
  ) async throws(LanguageModelError) -> Result {
    let end = ContinuousClock.now + min(limits.total, limits.free)
    return try await inTurn(request) { key, _ throws(LanguageModelError) in
      try await attempt(request, key, end, nil, { _ in }, read)
    }
  }

  /// Makes an exchange that brings an answer, which is read as it comes.
  ///
  /// - Parameters:
  ///   - start: When the call began of which this exchange is a part.
  ///   - reader: One that has read nothing yet.
  ///   - read: Makes an answer of a response, or the error that it means.
  func answer<Reader: AnswerReader>(
    _ request: Request, begunAt start: ContinuousClock.Instant, feed: AnswerFeed, reader: Reader,
    read: (ProviderReply, () -> ReceivedAnswer) async throws(LanguageModelError) -> Answer?
  ) async throws(LanguageModelError) -> Answer? {
    let end = start + limits.total
    return try await inTurn(request) { key, refusals throws(LanguageModelError) in
      var reading = AnswerReading(reader, feed)
      do throws(LanguageModelError) {
        var answer = try await attempt(request, key, end, feed, { reading.take($0) }) {
          reply async throws(LanguageModelError) in
          try await read(reply) { reading.received(reply) }
        }
        answer?.refusals = refusals
        return answer
      } catch {
        // Another beginning cannot take the place of one that was shown.
        guard feed.hasToldText else { throw error }
        var failure = error
        failure.isFinal = true
        throw failure
      }
    }
  }

  /// With each key in turn, for as long as it is the key that is refused.
  private func inTurn<Result>(
    _ request: Request,
    _ attempt: (KeyRing.Key, [LanguageModelError]) async throws(LanguageModelError) -> Result
  ) async throws(LanguageModelError) -> Result {
    var tried: Set<Int> = []
    var refusals: [LanguageModelError] = []
    while let key = keys.take(excluding: tried) {
      do throws(LanguageModelError) {
        return try await attempt(key, refusals)
      } catch {
        guard keys.rest(key, after: error.reason, ofBilledCall: request.isBilled), !error.isFinal
        else { throw error }
        tried.insert(key.position)
        refusals.append(error)
      }
    }
    throw refusals.last ?? LanguageModelError(.keyRejected)
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
          Request(method: .get, path: path, isBilled: false), key, end, nil, { _ in }
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
    _ feed: AnswerFeed?,
    _ take: (Data) -> Void,
    _ read: (ProviderReply) async throws(LanguageModelError) -> Result
  ) async throws(LanguageModelError) -> Result {
    let start = ContinuousClock.now
    var requestID: String?
    var status: Int?
    do throws(LanguageModelError) {
      let stream = try await open(request, key, end)
      status = stream.head.status
      requestID = requestIDHeader.flatMap(stream.head.header)?.asProvidersName
      if let requestID, stream.head.isSuccess { await feed?.tell(requestID: requestID) }
      if request.isBilled { KillPoint.firstByte.passed() }
      let content = try await content(of: stream, take)
      if let interruption = content.interruption, !request.isBilled {
        throw LanguageModelError(interruption)
      }
      let reply = ProviderReply(
        head: stream.head, body: content.body, events: content.events == nil ? nil : [],
        readEvents: content.events ?? 0, interruption: content.interruption,
        isStopped: feed?.isStopped ?? false, requestID: requestID, keyIdentifier: key.identifier,
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

  /// What comes, also if it breaks off: then why. The data of events are taken as they come, and
  /// counted; of all else, the body is kept.
  ///
  /// - Throws: `cancelled`.
  private func content(
    of stream: HTTPResponseStream, _ take: (Data) -> Void
  ) async throws(LanguageModelError) -> (body: Data, events: Int?, interruption: HTTPError?) {
    var interruption: HTTPError?
    var whole = Data()
    var parser = EventStream()
    var events: Int? = stream.head.isSuccess && stream.head.isEventStream ? 0 : nil
    do {
      for try await piece in stream.body {
        guard let count = events else {
          whole += piece
          continue
        }
        let new = parser.take(piece)
        for event in new { take(event) }
        events = count + new.count
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
