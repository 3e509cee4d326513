import Foundation
import KillPoints
import Testing
import TestSupport

/// A build, which goes on by itself once its person has agreed to a price.
extension StepCase {
  private static let modelsOfGemini: [String: String?] = [
    "MODELS_PLANNING": "google/gemini-2.5-flash", "MODELS_CODING": "google/gemini-2.5-flash",
  ]
  /// Two questions, a plan, two tasks, and a look at the whole.
  private static let calls = 5

  func runBuilt(in world: World) async throws -> StepOutcome {
    // A workshop is entered only where that is the step.
    guard step == .checkBegun else { return try await runBuilt(in: world, checkedIn: "off") }
    return try await FakeWorkshop.with { try await runBuilt(in: world, checkedIn: $0.path) }
  }

  private func runBuilt(in world: World, checkedIn socket: String) async throws -> StepOutcome {
    let settings = Self.modelsOfGemini.merging(["WORKSHOP_SOCKET": socket]) { $1 }
    world.gemini.answerSteps(by: Watched(BuildScript.answers()))
    let isOfModel = [.stepBegun, .stepAnswered, .stepSettled].contains(step)
    // The first two calls are the planner's, before anybody has agreed to anything.
    let order = ["AIDEVBOT_KILL_AT": "\(step.rawValue):\(isOfModel ? 3 : 1)"]
    let armed = try world.start(["run"], changing: settings.merging(order) { $1 })
    try await world.openAccount(of: Self.user)
    world.telegram.message("/new \(BuildScript.idea)", from: Self.user)
    try await world.tap("Just build it", by: Self.user)
    try await world.tap("Build it", by: Self.user)
    try await world.waitUntilDelivered(orEndOf: armed)
    #expect(try await armed.waitForExit().status == -SIGKILL)

    let last = try await world.startDaemon(changing: settings)
    try await world.waitUntilDelivered()
    try await world.waitUntilAllIsDone()
    try await world.stop(last)
    let state = world.telegram.state.value
    #expect(state.documents.map(\.fileName) == ["greeter.zip"])
    let calls = try world.usage()
    return StepOutcome(
      reply: .delivered,
      copies: state.sent(to: Self.user).count { $0.contains("Greeter is ready") },
      charged: calls.filter { $0.chargedTo == "user" },
      lost: calls.filter { $0.chargedTo == "house" })
  }

  func expectRightBuild(_ outcome: StepOutcome, in world: World) throws {
    #expect(outcome.copies == 1)
    #expect(outcome.charged.count == Self.calls)
    let interrupted = try world.number(
      "SELECT count(*) FROM api_key_usage WHERE loss_cause = 'interrupted'")
    #expect(interrupted == Int64(outcome.lost.count))
    let ends = try world.number("SELECT count(*) FROM build_steps WHERE kind = 'task_end'")
    #expect(ends == 2)
    // A step of a model or of the workshop is taken again; the others are one transaction.
    let wasCutOff = step != .taskEnded && step != .zipMade && step != .delivered
    let cutOff = try world.number("SELECT count(*) FROM build_steps WHERE state = 'cut_off'")
    #expect(cutOff == (wasCutOff ? 1 : 0))
    let checks = try world.number(
      "SELECT count(*) FROM build_steps WHERE kind = 'check' AND state = 'done' AND passed")
    #expect(checks == (step == .checkBegun ? 2 : 0))
    let charged = try #require(
      try world.number(
        "SELECT -sum(credits_amount_micro) FROM credit_transactions WHERE hold_id IS NOT NULL"))
    #expect(try world.balance(of: Self.user) == 100_000_000 - charged)
    #expect(charged <= (try world.number("SELECT cap_micro FROM builds") ?? 0))
  }
}

extension World {
  /// Taps the newest button of that title, once there is one.
  fileprivate func tap(_ title: String, by user: Int64) async throws {
    let isThere = Watched<(id: Int64, data: String)?>(nil)
    try await telegram.state.wait(for: "the button \(title)") { state in
      for message in state.messages where message.chatID == user {
        for row in message.replyMarkup?["inline_keyboard"]?.array ?? [] {
          for button in row.array ?? [] where button["text"]?.string == title {
            isThere.change { $0 = (message.id, button["callback_data"]?.string ?? "") }
          }
        }
      }
      return isThere.value != nil
    }
    let button = try #require(isThere.value)
    telegram.callback(button.data, from: user, messageID: button.id)
  }

  fileprivate func waitUntilDelivered(orEndOf daemon: ChildProcess? = nil) async throws {
    try await wait(
      for: "the build", untilThereIs: "SELECT count(*) FROM builds WHERE state = 'delivered'",
      orEndOf: daemon)
  }
}
