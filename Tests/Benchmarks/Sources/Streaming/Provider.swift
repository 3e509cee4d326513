import Foundation
import TestSupport

/// A Gemini that answers at a model's pace, and remembers when its first words left for whom.
final class Provider: Sendable {
  struct Pace: Sendable {
    var pieces: Int
    var pause: Duration

    var length: Duration { pause * pieces }
  }

  let firstWords: Watched<[Int: ContinuousClock.Instant]>
  let underway: Watched<Int>
  private let pace: Watched<Pace>
  private let server: LoopbackServer

  init() throws {
    let firstWords = Watched<[Int: ContinuousClock.Instant]>([:])
    let underway = Watched(0)
    let pace = Watched(Pace(pieces: 1, pause: .zero))
    server = try LoopbackServer { request in
      guard request.target.contains("streamGenerateContent") else {
        return .json(#"{"name": "models/m", "thinking": false, "totalTokens": 9}"#)
      }
      let person = Self.person(asking: request)
      return .written { write in
        underway.change { $0 += 1 }
        Self.answer(at: pace.value, write) { firstWords.change { $0[person] = .now } }
        underway.change { $0 -= 1 }
      }
    }
    (self.firstWords, self.underway, self.pace) = (firstWords, underway, pace)
  }

  var url: String { server.url }

  func stop() {
    server.stop()
  }

  /// From the next answer on.
  func change(to new: Pace) {
    pace.change { $0 = new }
    firstWords.change { $0 = [:] }
  }

  /// People name themselves in their questions.
  private static func person(asking request: LoopbackRequest) -> Int {
    let body = String(decoding: request.body, as: UTF8.self)
    let name = body.ranges(of: "I am ").last.map { body[$0.upperBound...].prefix { $0.isNumber } }
    return name.flatMap { Int($0) } ?? 0
  }

  private static func answer(
    at pace: Pace, _ write: (Data) -> Bool, _ begun: () -> Void
  ) {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    guard write(Data(head.utf8)) else { return }
    let start = ContinuousClock.now
    for number in 1...pace.pieces {
      let isLast = number == pace.pieces
      if number == 1 { begun() }
      guard write(Data(event(number, isLast: isLast).utf8)) else { return }
      let rest = ContinuousClock.now.duration(to: start + pace.pause * number)
      if !isLast, rest > .zero { usleep(UInt32(rest / .microseconds(1))) }
    }
  }

  private static func event(_ number: Int, isLast: Bool) -> String {
    // Now and then a paragraph ends, as in an answer.
    let text = number % 80 == 0 ? "end.\\n\\n" : "word \(number) "
    let end = isLast ? #","finishReason":"STOP""# : ""
    return """
      data: {"candidates":[{"content":{"parts":[{"text":"\(text)"}],"role":"model"}\(end),\
      "index":0}],"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":\(number * 2),\
      "totalTokenCount":\(100 + number * 2)},"modelVersion":"m","responseId":"r"}\r\n\r\n
      """
  }
}
