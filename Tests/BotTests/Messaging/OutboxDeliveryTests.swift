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

@Suite("OutboxDelivery")
final class OutboxDeliveryTests {
  let rig: BotRig
  let fake: FakeTelegram
  let sender: OutboxDelivery
  private let outbox = Outbox(channel: .telegram)
  /// The updates whose answers reached nobody.
  private let undelivered = Watched<[Int64]>([])
  private let wake: AsyncStream<Void>.Continuation
  private lazy var running = Task { [sender] in await sender.run() }

  init() throws {
    rig = try BotRig()
    fake = try FakeTelegram()
    let undelivered = undelivered
    let (wakeUps, wake) = AsyncStream<Void>.makeStream()
    self.wake = wake
    sender = OutboxDelivery(
      outbox: outbox,
      client: .patient(with: fake),
      writer: rig.writer, rates: rig.settings.sendRates,
      ended: { reply, _, tx in
        guard let updateID = reply.updateID,
          try Outbox(channel: .telegram).reachedNobody(updateID, in: tx)
        else { return false }
        undelivered.change { $0.append(updateID) }
        return false
      }, wakeUps: wakeUps)
  }

  private func queue(
    _ texts: String..., to chatID: Int64 = 42, threadID: Int64? = nil, at date: Date = Date()
  ) throws {
    try rig.database.write(at: date) { tx in
      for text in texts {
        try outbox.queue(text, chatID: chatID, threadID: threadID, updateID: 1, in: tx)
      }
    }
  }

  private func start() { _ = running }

  /// Sends everything, and stops the fake: nothing follows.
  private func send() async {
    start()
    await sender.becomeIdle()
    await stop()
    #expect(fake.state.value.violations.isEmpty)
  }

  private func stop() async {
    running.cancel()
    await running.value
    fake.stop()
  }

  private func sent(to chatID: Int64 = 42) -> [String] { fake.state.value.sent(to: chatID) }

  private var states: [String] { get throws { try rig.replies().map(\.state) } }

  @Test func keepsTheOrderWithinAChat() async throws {
    let texts = (1...30).map { "message \($0)" }
    for text in texts {
      try queue(text)
      try queue(text, to: 43)
    }
    await send()
    #expect(sent() == texts && sent(to: 43) == texts)
    #expect(try states == Array(repeating: "sent", count: 60))
    let ids = try rig.database.read {
      try Int64.fetchAll($0.db, sql: "SELECT message_id FROM outbox")
    }
    #expect(Set(ids).count == 60)
  }

  @Test func waitsAsLongAsTelegramAsksAndThenDeliversOnce() async throws {
    fake.fail("sendMessage", with: .tooManyRequests(retryAfter: 7))
    try queue("one", "two")
    await send()
    #expect(sent() == ["one", "two"])
    #expect(rig.waits.value.first == .seconds(7))
    #expect(try rig.replies().map(\.lostAnswers) == [0, 0])
  }

  @Test(arguments: [(FakeTelegramFault.htmlBadGateway, 0), (.reset, 2)])
  func deliversInTheEndWhereTelegramFails(fault: FakeTelegramFault, lost: Int) async throws {
    fake.fail("sendMessage", with: fault, fault)
    try queue("one", "two")
    await send()
    #expect(sent() == ["one", "two"])
    #expect(try rig.replies().map(\.lostAnswers) == [lost, 0])
    #expect(rig.waits.value.count == 2)
    #expect(try states == ["sent", "sent"])
  }

  @Test func copiesAMessageAndLearnsTheIDOfTheCopy() async throws {
    try rig.database.write { tx in
      let copy = BotRequest.copyMessage(7, from: 1, to: 42)
      try outbox.queue([.request(copy, chat: 42, .supportRequest(1))], in: tx)
    }
    await send()
    let copy = try #require(fake.state.value.copies.first)
    #expect(copy.messageID == 7 && copy.source == 1 && copy.chatID == 42)
    let known = try rig.database.read {
      try Int64.fetchOne($0.db, sql: "SELECT message_id FROM outbox")
    }
    #expect(known == copy.id)
  }

  @Test func looksAgainWhereTheOutboxCouldNotBeRead() async throws {
    try queue("one")
    try rig.execute("ALTER TABLE outbox RENAME TO hidden")
    start()
    try await rig.waits.wait(for: "a failure") { !$0.isEmpty }
    try rig.execute("ALTER TABLE hidden RENAME TO outbox")
    try await fake.state.wait(for: "the message") { !$0.sent(to: 42).isEmpty }
    await send()
    #expect(sent() == ["one"])
  }

  /// A repeated answer is better than a lost one.
  @Test(arguments: [FakeTelegramFault.loseAnswer, .truncated])
  func sendsAgainWhereTheAnswerIsLost(fault: FakeTelegramFault) async throws {
    fake.fail("sendMessage", with: fault)
    try queue("one", "two")
    await send()
    #expect(sent() == ["one", "one", "two"])
    #expect(try rig.replies().map(\.lostAnswers) == [1, 0])
  }

