@testable import Bot
import Commands
import Foundation
import HTTPTransport
import LanguageModels
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// Messages that wait for the answer to an earlier one are seen.
@Suite("A message that waits")
struct WaitingMessagesTests {
  let rig: BotRig
  /// Paid calls wait until it is true.
  let isOpen = Watched(false)

  init() throws {
    rig = try BotRig()
    rig.gemini.onCall { [isOpen] request in
      if request.path.hasSuffix(":streamGenerateContent") {
        _ = isOpen.block { $0 }
      }
      return nil
    }
  }

  private func message(
    _ text: String, _ id: Int64, from user: Int64 = 42, chat: Int64? = nil
  ) -> ReceivedUpdate {
    .update(
      rig.nextUpdateID(), "message",
      .message(text, from: user, chat: chat, adding: ["message_id": .integer(id)]))
  }

  @Test func behindACallIsToldOnArrival() async throws {
    let seen = Watched<[Int64]>([])
    let engine = try Engine(
      channel: .telegram, bot: .bot, writer: rig.writer, llm: rig.llm, settings: rig.settings,
      workshop: .closed,
      effects: Engine.Effects(
        typing: BotRig.parkedTyping,
        waits: { message in seen.change { $0.append(message.messageID) } }))
    try await engine.receive(
      [message("/start", 1), message("/start", 2, from: 43)], nextOffset: nil)
    await engine.dispatcher.becomeIdle()
    // Those of a batch, once the first of them is asked; what only reads waits for nothing.
    try await engine.receive(
      [message("One?", 10), message("Two?", 11), message("/status", 12), message("/new Shop", 13)],
      nextOffset: nil)
    try await rig.gemini.requests.wait(for: "the call") { $0.count == 1 }
    try await seen.wait(for: "two that wait") { $0.count == 2 }
    try await engine.receive(
      [
        message("/credits", 14), message("Three?", 15),
        message("Others talk.", 16, chat: -100), message("@devbot four?", 17, chat: -100),
        message("Mine?", 18, from: 43),
      ], nextOffset: nil)
    try await rig.gemini.requests.wait(for: "the other person's call") { $0.count == 2 }
    #expect(seen.value == [11, 13, 15, 17])
    isOpen.change { $0 = true }
    await engine.dispatcher.becomeIdle()
    #expect(rig.gemini.paidCalls.count == 5)
  }

  @Test func hasEyesUnderIt() async throws {
    let fake = try FakeTelegram()
    defer { fake.stop() }
    let bot = TelegramBot(
      client: .patient(with: fake),
      database: rig.database, llm: rig.llm, settings: rig.settings, workshop: .closed,
      logger: .silent)
    let isOver = Watched(false)
    let running = Task {
      try await bot.run {
        _ = try? await isOver.wait(for: "the end", within: .seconds(3_600)) { $0 }
      }
    }
    fake.message("/start", from: 42)
    fake.message("One?", from: 42)
    try await rig.gemini.requests.wait(for: "the call") { $0.count == 1 }
    fake.message("Two?", from: 42)
    try await fake.state.wait(for: "the eyes") { !$0.calls(of: "setMessageReaction").isEmpty }
    let call = try #require(fake.state.value.calls(of: "setMessageReaction").first)
    #expect(call.parameters["chat_id"] == 42)
    #expect(call.parameters["reaction"] == [["type": "emoji", "emoji": "👀"]])
    isOpen.change { $0 = true }
    try await fake.state.wait(for: "both answers") { $0.messages.count == 3 }
    isOver.change { $0 = true }
    try await running.value
    #expect(fake.state.value.violations == [])
  }
}

/// What goes past the outbox gives way to what is in it.
@Suite("A hint")
struct HintTests {
  let rig: BotRig
  let fake: FakeTelegram

  init() throws {
    rig = try BotRig()
    fake = try FakeTelegram()
  }

  private func delivery(perChatPerSecond: Double = 0) -> OutboxDelivery {
    OutboxDelivery(
      outbox: rig.engine.outbox,
      client: .patient(with: fake),
      writer: rig.writer,
      rates: OutboxDelivery.Rates(perSecond: 0, perChatPerSecond: perChatPerSecond),
      ended: { _, _, _ in false }, wakeUps: AsyncStream { _ in })
  }

  private static let eyes = BotRequest.setMessageReaction(chatID: 42, messageID: 7, emoji: "👀")

  @Test func leavesAPlaceForTheNextReply() async throws {
    let delivery = delivery(perChatPerSecond: 0.000_1)
    #expect(await delivery.sendHint(Self.eyes, inChat: 42))
    #expect(await delivery.sendHint(Self.eyes, inChat: 42))
    #expect(await !delivery.sendHint(Self.eyes, inChat: 42))
    #expect(await delivery.sendHint(Self.eyes, inChat: 43))
    try await rig.say("/start")
    let sending = Task { await delivery.run() }
    await delivery.becomeIdle()
    sending.cancel()
    #expect(rig.waits.value.isEmpty)
    #expect(fake.state.value.messages.count == 1)
    #expect(fake.state.value.violations == [])
  }

  @Test func isNotTriedAgainWhereTelegramRefusesIt() async throws {
    let delivery = delivery()
    fake.fail(
      "setMessageReaction", with: .badRequest("REACTION_INVALID"),
      .tooManyRequests(retryAfter: 3_600))
    #expect(await delivery.sendHint(Self.eyes, inChat: 42))
    #expect(await delivery.sendHint(Self.eyes, inChat: 42))
    #expect(await !delivery.sendHint(Self.eyes, inChat: 42))
    // That is nothing to a reply.
    try await rig.say("/start")
    let sending = Task { await delivery.run() }
    await delivery.becomeIdle()
    sending.cancel()
    #expect(fake.state.value.messages.count == 1)
  }
}
