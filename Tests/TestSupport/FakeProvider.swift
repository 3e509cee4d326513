import Foundation

/// What a fake provider answers unless told otherwise.
package struct FakeAnswer: Sendable {
  package var text = "Hello from the fake model."
  /// Cached ones included.
  package var inputTokens = 1000
  package var cachedInputTokens = 0
  /// As OpenRouter tells it; none of them is a cached one.
  package var cacheWriteTokens = 0
  /// Reasoning included.
  package var outputTokens = 500
  package var reasoningTokens = 0
  /// As it stands in OpenRouter's JSON; others report none.
  package var cost = "0.00155"
  package var isCutOff = false
  /// Whether it says what it used. A server that speaks as OpenAI's does says so in a stream only
  /// to those who ask.
  package var tellsUsage = true
  /// Whether Gemini says why it ends in one event and what it used in the next; the others always
  /// do.
  package var tellsUsageApart = false
  /// Into how many bytes at a time the stream is cut, wherever that may be.
  package var pieceSize: Int?
  /// Whether the connection is reset before the mark of the stream's end, or its last byte.
  package var isReset = false
  /// Whether the list of models says that the model takes a budget for its thinking.
  package var takesThinkingBudget = false
  /// OpenRouter's list of models, as JSON.
  package var modelList = #"{"data": []}"#

  /// As the network brings it.
  func sent(_ reply: LoopbackReply) -> LoopbackReply {
    if isReset { return reply.reset(before: "data: [DONE]") }
    return pieceSize.map(reply.inPieces) ?? reply
  }

  /// As an event stream brings it.
  var halves: (String, String) {
    let middle = text.index(text.startIndex, offsetBy: text.count / 2)
    return (String(text[..<middle]), String(text[middle...]))
  }
}

/// What providers differ in: the requests they take and the JSON they write.
package protocol FakeDialect: SendableMetatype {
  /// Checks the request and makes the usual reply to it.
  ///
  /// - Parameter id: The id of the request that this one makes.
  static func reply(
    to request: LoopbackRequest, with answer: FakeAnswer, id: String, check: inout RequestCheck
  ) -> LoopbackReply
  /// Whether the request makes a model work, as against counts and look-ups.
  static func asksForAnswer(_ request: LoopbackRequest) -> Bool
}

/// A provider of language models on the loopback interface. It answers every request that is as its
/// documentation demands, and refuses any other with status 400. It ends with the test that refers
/// to it.
package final class FakeProvider<Dialect: FakeDialect>: Sendable {
  private struct State: Sendable {
    var scripted: [LoopbackReply] = []
    var onCall: (@Sendable (LoopbackRequest) -> LoopbackReply?)?
    var onAnswer: (@Sendable (LoopbackRequest, inout FakeAnswer) -> Void)?
    var answered = 0
  }

  /// All requests, in the order of their arrival, right or wrong.
  package let requests: Watched<[LoopbackRequest]>
  /// What was wrong with requests; to be empty at the end of a test.
  package let violations: Watched<[String]>
  /// What the next requests are answered with.
  package let answer: Watched<FakeAnswer>
  private let state: Watched<State>
  private let server: LoopbackServer

  package init() throws {
    let requests = Watched<[LoopbackRequest]>([])
    let violations = Watched<[String]>([])
    let answer = Watched(FakeAnswer())
    let state = Watched(State())
    server = try LoopbackServer { request in
      var check = RequestCheck()
      let (id, onAnswer) = state.change { state in
        if Dialect.asksForAnswer(request) { state.answered += 1 }
        return ("fake-\(state.answered)", state.onAnswer)
      }
      var answer = answer.value
      onAnswer?(request, &answer)
      let usual = Dialect.reply(to: request, with: answer, id: id, check: &check)
      check.expect(request.headers["user-agent"] == "aidevbot", "a request says whom it is from")
      violations.change { $0 += check.violations }
      requests.change { $0.append(request) }
      guard check.violations.isEmpty else { return check.refusal }
      if let reply = state.value.onCall?(request) { return reply }
      guard Dialect.asksForAnswer(request) else { return usual }
      return state.change { $0.scripted.isEmpty ? answer.sent(usual) : $0.scripted.removeFirst() }
    }
    self.requests = requests
    self.violations = violations
    self.answer = answer
    self.state = state
  }

  package var url: String { server.url }

  /// Goes away, while the test goes on.
  package func stop() {
    server.stop()
  }

  /// Answers the next requests for an answer, one each, with these replies.
  package func replyNext(_ replies: LoopbackReply...) {
    state.change { $0.scripted += replies }
  }

  /// Fits the usual answer to each request.
  package func onAnswer(_ hook: @escaping @Sendable (LoopbackRequest, inout FakeAnswer) -> Void) {
    state.change { $0.onAnswer = hook }
  }

  /// Sees every valid request first, on the thread of its connection, so it may block. Where it
  /// returns `nil`, the request is answered as usual.
  package func onCall(_ hook: @escaping @Sendable (LoopbackRequest) -> LoopbackReply?) {
    state.change { $0.onCall = hook }
  }
}

extension LoopbackRequest {
  /// The path without the query.
  package var path: String {
    String(target.prefix { $0 != "?" })
  }

  /// The body as a JSON object; empty where it is none.
  package var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] ?? [:]
  }
}
