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
    let slow = Watched<SlowAnswer?>(nil)
    world.onCall(of: .gemini) { _ in slow.value?.reply }
    var update: Int64 = 0
    for life in 1...lives {
      let answer = SlowAnswer()
      slow.change { $0 = answer }
      answer.say("Hello from")
      let edits = Self.edits(world.telegram.state.value)
      let armed = try world.start(["run"], changing: order)
      if life == 1 { update = world.telegram.message(Seller.gemini.question, from: Self.user) }
      try await grow(answer, of: update, after: edits, isFirst: life == 1, in: world)
      #expect(try await armed.waitForExit().status == -SIGKILL)
    }
    slow.change { $0 = nil }

    let updates = before + 1 + (step == .stopped ? lives : 0)
    let changes = ["ANSWERS_STREAMING": "edits"]
    let last = try await world.startDaemon(changing: changes)
    try await world.waitUntilDone(updates: updates)
    try await world.stop(last)
    return try streamedOutcome(of: update, after: replies, in: world)
  }

  private var lives: Int { kill == .twoLives ? 2 : 1 }

  private static func edits(_ state: FakeTelegramState) -> Int {
    state.calls(of: "editMessageText").count
  }

  /// Goes on until the step. In a second life, the first frame edits the message of the first.
  private func grow(
    _ answer: SlowAnswer, of update: Int64, after edits: Int, isFirst: Bool, in world: World
  ) async throws {
    guard step != .previewSending, step != .previewShown else { return }
    guard isFirst || step != .previewGrown else { return }
    try await world.telegram.state.wait(for: "the first words") { state in
      isFirst ? state.sent(to: Self.user).last == "Hello from ▌" : Self.edits(state) > edits
    }
    if step == .stopped {
      world.telegram.callback("stop:\(update)", from: Self.user)
    } else {
      answer.say(" the fake")
    }
    guard step == .replyQueued else { return }
    try await world.telegram.state.wait(for: "more words") { state in
      state.sent(to: Self.user).last == "Hello from the fake ▌"
    }
    answer.end(" model.")
  }

  /// What the person sees at the end is one answer. Of a preview whose id was never known, they see
  /// that it is none.
  private func streamedOutcome(
    of update: Int64, after count: Int, in world: World
  ) throws -> StepOutcome {
    let all = world.telegram.state.value.messages.filter { $0.chatID == Self.user }
    let messages = all.dropFirst(count)
    let unfinished = messages.filter { $0.text.hasSuffix(" ▌") }
    #expect(unfinished.count == (step == .previewShown ? lives : 0))
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
