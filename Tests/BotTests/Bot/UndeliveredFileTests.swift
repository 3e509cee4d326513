@testable import Bot
import Commands
import Foundation
import GRDB
import Ledger
@testable import Messaging
import Testing
import TestSupport

/// What of an answer comes as a file, where the chat does not take that.
@Suite("A file that is not taken")
final class UndeliveredFileTests {
  private static let group: Int64 = -100
  private let bot: DeliveringRig
  private var rig: BotRig { bot.rig }
  private var fake: FakeTelegram { bot.fake }

  init() async throws {
    bot = try DeliveringRig(BotRig())
    try await bot.deliver("message", .message("/start"))
  }

  deinit {
    fake.stop()
  }

  /// More than one message of code, or more than five of text.
  private static let code =
    "Put this into `run.py`:\n```python\n"
    + (0..<300).map { "line number \($0)\n" }.joined() + "```"
  private static let long = (1...3_000).map { "Line \($0)." }.joined(separator: "\n")

  private func ask(_ text: String, for answer: String, inChat chat: Int64? = nil) async throws {
    rig.gemini.answer.change { $0.text = answer }
    try await bot.deliver("message", .message(text, chat: chat))
  }

  private func refuseFiles(_ fault: FakeTelegramFault, inChat chat: Int64) {
    fake.onCall { call in
      let isThere = call.parameters["chat_id"]?.integer == chat
      return call.method == "sendDocument" && isThere ? fault : nil
    }
  }

  private func sent(to chat: Int64) -> [String] { fake.state.value.sent(to: chat) }

  @Test(arguments: [
    "not enough rights to send documents to the chat", "CHAT_SEND_DOCS_FORBIDDEN",
    "not enough rights to send files to the chat", "CHAT_RESTRICTED",
  ])
  func byAGroupGoesToTheAskerBesideTheMessages(words: String) async throws {
    for answer in [Self.code, Self.long] {
      let (before, files) = (sent(to: Self.group).count, fake.state.value.documents.count)
      let told = sent(to: 42).count
      refuseFiles(.badRequest(words), inChat: Self.group)
      try await ask("/plan@devbot n", for: answer, inChat: Self.group)
      // The messages are where they were asked for, once each.
      #expect(sent(to: Self.group).count == before + 3)
      #expect(sent(to: Self.group).last?.contains("Cost: ") == true)
      #expect(
        sent(to: 42).dropFirst(told) == [
          "I may not send files in the group where you asked me, so here is the one from my answer."
        ])
      let new = fake.state.value.documents.dropFirst(files)
      #expect(new.map(\.chatID) == [42])
    }
    #expect(try rig.usage().map { $0["loss_cause"] as String? } == [nil, nil])
  }

  /// As if it took no messages, once.
  @Test func byAGroupIsNoReasonToStartNothingThere() async throws {
    refuseFiles(.badRequest("not enough rights to send documents to the chat"), inChat: Self.group)
    try await ask("/plan@devbot n", for: Self.code, inChat: Self.group)
    try await ask("/plan@devbot n", for: "Short.", inChat: Self.group)
    #expect(rig.gemini.paidCalls.count == 2)
    #expect(sent(to: Self.group).last?.hasPrefix("Short.") == true)
  }

  @Test func byAGroupAndByItsAskerIsSaidInTheGroup() async throws {
    fake.onCall { call in
      guard call.method == "sendDocument" || call.parameters["chat_id"] == 42 else { return nil }
      return call.parameters["chat_id"] == 42
        ? .reply(.telegramError(403, "Forbidden: bot can't initiate conversation with a user"))
        : .badRequest("not enough rights to send documents to the chat")
    }
    try await ask("/plan@devbot n", for: Self.long, inChat: Self.group)
    #expect(sent(to: Self.group).count == 4)
    #expect(sent(to: Self.group).last?.hasPrefix("This answer comes with a file") == true)
    #expect(try rig.account().balance < rig.settings.initialGrant)
  }

  @Test func inAPrivateChatIsSaid() async throws {
    refuseFiles(.badRequest("wrong file"), inChat: 42)
    try await ask("How?", for: Self.long)
    #expect(sent(to: 42).last?.hasPrefix("One part of this answer is missing") == true)
    #expect(sent(to: 42).count == 5)
  }

  @Test func byAGroupThatTakesNothingComesWithTheRest() async throws {
    fake.refuse(.badRequest("not enough rights to send text messages to the chat"), inChat: -100)
    try await ask("/plan@devbot n", for: Self.code, inChat: Self.group)
    let told = sent(to: 42).dropFirst()
    #expect(told.count { $0.hasPrefix("I could not write in the group") } == 1)
    #expect(told.count { $0.hasPrefix("The group where") } == 0)
    #expect(told.count == 4)
    #expect(fake.state.value.documents.map(\.chatID) == [42])
  }

  @Test func ofAPersonWhoHasBlockedTheBotComesOnceTheyWriteAgain() async throws {
    fake.refuse(.forbiddenBlocked, inChat: 42)
    try await ask("How?", for: Self.code)
    let charged = try rig.account().balance
    #expect(charged < rig.settings.initialGrant)
    #expect(fake.state.value.documents.isEmpty)
    #expect(try kept() == 4)

    fake.refuse(nil, inChat: 42)
    let before = sent(to: 42).count
    try await bot.deliver("message", .message("/help"))
    let told = Array(sent(to: 42).dropFirst(before))
    #expect(told.first?.hasPrefix("Good to have you back.") == true && told.count == 5)
    let file = try #require(fake.state.value.documents.first)
    #expect(fake.state.value.documents.count == 1 && file.fileName == "run.py")
    #expect(file.chatID == 42 && file.data.starts(with: Data("line number 0\n".utf8)))
    #expect(try kept() == 0)
    #expect(try rig.account().balance == charged)

    try await bot.deliver("message", .message("/help"))
    #expect(fake.state.value.documents.count == 1)
  }

  /// Only the file, since the block came after the messages.
  @Test func isKeptAloneWhereTheMessagesHaveCome() async throws {
    refuseFiles(.forbiddenBlocked, inChat: 42)
    try await ask("How?", for: Self.code)
    #expect(try kept() == 1)
    fake.onCall { _ in nil }
    try await bot.deliver("message", .message("/help"))
    #expect(fake.state.value.documents.map(\.fileName) == ["run.py"])
    #expect(sent(to: 42).count { $0.contains("Cost: ") } == 1)
  }

  @Test func isKeptForThirtyDaysAndGoesWithAnErasure() async throws {
    fake.refuse(.forbiddenBlocked, inChat: 42)
    try await ask("How?", for: Self.code)
    let outbox = rig.engine.outbox
    for (days, count) in [(29.0, 4), (31.0, 0)] {
      try rig.database.write(at: Date().addingTimeInterval(days * .day)) { tx in
        _ = try outbox.prune(in: tx)
      }
      #expect(try kept() == count)
    }
    try await ask("How?", for: Self.code)
    #expect(try kept() == 4)
    try rig.database.write { tx in
      try outbox.forgetKept(for: 42, in: tx)
      _ = try MessageErasure(outbox, in: tx).erase(ofPerson: 42, askedBy: nil)
      let files = try Int.fetchOne(
        tx.db, sql: "SELECT count(*) FROM outbox WHERE file IS NOT NULL OR file_name IS NOT NULL")
      #expect(files == 0)
    }
  }

  private func kept() throws -> Int? {
    try rig.database.read {
      try Int.fetchOne($0.db, sql: "SELECT count(*) FROM outbox WHERE is_kept = 1")
    }
  }
}