  @Test func makesNoMoreThanTenCopies() async throws {
    for _ in 0..<20 { fake.fail("sendMessage", with: .loseAnswer) }
    try queue("one")
    await send()
    #expect(sent().count == 11)
    #expect(try states == ["failed"])
    #expect(undelivered.value.isEmpty, "it has probably been read")
  }

  @Test func reportsAnAnswerOnlyWhereNoPartOfItReachedAnybody() async throws {
    fake.fail("sendMessage", with: .badRequest("chat not found"))
    try queue("first part", "second part")
    start()
    await sender.becomeIdle()
    #expect(try states == ["failed", "sent"])
    #expect(undelivered.value.isEmpty)
    fake.fail("sendMessage", with: .forbiddenBlocked, .forbiddenBlocked)
    try rig.database.write { tx in
      for text in ["lost", "lost too"] {
        try outbox.queue(text, chatID: 42, updateID: 2, in: tx)
      }
    }
    await send()
    #expect(Set(undelivered.value) == [2])
  }

  @Test(arguments: [FakeTelegramFault.forbiddenBlocked, .badRequest("chat not found")])
  func givesUpWhatTelegramRefusesAndGoesOn(fault: FakeTelegramFault) async throws {
    fake.fail("sendMessage", with: fault)
    try queue("one", "two")
    await send()
    #expect(sent() == ["two"])
    #expect(try states == ["failed", "sent"])
    #expect(try rig.replies().first?.failure?.isEmpty == false)
    #expect(rig.waits.value.isEmpty)
  }

  @Test func followsAGroupToItsNewID() async throws {
    fake.fail("sendMessage", with: .migrated(to: -100))
    try queue("one", "two", to: -5)
    await send()
    #expect(sent(to: -100) == ["one", "two"] && sent(to: -5) == [])
    #expect(try rig.replies().map(\.chatID) == [-100, -100])
    #expect(try states == ["sent", "sent"])
  }

  @Test func followsAGroupToItsNewIDWithAllThatWaits() async throws {
    let texts = (1...700).map { "message \($0)" }
    fake.fail("sendMessage", with: .migrated(to: -100))
    for text in texts { try queue(text, to: -5) }
    await send()
    #expect(sent(to: -100) == texts && sent(to: -5) == [])
  }

  @Test func sendsToTheChatItselfWhereTheTopicIsGone() async throws {
    fake.fail("sendMessage", with: .badRequest("message thread not found"))
    try queue("one", to: -100, threadID: 5)
    await send()
    #expect(sent(to: -100) == ["one"])
    #expect(fake.state.value.messages.first?.parameters["message_thread_id"] == nil)
    #expect(try states == ["sent"])
  }

  @Test func takesAnEditThatChangesNothingForDone() async throws {
    fake.fail("editMessageText", with: .badRequest("message is not modified: exactly the same"))
    try rig.database.write { tx in
      try outbox.edit(8, inChat: 42, to: Reply("same"), updateID: 1, in: tx)
    }
    await send()
    #expect(try states == ["sent"])
  }

  @Test func triesOnceWhatNobodyWaitsForAnyMore() async throws {
    fake.fail("sendMessage", with: .reset)
    try queue("old", at: Date().addingTimeInterval(-25 * 3_600))
    try queue("new")
    await send()
    #expect(sent() == ["new"])
    #expect(try states == ["failed", "sent"])
  }

  @Test func letsNoChatWaitForAnother() async throws {
    let isOpen = Watched(false)
    fake.fail("sendMessage", with: .reply(.written { _ in _ = isOpen.block(until: { $0 }) }))
    try queue("slow")
    start()
    try await fake.state.wait(for: "the slow one") { $0.calls.count == 1 }
    try queue("quick", to: 43)
    wake.yield()
    try await fake.state.wait(for: "the quick one") { $0.sent(to: 43) == ["quick"] }
    #expect(sent() == [])
    isOpen.change { $0 = true }
    await send()
    #expect(sent() == ["slow"])
  }

  @Test func leavesQueuedWhatIsUnderWayAtItsEnd() async throws {
    fake.fail("sendMessage", with: .hang)
    try queue("one", "two")
    start()
    try await fake.state.wait(for: "the first one") { $0.calls.count == 1 }
    await stop()
    #expect(fake.state.value.calls.count == 1)
    #expect(try states == ["queued", "queued"])
    #expect(try rig.replies().map(\.lostAnswers) == [1, 0])
  }

  @Test func answersAPaymentHoweverManySendsHang() async throws {
    let isOpen = Watched(false)
    fake.onCall { call in
      guard call.method == "sendMessage" else { return nil }
      _ = isOpen.block(until: { $0 })
      return nil
    }
    for chat in 1...40 as ClosedRange<Int64> { try queue("slow", to: chat) }
    // So young that it does not grow too old on a slow machine.
    try rig.database.write(at: Date() + 3_600) { tx in
      let answer = try BotRequest.answerPreCheckoutQuery(id: "query", ok: true)
      try outbox.queue([.request(answer, chat: nil)], updateID: 2, in: tx)
    }
    start()
    try await fake.state.wait(for: "the answer") {
      $0.calls(of: "answerPreCheckoutQuery").count == 1
    }
    #expect(fake.state.value.messages.isEmpty)
    isOpen.change { $0 = true }
    await send()
    #expect(fake.state.value.messages.count == 40)
  }

