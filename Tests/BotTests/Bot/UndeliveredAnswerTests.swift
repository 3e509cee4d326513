@testable import Bot
import Foundation
import GRDB
import Ledger
@testable import Messaging
import Testing
import TestSupport

@Suite("An answer that is not taken")
final class UndeliveredAnswerTests {
  private static let group: Int64 = -100
  private static let noRights = FakeTelegramFault.badRequest(
    "not enough rights to send text messages to the chat")
  private let bot: DeliveringRig
  private var rig: BotRig { bot.rig }
  private var fake: FakeTelegram { bot.fake }

  init() async throws {
    bot = try DeliveringRig(BotRig())
    try await rig.say("/start")
    await bot.send()
  }

  deinit {
    fake.stop()
  }

  private func ask(_ text: String, inChat chat: Int64? = nil) async throws {
    try await bot.deliver("message", .message(text, chat: chat))
  }

  private func losses() throws -> [String?] { try rig.usage().map { $0["loss_cause"] } }

  /// What user 42 has, in micro-credits, and what of it one question costs.
  private func balance() throws -> Int64 { try rig.account().balance.micro }

  @Test func ofAPersonWhoHasBlockedTheBotStaysChargedAndComesOnceTheyWriteAgain() async throws {
    fake.refuse(.forbiddenBlocked, inChat: 42)
    try await ask("How do I sort?")
    let charged = try balance()
    #expect(charged < 100_000_000)
    #expect(try losses() == [nil])
    #expect(try rig.count("conversation_messages") == 2)
    #expect(try rig.account().isUnreachable)

    fake.refuse(nil, inChat: 42)
    let before = fake.state.value.messages.count
    try await ask("/help")
    let told = fake.state.value.sent(to: 42).suffix(from: before)
    #expect(told.map { String($0.prefix(15)) }.prefix(1) == ["Good to have yo"])
    #expect(told.count == 3 && told.dropFirst().first?.contains("Cost: ") == true)
    #expect(try balance() == charged)
    try await ask("/help")
    #expect(fake.state.value.messages.count == before + 4)
  }

  @Test func comesOnceABlockIsLiftedAndIsKeptAgainByTheNext() async throws {
    fake.refuse(.forbiddenBlocked, inChat: 42)
    try await ask("How do I sort?")
    try await bot.deliver(
      "my_chat_member", .member(from: "kicked", to: "member", chat: 42))
    #expect(try rig.database.read { try kept($0) } == 1)
    fake.refuse(nil, inChat: 42)
    try await bot.deliver(
      "my_chat_member", .member(from: "kicked", to: "member", chat: 42))
    #expect(fake.state.value.sent(to: 42).last?.contains("Cost: ") == true)
    #expect(try rig.database.read { try kept($0) } == 0)
    #expect(try losses() == [nil])
  }

  @Test func isKeptForThirtyDaysAndGoesWithAnErasure() async throws {
    fake.refuse(.forbiddenBlocked, inChat: 42)
    try await ask("How do I sort?")
    for (days, count) in [(29.0, 1), (31.0, 0)] {
      try rig.database.write(at: Date().addingTimeInterval(days * .day)) { tx in
        try rig.engine.outbox.prune(in: tx)
        #expect(try kept(tx) == count)
      }
    }
    try await ask("And how do I search?")
    fake.refuse(nil, inChat: 42)
    try rig.database.write { tx in
      try rig.engine.outbox.forgetKept(for: 42, in: tx)
      #expect(try kept(tx) == 0)
    }
  }

  private func kept(_ tx: LedgerTransaction) throws -> Int? {
    try Int.fetchOne(tx.db, sql: "SELECT count(*) FROM outbox WHERE is_kept = 1")
  }

  /// Other replies are not kept: nobody has paid for them.
  @Test func isKeptOnlyIfItIsPaidFor() async throws {
    fake.refuse(.forbiddenBlocked, inChat: 42)
    try await ask("/help")
    #expect(try rig.database.read { try kept($0) } == 0)
  }

  @Test(arguments: [
    FakeTelegramFault.badRequest("chat not found"),
    .reply(.telegramError(403, "Forbidden: user is deactivated")),
  ])
  func thatNobodyCanTakeIsGivenBackAndCounts(fault: FakeTelegramFault) async throws {
    fake.refuse(fault, inChat: 42)
    try await ask("How do I sort?")
    #expect(try balance() == 100_000_000)
    #expect(try losses() == ["undelivered"])
    #expect(try rig.count("conversation_messages") == 0)
    let counted = try rig.database.read {
      try $0.usage.houseLoss(ofUser: 1, since: .distantPast)
    }
    #expect(counted > .zero)
  }

