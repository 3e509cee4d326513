import Bot
import Commands
import Foundation
import GRDB
import HTTPTransport
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// What belongs to no chat: answers to presses and payments, and orders to Telegram.
@Suite("Answers to queries")
final class QueryAnswerTests {
  let rig: BotRig
  let fake: FakeTelegram
  private let outbox = Outbox(channel: .telegram)
  /// The rig's; however slow the machine is, nothing grows old meanwhile.
  private let database: LedgerDatabase

  init() throws {
    rig = try BotRig()
    var database = rig.database
    // Whole seconds, as the file keeps no parts of a millisecond.
    let now = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))
    database.clock = { now }
    self.database = database
    fake = try FakeTelegram()
  }

  /// - Parameter sleep: As the rig's, if it is not given: it waits for nothing.
  private func delivery(
    _ rates: OutboxDelivery.Rates? = nil, sleep: (@Sendable (Duration) async -> Void)? = nil
  ) -> OutboxDelivery {
    OutboxDelivery(
      outbox: outbox,
      client: .patient(with: fake),
      writer: LedgerWriter(
        database: database, sleep: sleep ?? { [rig] in await rig.writer.sleep($0) }),
      rates: rates ?? rig.settings.sendRates, ended: { _, _, _ in false },
      wakeUps: AsyncStream { $0.finish() })
  }

  private func queue(_ requests: BotRequest..., after age: TimeInterval = 0) throws {
    try database.write(at: database.now - age) { tx in
      try outbox.queue(requests.map { .request($0, chat: nil) }, updateID: 1, in: tx)
    }
  }

  private func queue(_ texts: [String], to chatID: Int64 = 42) throws {
    try database.write { tx in
      for text in texts { try outbox.queue(text, chatID: chatID, updateID: 2, in: tx) }
    }
  }

  private static func press(_ number: Int) throws -> BotRequest {
    try .answerCallbackQuery(id: "press\(number)", text: "Here.")
  }

  private static func payment() throws -> BotRequest {
    try .answerPreCheckoutQuery(id: "payment", ok: true)
  }

  private func states() throws -> [String] { try rig.replies().map(\.state) }

  /// Whatever the fake is asked waits until that is true.
  private func holdBack(_ method: String) -> Watched<Bool> {
    let isOpen = Watched(false)
    fake.onCall { call in
      if call.method == method { _ = isOpen.block(until: { $0 }) }
      return nil
    }
    return isOpen
  }

  @Test func neverOpenMoreConnectionsThanTheyHavePlaces() async throws {
    let isOpen = holdBack("answerCallbackQuery")
    for number in 1...500 { try queue(Self.press(number)) }
    try queue(Self.payment())
    try queue(["quick"])
    let sender = delivery()
    let running = Task { await sender.run() }
    try await fake.state.wait(for: "the payment") {
      $0.calls(of: "answerPreCheckoutQuery").count == 1 && $0.sent(to: 42) == ["quick"]
        && $0.calls(of: "answerCallbackQuery").count >= 16
    }
    #expect(fake.state.value.calls(of: "answerCallbackQuery").count == 16)
    isOpen.change { $0 = true }
    await sender.becomeIdle()
    #expect(fake.state.value.calls(of: "answerCallbackQuery").count == 500)
    running.cancel()
    await running.value
  }

  @Test func areNotSentOnceTelegramHasForgottenTheQuery() async throws {
    for number in 1...40 { try queue(Self.press(number), after: 151) }
    try queue(Self.payment(), after: 151)
    try queue(Self.press(41), Self.payment(), after: 100)
    let sender = delivery()
    let running = Task { await sender.run() }
    await sender.becomeIdle()
    let calls = fake.state.value.calls
    #expect(calls.count == 2)
    #expect(calls.contains { $0.parameters["callback_query_id"] == "press41" })
    #expect(try rig.replies().prefix(41).allSatisfy { $0.failure == "too late" })
    running.cancel()
    await running.value
  }

  /// It waited in the inbox, while the bot was away.
  @Test func areAsOldAsTheirQueries() async throws {
    try await rig.say("/start")
    let updates = [
      ReceivedUpdate.update(rig.nextUpdateID(), "callback_query", .press("credits:x")),
      .update(rig.nextUpdateID(), "message", .message("/help")),
    ]
    try rig.database.write(at: database.now - 151) { tx in
      _ = try rig.engine.inbox.store(updates, nextOffset: nil, in: tx)
    }
    let engine = try rig.restarted()
    try await engine.resume()
    await engine.dispatcher.becomeIdle()
    let sender = delivery()
    let running = Task { await sender.run() }
    await sender.becomeIdle()
    #expect(fake.state.value.calls(of: "answerCallbackQuery").isEmpty)
    #expect(try rig.replies(to: updates[0].id).first?.failure == "too late")
    #expect(try rig.replies(to: updates[1].id).map(\.state) == ["sent"])
    running.cancel()
    await running.value
  }

  /// Else a few of them would keep all places.
  @Test func waitForNoPatienceThatOutlastsTheirQuery() async throws {
    fake.fail("answerCallbackQuery", with: .tooManyRequests(retryAfter: 3_600))
    try queue(Self.press(1))
    let waits = Watched<[Duration]>([])
    let sender = delivery(sleep: { wait in waits.change { $0.append(wait) } })
    let running = Task { await sender.run() }
    await sender.becomeIdle()
    #expect(waits.value.count == 1)
    #expect(try #require(waits.value.first) <= .seconds(150))
    running.cancel()
    await running.value
  }

  /// Stars go back, whenever that is.
  @Test func ordersAreSentHoweverOldTheyAre() async throws {
    try database.write(at: database.now - 10 * .day) { tx in
      try outbox.queue(
        [
          .request(
            .refundStarPayment(userID: 42, chargeID: "charge"), chat: nil, .refund(1))
        ], in: tx)
    }
    let sender = delivery()
    let running = Task { await sender.run() }
    await sender.becomeIdle()
    #expect(fake.state.value.calls(of: "refundStarPayment").count == 1)
    running.cancel()
    await running.value
  }

  @Test func aPersonsPressesAreAnsweredAtAPersonsRate() async throws {
    try await rig.say("/start")
    try await rig.say("/start", from: 43)
    let presses = (1...100).map { _ in
      ReceivedUpdate.update(rig.nextUpdateID(), "callback_query", .press("credits:x"))
    }
    let other = ReceivedUpdate.update(
      rig.nextUpdateID(), "callback_query", .press("credits:x", from: 43))
    try await rig.engine.receive(presses + [other], nextOffset: nil)
    await rig.engine.dispatcher.becomeIdle()
    let answers = try rig.replies().filter { $0.method == "answerCallbackQuery" }
    #expect(answers.count == 21)
    #expect(try rig.replies(to: other.id).count == 2)
    for press in presses { #expect(try rig.inboxState(press.id) == "done") }
    let kept = try rig.database.read {
      try Int.fetchOne($0.db, sql: "SELECT count(*) FROM inbox WHERE payload LIKE '%callback%'")
    }
    #expect(kept == 21)
  }
}

