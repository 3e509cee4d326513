import Testing
import TestSupport

/// What a process that is killed leaves of an answer that grows, the next one finds.
@Suite("A growing answer whose process is killed")
struct KilledPreviewTests {
  /// Asks, waits until the first words are seen and the daemon knows of so many messages with them,
  /// and kills it. Returns the update.
  private func kill(
    _ world: World, _ streaming: [String: String?], saying words: String, messages: Int,
    once isSeen: @escaping @Sendable (FakeTelegramState) -> Bool
  ) async throws -> Int64 {
    let answer = SlowAnswer()
    world.gemini.replyNext(answer.reply)
    let daemon = try await world.startDaemon(changing: streaming)
    try await world.openAccount()
    try world.keepYoung()
    answer.say(words)
    let update = world.telegram.message(Seller.gemini.question, from: 42)
    try await world.telegram.state.wait(for: "the first words", until: isSeen)
    try await world.wait(
      for: "their ids",
      untilThereIs: """
        SELECT count(*) = \(messages) AND count(message_id) = count(*) FROM previews
        """)
    try await world.kill(daemon)
    answer.breakOff()
    return update
  }

  private func waitForEnd(of update: Int64, in world: World) async throws {
    try await world.wait(
      for: "the end",
      untilThereIs: """
        SELECT EXISTS (SELECT 1 FROM inbox WHERE update_id = \(update) AND state <> 'pending')
          AND NOT EXISTS (SELECT 1 FROM outbox WHERE state <> 'sent')
        """)
  }

  @Test func isAnApologyWhereItsUpdateMayHaveEndedTheProcess() async throws {
    try await World.run { world in
      let streaming = ["ANSWERS_STREAMING": "edits"]
      let words = String(repeating: "word ", count: 900)
      let update = try await kill(world, streaming, saying: words, messages: 2) { state in
        state.sent(to: 42).count { $0.hasPrefix("word") } == 2
      }
      try world.damage("UPDATE inbox SET is_tried_alone = 1 WHERE update_id = \(update)")
      let next = try await world.startDaemon(changing: streaming)
      try await waitForEnd(of: update, in: world)
      let messages = world.telegram.state.value.sent(to: 42).dropFirst()
      #expect(messages.count == 1)
      #expect(messages.first?.hasPrefix("Something went wrong on my side") == true)
      #expect(
        try world.number("SELECT count(*) FROM inbox WHERE state = 'quarantined'") == 1)
      #expect(try world.usage(ofUpdate: update).map(\.chargedTo) == ["house"])
      #expect(try world.balance() == 100_000_000)
      #expect(world.callCount(.gemini) == 1)
      try await world.stop(next)
      try await world.expectNothingLeft()
    }
  }

  @Test func comesWholeAfterADraft() async throws {
    try await World.run { world in
      let streaming = ["ANSWERS_STREAMING": "drafts"]
      let update = try await kill(world, streaming, saying: "Hello from", messages: 0) { state in
        state.drafts[42]?.values.first == "Hello from ▌"
      }
      #expect(try world.number("SELECT count(*) FROM previews") == 0)
      let next = try await world.startDaemon(changing: streaming)
      try await waitForEnd(of: update, in: world)
      let state = world.telegram.state.value
      #expect(state.sent(to: 42).count == 2)
      #expect(state.sent(to: 42).last?.hasPrefix("Hello from the fake model.") == true)
      #expect(state.drafts[42] == nil)
      #expect(try world.usage(ofUpdate: update).map(\.chargedTo) == ["house", "user"])
      #expect(try world.balance() == 100_000_000 - Seller.gemini.charge)
      try await world.stop(next)
      try await world.expectNothingLeft()
    }
  }
}
