import Foundation
import KillPoints
import TestSupport

/// What became of a request during which the process was killed.
struct StepOutcome: Sendable {
  enum Reply: String, Sendable {
    case answer
    case failure = "told that it failed"
    case apology
    case kept = "answer, once they write again"
    case status = "reply"
    case receipt
    case refunded
    case delivered

    init?(text: String) {
      if text.hasPrefix("Hello from the fake model.") {
        self = .answer
      } else if text.contains("the answer was lost. It cost you nothing.") {
        self = .apology
      } else if text.hasSuffix("It cost you nothing.") {
        self = .failure
      } else if text.hasPrefix("Balance:") {
        self = .status
      } else if text.hasPrefix("Thank you! 250.00 credits are on your account") {
        self = .receipt
      } else {
        return nil
      }
    }
  }

  var reply: Reply
  var copies: Int
  var charged: [UsageRow]
  /// What the house bears.
  var lost: [UsageRow]

  /// As it stands in the table.
  fileprivate var text: String {
    let times = copies > 1 ? " × \(copies)" : ""
    let lost = lost.map { $0.isEstimate ? "estimated" : "looked up" }
    let calls = ["estimated", "looked up"].compactMap { how in
      let count = lost.count { $0 == how }
      return count == 0 ? nil : "\(count) \(how)"
    }
    let losses = calls.isEmpty ? "" : "; lost: " + calls.joined(separator: ", ")
    return reply.rawValue + times + losses
  }
}

/// The table in `Tests/README.md`, made from what the tests have seen.
enum StepTable {
  private static let outcomes = Watched<[StepCase: String]>([:])

  /// Takes one more outcome. Returns the table once all are there.
  static func note(_ outcome: StepOutcome, of killed: StepCase) -> String? {
    outcomes.change { outcomes in
      outcomes[killed] = outcome.text
      return outcomes.count == StepCase.all.count ? table(outcomes) : nil
    }
  }

  static func readme() throws -> String {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: tests.appending(path: "README.md"), encoding: .utf8)
  }

  private static func table(_ outcomes: [StepCase: String]) -> String {
    let rows = StepCase.Request.allCases.flatMap { request in
      request.steps.map { step in
        let kills = request.kills(at: step)
        let once = kills.filter { $0 != .twoLives }.map {
          cell(request, step, $0, outcomes)
        }
        let cells = [
          request.rawValue, "`\(step.rawValue)`", Set(once).sorted().joined(separator: " / "),
          kills.contains(.twoLives) ? cell(request, step, .twoLives, outcomes) : "",
        ]
        return "| \(cells.joined(separator: " | ")) |"
      }
    }
    let head = ["| request | killed after | once | in two lives |", "| --- | --- | --- | --- |"]
    return (head + rows).joined(separator: "\n")
  }

  /// Names the providers where they differ.
  private static func cell(
    _ request: StepCase.Request, _ step: KillPoint, _ kill: StepCase.Kill,
    _ outcomes: [StepCase: String]
  ) -> String {
    let texts = request.sellers.map { seller in
      outcomes[StepCase(request: request, step: step, seller: seller, kill: kill)] ?? "?"
    }
    guard Set(texts).count > 1 else { return texts[0] }
    return "Gemini: \(texts[0]). OpenRouter: \(texts[1])"
  }
}
