import Foundation

/// An answer of Gemini's that comes step by step, as the test has it.
package final class SlowAnswer: Sendable {
  private enum Step: Sendable {
    case events(String)
    case end
  }

  private let steps = Watched<[Step]>([])
  /// Whether the client has gone before the end.
  package let isAbandoned = Watched(false)

  package init() {}

  /// For the next request.
  package var reply: LoopbackReply {
    .written { [steps, isAbandoned] write in
      let head = """
        HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n
        """
      guard write(Data(head.utf8)) else { return isAbandoned.change { $0 = true } }
      var done = 0
      while true {
        let next = done
        guard steps.block(until: { $0.count > next }) else { return }
        switch steps.value[next] {
        case .end: return
        case .events(let text):
          guard write(Data(text.utf8)) else { return isAbandoned.change { $0 = true } }
        }
        done += 1
      }
    }
  }

  /// Goes on with the text.
  ///
  /// - Parameter outputTokens: What Gemini counts so far.
  package func say(_ text: String, outputTokens: Int? = nil) {
    send(text, ending: nil, outputTokens)
  }

  /// Says the last words and what was used.
  package func end(_ text: String = ".", outputTokens: Int = 500) {
    send(text, ending: "STOP", outputTokens)
    steps.change { $0.append(.end) }
  }

  /// Breaks off.
  package func breakOff() {
    steps.change { $0.append(.end) }
  }

  private func send(_ text: String, ending: String?, _ outputTokens: Int?) {
    var candidate: [String: Any] = [
      "index": 0, "content": ["role": "model", "parts": [["text": text]]],
    ]
    candidate["finishReason"] = ending
    var event: [String: Any] = [
      "modelVersion": "fake", "responseId": "slow", "candidates": [candidate],
    ]
    if let outputTokens {
      event["usageMetadata"] = [
        "promptTokenCount": 1_000, "candidatesTokenCount": outputTokens,
        "totalTokenCount": 1_000 + outputTokens,
      ]
    }
    steps.change { $0.append(.events("data: \(jsonText(event))\r\n\r\n")) }
  }
}
