import Foundation
import KillPoints
import Testing
import TestSupport

/// An answer that grows in the chat; its last words come once it has, and it is stopped where that
/// is the step.
extension StepCase {
  func runStreamed(in world: World) async throws -> StepOutcome {
    _ = try await prepare(world)
    let before = Int(try world.number("SELECT count(*) FROM inbox") ?? 0)
    let replies = world.telegram.state.value.messages.filter { $0.chatID == Self.user }.count
    let order = ["AIDEVBOT_KILL_AT": "\(step.rawValue):1", "ANSWERS_STREAMING": "edits"]
    let slow = SlowAnswer()
    let isArmed = Watched(true)
    world.onCall(of: .gemini) { _ in isArmed.value ? slow.reply : nil }
    slow.say("Hello from")
    let armed = try world.start(["run"], changing: order)
    let update = world.telegram.message(Seller.gemini.question, from: Self.user)
    if step != .previewSending, step != .previewShown {
      try await world.telegram.state.wait(for: "the first words") { state in
        state.sent(to: Self.user).last == "Hello from ▌"
      }
      if step == .stopped {
        world.telegram.callback("stop:\(update)", from: Self.user)
      } else {
        slow.say(" the fake")
      }
    }
    if step == .replyQueued {
      try await world.telegram.state.wait(for: "more words") { state in
        state.sent(to: Self.user).last == "Hello from the fake ▌"
      }
      slow.end(" model.")
    }
    #expect(try await armed.waitForExit().status == -SIGKILL)
    isArmed.change { $0 = false }

    let updates = before + (step == .stopped ? 2 : 1)
    let changes = ["ANSWERS_STREAMING": "edits"]
    let last = try await world.startDaemon(changing: changes)
    try await world.waitUntilDone(updates: updates)
    try await world.stop(last)
    return try streamedOutcome(of: update, after: replies, in: world)
  }

  /// What the person sees at the end is one answer. Of a preview whose id was never known, they see
  /// that it is none.
  private func streamedOutcome(
    of update: Int64, after count: Int, in world: World
  ) throws -> StepOutcome {
    let all = world.telegram.state.value.messages.filter { $0.chatID == Self.user }
    let messages = all.dropFirst(count)
    let unfinished = messages.filter { $0.text.hasSuffix(" ▌") }
    #expect(unfinished.count == (step == .previewShown ? 1 : 0))
    for one in unfinished {
      let button = one.replyMarkup?["inline_keyboard"]?.array?.first?.array?.first
      #expect(button?["callback_data"] == .string("stop:\(update)"))
    }
    let replies = messages.filter { !$0.text.hasSuffix(" ▌") }
    let calls = try world.usage(ofUpdate: update)
    let reply = try #require(replies.first).text
    return StepOutcome(
      reply: try #require(StepOutcome.Reply(text: reply)), copies: replies.count,
      charged: calls.filter { $0.chargedTo == "user" },
      lost: calls.filter { $0.chargedTo == "house" })
  }
}
