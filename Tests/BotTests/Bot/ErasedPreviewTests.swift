@testable import Bot
import Commands
import Foundation
import GRDB
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// Whoever erases their account leaves nothing that grows.
@Suite("An erasure while an answer grows")
struct ErasedPreviewTests {
  private func growing(chat: Int64) async throws -> (StreamingRig, id: Int64) {
    let rig = try await StreamingRig()
    let id = try await rig.ask(
      chat == 42 ? "How?" : "@devbot how?", chat: chat == 42 ? nil : chat)
    rig.answer.say(String(repeating: "canary ", count: 700), outputTokens: 40)
    try await rig.fake.state.wait(for: "both parts") { state in
      state.sent(to: chat).count { $0.hasPrefix("canary") } == 2
    }
    return (rig, id)
  }

  private func erase(_ rig: StreamingRig) async throws -> [OutboxRow] {
    let id = try await rig.bot.deliver("callback_query", .press("deletemydata:yes"))
    // Of what is under way, nothing may wait for it.
    let finished = "SELECT state = 'done' FROM inbox WHERE update_id = \(id)"
    try await rig.bot.commits.wait(for: "the erasure") { [bot = rig.bot] _ in
      (try? bot.database.read { try Bool.fetchOne($0.db, sql: finished) }) == true
    }
    return try rig.bot.replies(to: id)
  }

  @Test func waitsForTheCall() async throws {
    let (rig, _) = try await growing(chat: 42)
    let replies = try await erase(rig)
    #expect(
      replies.map(\.text) == [
        "A request or a refund of yours is under way. Please try again in a minute."
      ])
    rig.answer.end()
    await rig.waitForEnd()
    #expect(rig.messages().last?.text.contains("Cost: ") == true)
    #expect(try rig.bot.usage().map { $0["charged_to"] as String } == ["user"])
  }

  @Test(arguments: [42, -100] as [Int64])
  func takesAwayWhatWasShownOfAnAnswerThatIsNotSentYet(chat: Int64) async throws {
    let (rig, id) = try await growing(chat: chat)
    try await rig.bot.deliver("callback_query", .press("stop:\(id)"))
    await rig.bot.engine.dispatcher.becomeIdle()
    let charge = try rig.bot.settings.initialGrant.subtracting(rig.bot.account().balance)
    #expect(charge > .zero)
    let replies = try await erase(rig)
    #expect(replies.first?.text == "Your data is erased.")
    await rig.waitForEnd()
    let texts = rig.fake.state.value.sent(to: chat)
    #expect(!texts.contains { $0.contains("canary") })
    let kept = try rig.bot.database.read { tx in
      try Row.fetchAll(tx.db, sql: "SELECT * FROM outbox").filter { "\($0)".contains("canary") }
    }
    #expect(kept == [])
    // The journal stays; what was left is forfeited.
    let rows = try rig.bot.database.read {
      try Int64.fetchAll(
        $0.db, sql: "SELECT credits_amount_micro FROM credit_transactions ORDER BY id")
    }
    #expect(
      rows == [
        rig.bot.settings.initialGrant.micro, -charge.micro,
        charge.micro - rig.bot.settings.initialGrant.micro,
      ])
    #expect(try rig.bot.count("previews") == 2)
    #expect(
      try rig.bot.database.read {
        try Int.fetchOne($0.db, sql: "SELECT count(*) FROM outbox WHERE state = 'queued'")
      } == 0)
  }

  /// An older copy of the file does not know what its messages have become.
  @Test func leavesTheChatAloneWhereARestoreRepeatsIt() async throws {
    let (rig, id) = try await growing(chat: 42)
    try await rig.bot.deliver("callback_query", .press("stop:\(id)"))
    await rig.bot.engine.dispatcher.becomeIdle()
    try rig.bot.database.write { tx in
      let account = try tx.users.account(telegramUserID: 42)
      try AccountErasure(outbox: rig.bot.engine.outbox).eraseAgain(
        account, rig.bot.settings.terms, in: tx)
    }
    await rig.waitForEnd()
    #expect(rig.fake.state.value.calls(of: "deleteMessage") == [])
    #expect(!rig.messages().contains { $0.text.contains("You stopped") })
  }
}
