import Bot
import Commands
import HTTPTransport
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

@Suite("A reply that is withdrawn")
struct WithdrawnReplyTests {
  /// Both replies are in memory, and wait, when their rows go.
  @Test func isNotSent() async throws {
    let (rig, fake) = (try BotRig(), try FakeTelegram())
    let isErased = Watched(false)
    let outbox = rig.engine.outbox
    let sender = OutboxDelivery(
      outbox: outbox,
      client: .patient(with: fake),
      writer: LedgerWriter(database: rig.database) { _ in
        _ = try? await isErased.wait(for: "the erasure") { $0 }
      }, rates: rig.settings.sendRates, ended: { _, _, _ in false }, wakeUps: AsyncStream { _ in })
    fake.refuse(.tooManyRequests(retryAfter: 1), inChat: 42)
    try rig.database.write { tx in
      try outbox.queue(
        [
          .message(Reply("one"), to: 42), .message(Reply("two"), to: 42),
          .message(Reply("other"), to: 43),
        ], in: tx)
    }
    let running = Task { await sender.run() }
    try await fake.state.wait(for: "the refusal") { state in
      state.calls.contains { $0.parameters["chat_id"] == 42 }
    }
    _ = try rig.database.write { tx in
      try MessageErasure(outbox, in: tx).erase(ofPerson: 42, askedBy: nil)
    }
    fake.refuse(nil, inChat: 42)
    isErased.change { $0 = true }
    await sender.becomeIdle()
    running.cancel()
    await running.value
    #expect(fake.state.value.messages.map(\.text) == ["other"])
    #expect(try rig.replies().map(\.chatID) == [43])
    fake.stop()
  }
}