  @Test func thatWasAskedForByAPressIsGivenBackToo() async throws {
    let id = try await bot.deliver("message", .message("How do I sort?"))
    let before = try balance()
    fake.refuse(.badRequest("chat not found"), inChat: 42)
    try await bot.deliver("callback_query", .press("anew:\(id)"))
    #expect(rig.gemini.paidCalls.count == 2)
    #expect(try balance() == before)
    #expect(try losses() == [nil, "undelivered"])
  }

  /// Each costs 0.1 USD here, and the house bears 0.50 of a person in a day.
  @Test func isNotGivenBackWithoutEnd() async throws {
    rig.gemini.answer.change { $0.inputTokens = 333_333 }
    fake.refuse(.badRequest("chat not found"), inChat: 42)
    for _ in 1...8 { try await ask("How do I sort?") }
    #expect(rig.gemini.paidCalls.count == 5)
    #expect(try balance() == 100_000_000)
  }

  @Test func thatAGroupRefusesGoesToTheAskerAndStaysCharged() async throws {
    fake.refuse(Self.noRights, inChat: Self.group)
    try await ask("/plan@devbot n", inChat: Self.group)
    let told = fake.state.value.sent(to: 42)
    #expect(told.dropLast().last?.hasPrefix("I could not write in the group") == true)
    #expect(told.last?.contains("Cost: ") == true)
    #expect(try balance() < 100_000_000)
    #expect(try losses() == [nil])
  }

  @Test func thatAGroupAndItsAskerRefuseIsKeptOrGivenBack() async throws {
    fake.refuse(Self.noRights, inChat: Self.group)
    fake.refuse(.badRequest("chat not found"), inChat: 42)
    try await ask("/plan@devbot n", inChat: Self.group)
    #expect(try balance() == 100_000_000)
    #expect(try losses() == ["undelivered"])
    fake.refuse(.forbiddenBlocked, inChat: 42)
    try await ask("/plan@devbot n", inChat: -200)
    #expect(try balance() < 100_000_000)
  }

  /// As 20 questions in one group were once: 20 calls, and nothing paid.
  @Test func bringsNoMorePaidCallsForAGroupThatRefuses() async throws {
    fake.refuse(Self.noRights, inChat: Self.group)
    for _ in 1...20 { try await ask("/plan@devbot n", inChat: Self.group) }
    #expect(rig.gemini.paidCalls.count == 1)
    let refusals = fake.state.value.sent(to: 42).filter {
      $0.hasPrefix("I am not allowed to write in that group, so I start nothing there.")
    }
    #expect(refusals.count == 19)
    // Each was tried in the group first.
    let tries = fake.state.value.calls(of: "sendMessage")
      .count { $0.parameters["chat_id"]?.integer == Self.group }
    #expect(tries == 20)
  }

  @Test(arguments: ["a message that is taken", "a change of rights", "an hour"])
  func beginsAgainInAGroupAfter(what: String) async throws {
    fake.refuse(Self.noRights, inChat: Self.group)
    try await ask("/plan@devbot n", inChat: Self.group)
    fake.refuse(nil, inChat: Self.group)
    switch what {
    case "a message that is taken": try await ask("/help@devbot", inChat: Self.group)
    case "a change of rights":
      try await bot.deliver(
        "my_chat_member", .member(from: "restricted", to: "member", chat: Self.group))
    default: try rig.execute("UPDATE refusing_chats SET refused_at = '2020-01-01 00:00:00.000'")
    }
    try await ask("/plan@devbot n", inChat: Self.group)
    #expect(rig.gemini.paidCalls.count == 2)
    #expect(fake.state.value.sent(to: Self.group).last?.contains("Cost: ") == true)
  }

  @Test func bringsBackTheTaskListThatItReplaced() async throws {
    rig.gemini.answer.change { $0.text = "- [ ] first" }
    try await ask("/new Shop")
    try await ask("/plan a shop")
    rig.gemini.answer.change { $0.text = "- [ ] second" }
    fake.refuse(.badRequest("chat not found"), inChat: 42)
    try await ask("/plan another shop")
    let list = try rig.database.read {
      try String.fetchOne($0.db, sql: "SELECT current_todo_markdown FROM projects")
    }
    #expect(list == "- [ ] first")
    #expect(try rig.count("conversation_messages") == 2)
  }
}