  @Test func letsNoChatThatFloodsHoldUpOthers() async throws {
    let isOpen = Watched(false)
    fake.fail("sendMessage", with: .reply(.written { _ in _ = isOpen.block(until: { $0 }) }))
    try queue("first")
    try rig.execute(
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
      INSERT INTO outbox (update_id, channel, chat_id, text, created_at)
      SELECT 1, 'telegram', 42, text, created_at FROM n, outbox WHERE outbox.id = 1
      """)
    try queue("quick", to: 43)
    start()
    try await fake.state.wait(for: "the quick one") { $0.sent(to: 43) == ["quick"] }
    isOpen.change { $0 = true }
    await stop()
  }

  @Test func sendsAllThatAChatHasWaitingOnceAndInOrder() async throws {
    let texts = (1...1_100).map { "message \($0)" }
    for (index, text) in texts.enumerated() {
      try queue(text)
      if index % 100 == 0 { try queue(text, to: 43) }
    }
    start()
    await sender.becomeIdle()
    try queue("one more")
    wake.yield()
    try await fake.state.wait(for: "one more") { $0.sent(to: 42).last == "one more" }
    await send()
    #expect(sent() == texts + ["one more"])
    #expect(sent(to: 43).count == 11)
  }

  @Test func sendsALongAnswerInPartsThatTelegramTakes() async throws {
    let answer = (1...400).map { "\($0). Größe 🏪 matters, and so does order." }
      .joined(separator: "\n")
    rig.gemini.answer.change { $0.text = answer }
    try await rig.say("/start")
    try await rig.say("How do I sort?")
    await send()
    let parts = Array(sent().dropFirst())
    #expect(parts.count > 3)
    #expect(parts.allSatisfy { $0.utf16.count <= 4_096 })
    let whole = answer + "\n\nCost: 0.2325 credits · Left: 99.7675 credits"
    #expect(parts.joined().filter { !$0.isWhitespace } == whole.filter { !$0.isWhitespace })
  }

  @Test func sendsWhatTheBotReallyWrites() async throws {
    let fromUpdates = [
      "/start", "/help", "/new Shop", "/new Shelf", "/projects", "/status", "/credits", "/plan x",
      "/fly",
    ]
    for text in fromUpdates { try await rig.say(text) }
    let id = try await rig.deliver(
      "message",
      .message(
        "@devbot how?", chat: -100, adding: ["message_thread_id": 5, "is_topic_message": true]))
    await rig.engine.dispatcher.becomeIdle()
    await send()
    #expect(try states.allSatisfy { $0 == "sent" })
    #expect(sent().count == fromUpdates.count)
    let inGroup = try #require(fake.state.value.messages.first { $0.chatID == -100 })
    #expect(inGroup.text == (try rig.texts(of: id).first))
    #expect(inGroup.parameters["message_thread_id"] == 5)
    #expect(inGroup.parameters["reply_parameters"]?["message_id"] == 7)
  }
}

@Suite("SendRate")
struct SendRateTests {
  private let start = ContinuousClock.now

  @Test func letsABurstPassAndSpacesWhatFollows() {
    var rate = SendRate(perSecond: 2, burst: 3)
    let waits = (0..<6).map { _ in rate.take(at: start) }
    #expect(
      waits == [.zero, .zero, .zero, .milliseconds(500), .seconds(1), .milliseconds(1_500)])
  }

  @Test func gainsAPlaceEachInterval() {
    var rate = SendRate(perSecond: 2, burst: 1)
    #expect(rate.take(at: start) == .zero)
    #expect(rate.take(at: start + .milliseconds(200)) == .milliseconds(300))
    #expect(rate.take(at: start + .seconds(10)) == .zero)
  }

  @Test func isFreshAgainOnceItIsIdle() {
    var rate = SendRate(perSecond: 2, burst: 2)
    #expect(rate.isFresh(at: start))
    _ = rate.take(at: start)
    #expect(!rate.isFresh(at: start + .milliseconds(499)))
    #expect(rate.isFresh(at: start + .milliseconds(500)))
  }

  @Test(arguments: [0.0, -1])
  func hasNoLimitAtZero(perSecond: Double) {
    var rate = SendRate(perSecond: perSecond, burst: 0)
    for _ in 0..<1_000 { #expect(rate.take(at: start) == .zero) }
    #expect(rate.isFresh(at: start))
  }

  @Test func takesABurstBelowOneForOne() {
    var rate = SendRate(perSecond: 0.5, burst: 0)
    #expect(rate.take(at: start) == .zero)
    #expect(rate.take(at: start) == .seconds(2))
  }
}
