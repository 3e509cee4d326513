import Bot
import Foundation
import GRDB
import Ledger
@testable import Sales
import Testing
import TestSupport

@Suite("/paysupport, /terms, /privacy, /deletemydata")
struct SupportTests {
  private let administrator: Int64 = 1

  @Test func takesWordsToTheAdministratorsAndTheirAnswerBack() async throws {
    let rig = try BotRig(administrators: [administrator, 2])
    let id = try await rig.deliver("message", .message("/paysupport Where are my credits?"))
    await rig.engine.dispatcher.becomeIdle()
    let replies = try rig.replies(to: id)
    #expect(replies.map(\.chatID) == [42, administrator, 2])
    #expect(
      replies[0].text == "Thank you. My operator has your message and will answer you here.")
    #expect(
      replies[1].text == """
        💬 Request #1 of Ada (@user42, 42):

        Where are my credits?

        To answer, reply to this message. /user 42 shows their account.
        """)
    // Telegram has taken it as message 555 of the second administrator's chat.
    try rig.database.write { try SupportRequests.remember(555, inChat: 2, of: 1, in: $0) }
    let answer = try await rig.answer("They are there now.", to: 555, from: 2)
    #expect(answer.map(\.chatID) == [2, 42])
    #expect(answer[0].text == "Sent.")
    #expect(
      answer[1].text == """
        Answer to your request #1:

        They are there now.

        To go on, reply to this message.
        """)
  }

  @Test(arguments: [(Int64(2), Int64(556)), (1, 555), (42, 555)])
  func takesNoOtherReplyForAnAnswer(author: Int64, message: Int64) async throws {
    let rig = try BotRig(administrators: [administrator, 2])
    try await rig.say("/paysupport Help!")
    try rig.database.write { try SupportRequests.remember(555, inChat: 2, of: 1, in: $0) }
    let replies = try await rig.answer("Some words", to: message, from: author)
    #expect(replies.map(\.text) == ["Please send me /start first: it opens your account."])
  }

  @Test func passesOnTenRequestsADayAndNoMore() async throws {
    let rig = try BotRig(administrators: [administrator])
    for number in 1...10 { try await rig.say("/paysupport Question \(number)") }
    #expect(
      try await rig.say("/paysupport Question 11").first?.hasPrefix(
        "You have sent many requests today") == true)
    #expect(try rig.replies().count { $0.chatID == administrator } == 10)
    try rig.execute("UPDATE recent_support_messages SET sent_at = '2020-01-01 00:00:00.000'")
    try await rig.say("/paysupport The next day")
    #expect(try rig.replies().count { $0.chatID == administrator } == 11)
  }

  @Test func saysWhatToDoWithoutWordsOrWhereNobodyReadsThem() async throws {
    let usual = try await BotRig(administrators: [administrator]).say("/paysupport")
    #expect(usual.first?.contains("Write /paysupport and your question in one message") == true)
    let rig = try BotRig()
    for words in ["/paysupport", "/paysupport Help!"] {
      #expect(
        try await rig.say(words).first?.hasPrefix("I have nobody to pass your question on to")
          == true)
    }
    #expect(try rig.count("support_requests") == 0)
  }

  @Test func saysOnWhatTermsAndWhatIsStored() async throws {
    let rig = try BotRig()
    #expect(try await rig.say("/terms").first?.contains("They do not expire") == true)
    let privacy = try await rig.say("/privacy").first ?? ""
    #expect(privacy.contains("the last 200 messages of each project"))
    #expect(privacy.contains("Messages on their way in and out: 48 hours, and 30 days where one"))
    #expect(privacy.contains("Backups of all this: as long as whoever runs me keeps them"))
    #expect(privacy.contains("/deletemydata erases your account."))
  }

  @Test func erasesWhoSomebodyIsOnceTheyHaveConfirmed() async throws {
    let rig = try BotRig(administrators: [administrator])
    try await rig.say("/start")
    try await rig.say("/new Secret plans")
    try await rig.say("My canary is yellow")
    try await rig.say("/paysupport Help!")
    _ = try await rig.press("buy:Monthly")
    let order = try #require(try rig.orders().first).id
    let until = Int64(Date().timeIntervalSince1970) + 2_592_000
    _ = try await rig.pay(order, 380, charge: "month-1", until: until, isFirst: true)
    let question = try await rig.say("/deletemydata").first ?? ""
    #expect(question.contains("• You lose your 599.7675 credits."))
    #expect(question.contains("• Your subscription is canceled."))
    #expect(try await rig.press("deletemydata:no").last?.text == "Your account stays as it is.")
    #expect(try rig.account().balance.micro > 0)

    let erased = try await rig.press("deletemydata:yes")
    #expect(
      erased.map(\.method) == [
        "answerCallbackQuery", "editMessageText", "editUserStarSubscription",
      ])
    #expect(erased[2].parameters["telegram_payment_charge_id"] == "month-1")
    #expect(try rig.count("conversation_messages") == 0)
    let traces = try rig.database.read { tx in
      try Int.fetchOne(
        tx.db,
        sql: """
          SELECT (SELECT count(*) FROM users WHERE telegram_user_id = 42 OR first_name = 'Ada')
            + (SELECT count(*) FROM projects WHERE title LIKE '%Secret%')
            + (SELECT count(*) FROM payments WHERE payer_telegram_user_id = 42)
            + (SELECT count(*) FROM support_requests WHERE telegram_user_id = 42)
          """)
    }
    #expect(traces == 0)
    #expect(try rig.count("credit_transactions") == 4)

    #expect(
      try await rig.say("/start").first?.contains(
        "Your new account is open. Welcome credits come only once") == true)
    #expect(try rig.account().balance == .zero)
    #expect(try await rig.checkout(order, 380)?.hasPrefix("This invoice was made for") == true)
  }

  @Test func erasesNothingWhileARequestIsUnderWay() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    try rig.leaveHold(for: try rig.work(), isSent: true)
    #expect(
      try await rig.press("deletemydata:yes").map(\.text) == [
        "A request or a refund of yours is under way. Please try again in a minute."
      ])
    #expect(try rig.account().firstName == "Ada")
  }
}