// MARK: - A stop

extension QueryAnswerTests {
  /// However slow the machine is, no further message may be sent while it runs.
  private static let slow = OutboxDelivery.Rates(perSecond: 0, perChatPerSecond: 0.000_1)

  /// Nothing that waits is ever sent.
  private static let forever: @Sendable (Duration) async -> Void = { _ in
    await BotRig.parkedTyping(.ada)
  }

  /// Sends what a stop leaves, in another life of the process.
  private func sendTheRest() async {
    let sender = delivery()
    let running = Task { await sender.run() }
    await sender.becomeIdle()
    running.cancel()
    await running.value
  }

  @Test func aStopWaitsForNoReplyThatHasToWaitForItsRate() async throws {
    let texts = (1...300).map { "message \($0)" }
    try queue(texts)
    let sender = delivery(Self.slow, sleep: Self.forever)
    let running = Task { await sender.run() }
    try await fake.state.wait(for: "the burst") { $0.sent(to: 42).count == 3 }
    try queue(["quick"], to: 43)
    await sender.answerQueries()
    await sender.finish()
    running.cancel()
    await running.value
    #expect(fake.state.value.sent(to: 42) == Array(texts.prefix(3)))
    #expect(fake.state.value.sent(to: 43) == ["quick"])
    #expect(try states().count { $0 == "queued" } == 297)
    await sendTheRest()
    #expect(fake.state.value.sent(to: 42) == texts)
    #expect(try rig.replies().allSatisfy { $0.lostAnswers == 0 })
  }

  @Test(arguments: [FakeTelegramFault.tooManyRequests(retryAfter: 3_600), .htmlBadGateway])
  func aStopWaitsForNoChatWhoseRepliesTelegramDoesNotTake(fault: FakeTelegramFault) async throws {
    fake.fail("sendMessage", with: fault)
    try queue(["one", "two"])
    let sender = delivery(sleep: Self.forever)
    let running = Task { await sender.run() }
    try await fake.state.wait(for: "the refusal") { $0.calls.count == 1 }
    await sender.finish()
    running.cancel()
    await running.value
    #expect(fake.state.value.sent(to: 42) == [])
    await sendTheRest()
    #expect(fake.state.value.sent(to: 42) == ["one", "two"])
  }

  @Test func aStopWaitsForTheAnswerToAQuery() async throws {
    let isOpen = holdBack("answerPreCheckoutQuery")
    try queue(Self.payment())
    let sender = delivery(sleep: Self.forever)
    let running = Task { await sender.run() }
    try await fake.state.wait(for: "the query") { $0.calls.count == 1 }
    let hasEnded = Watched(false)
    let stop = Task {
      await sender.answerQueries()
      hasEnded.change { $0 = true }
    }
    try queue(["quick"], to: 43)
    await sender.load()
    try await fake.state.wait(for: "a reply") { $0.sent(to: 43) == ["quick"] }
    #expect(!hasEnded.value)
    isOpen.change { $0 = true }
    await stop.value
    #expect(try rig.replies()[0].state != "queued")
    running.cancel()
    await running.value
  }
}
