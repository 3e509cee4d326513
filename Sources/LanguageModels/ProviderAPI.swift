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
    /// JSON that takes the place of the empty text which the body has under that key. An encoder
    /// would bring its keys into another order, which is that of the answer's.
    var schema: (key: String, json: String)?
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
      let reading = AnswerReading(reader, feed)
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
    _ take: ([Data]) -> Void,
    _ read: (ProviderReply) async throws(LanguageModelError) -> Result
  ) async throws(LanguageModelError) -> Result {
    var exchange = Exchange(keyIdentifier: key.identifier, isBilled: request.isBilled)
    do throws(LanguageModelError) {
      let stream = try await open(request, key, end)
      exchange.status = stream.head.status
      exchange.requestID = requestIDHeader.flatMap(stream.head.header)?.asProvidersName
      if let id = exchange.requestID, stream.head.isSuccess { await feed?.tell(requestID: id) }
      if request.isBilled { KillPoint.firstByte.passed() }
      let content = try await content(of: stream, take)
      return try await read(
        try exchange.reply(stream.head, content, isStopped: feed?.isStopped ?? false))
    } catch {
      throw exchange.completed(error)
    }
  }

  private typealias Content = (body: Data, events: Int?, interruption: HTTPError?)

  /// What is known of an exchange. Its functions have frames of their own, as that of their caller
  /// is kept for as long as the call is under way.
  private struct Exchange {
    let start = ContinuousClock.now
    let keyIdentifier: String
    let isBilled: Bool
    var status: Int?
    var requestID: String?

    @inline(never)
    func reply(
      _ head: HTTPResponseHead, _ content: Content, isStopped: Bool
    ) throws(LanguageModelError) -> ProviderReply {
      if let interruption = content.interruption, !isBilled {
        throw LanguageModelError(interruption)
      }
      let reply = ProviderReply(
        head: head, body: content.body, events: content.events == nil ? nil : [],
        readEvents: content.events ?? 0, interruption: content.interruption, isStopped: isStopped,
        requestID: requestID, keyIdentifier: keyIdentifier,
        responseTime: start.duration(to: .now))
      // Some servers have a page where others have a list.
      if reply.isPage, isBilled || reply.status != 404 {
        throw LanguageModelError(.notTheAPI(status: reply.status))
      }
      return reply
    }

    @inline(never)
    func completed(_ error: LanguageModelError) -> LanguageModelError {
      var failure = error
      failure.report.status = error.report.status ?? status
      failure.requestID = error.requestID ?? requestID
      failure.keyIdentifier = keyIdentifier
      failure.responseTime = start.duration(to: .now)
      failure.mayHaveCost = error.mayHaveCost && isBilled
      return failure
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
        body: try Self.body(of: request),
        // libcurl takes less than a millisecond for no deadline at all.
        deadline: max(ContinuousClock.now.duration(to: end), .milliseconds(1)),
        idleLimit: request.isBilled ? limits.idle : nil, comesWordByWord: request.isBilled,
        maximumResponseBytes: Self.maximumAnswerBytes, isIdempotent: !request.isBilled)
      return try await transport.stream(exchange)
    } catch {
      throw LanguageModelError(error as? HTTPError ?? .invalidRequest)
    }
  }

  private static func body(of request: Request) throws -> Data? {
    guard let body = request.body else { return nil }
    var data = try encoder.encode(body)
    // Within a text, a quotation mark has a backslash before it, so no text looks like this.
    if let (key, json) = request.schema, let place = data.range(of: Data("\"\(key)\":\"\"".utf8)) {
      data.replaceSubrange(place, with: Data("\"\(key)\":\(json)".utf8))
    }
    return data
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
    of stream: HTTPResponseStream, _ take: ([Data]) -> Void
  ) async throws(LanguageModelError) -> Content {
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
        if !new.isEmpty { take(new) }
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
