@testable import Bot
import Foundation
import GRDB
import Ledger
@testable import Messaging
@testable import Sales
import TelegramBotAPI
import Testing
import TestSupport

/// What is said after a request, to and fro, and what of it outlives an erasure.
@Suite("A conversation with the operator")
struct SupportConversationTests {
  private let rig: BotRig
  /// Where the first request is message 555.
  private let administrator: Int64 = 1

  init() async throws {
    rig = try BotRig(administrators: [administrator])
    for person in [administrator, 42] { try await rig.say("/start", from: person) }
    try await rig.say("/paysupport Where are my credits?")
    try remember(555, inChat: administrator)
  }

  /// As if Telegram had taken a message about the first request.
  private func remember(_ message: Int64, inChat chat: Int64, isOfPerson: Bool = false) throws {
    try rig.database.write {
      try SupportRequests.remember(message, inChat: chat, of: 1, isOfPerson: isOfPerson, in: $0)
    }
  }

  private func expectNoQuestion() throws {
    #expect(rig.gemini.requests.value.isEmpty)
    #expect(try rig.count("credit_holds") == 0)
  }

  @Test func takesAPersonsReplyToTheAnswerToTheOperator() async throws {
    try remember(600, inChat: 42, isOfPerson: true)
    let replies = try await rig.answer("And since when?", to: 600, from: 42)
    #expect(replies.map(\.chatID) == [42, administrator])
    #expect(replies[0].text == SupportRequests.thanks)
    #expect(replies[1].text.hasPrefix("💬 Request #1 of Ada (@user42, 42):\n\nAnd since when?"))
    try expectNoQuestion()
  }

  @Test func knowsTheAnswerByTheMessageThatTelegramTook() async throws {
    try await rig.answer("They are there now.", to: 555, from: administrator)
    let answer = try rig.queued(for: .supportAnswer(request: 1, administrator: administrator))
    let sent = try rig.queued(for: .supportRequest(1))
    for (reply, message) in [(answer, 700), (sent, 701)] as [(Outbox.Queued, Int64)] {
      _ = try rig.database.write {
        try rig.engine.afterDelivery.follow(reply, .sent(messageID: message), in: $0)
      }
    }
    #expect(try await rig.answer("Thanks!", to: 700, from: 42).last?.chatID == administrator)
    let requests = try rig.replies().filter { $0.text.hasPrefix("💬") }.count
    #expect(requests == 2)
    try expectNoQuestion()
  }

  @Test func passesOnPhotosAndDocumentsBothWays() async throws {
    try remember(600, inChat: 42, isOfPerson: true)
    for (content, from, message, other) in [
      ("photo", administrator, 555, 42), ("document", 42, 600, administrator),
    ] as [(String, Int64, Int64, Int64)] {
      let replies = try await rig.answer(nil, holding: content, to: message, from: from)
      let copy = try #require(replies.last)
      #expect(copy.method == "copyMessage" && copy.chatID == other)
      #expect(copy.parameters["from_chat_id"]?.integer == from)
      #expect(copy.parameters["message_id"]?.integer == 7)
      #expect(replies.map(\.chatID) == [from, other, other])
    }
    try expectNoQuestion()
  }

  @Test(arguments: ["/var/log is full", "/code a fix", "/plan", "/restart it", "// no comment"])
  func takesATextWithASlashForWords(text: String) async throws {
    try remember(600, inChat: 42, isOfPerson: true)
    let answer = try await rig.answer(text, to: 555, from: administrator)
    #expect(answer.last?.chatID == 42 && answer.last?.text.contains(text) == true)
    let reply = try await rig.answer(text, to: 600, from: 42)
    #expect(reply.last?.chatID == administrator && reply.last?.text.contains(text) == true)
    try expectNoQuestion()
  }

  /// As those of a flood are, of which memory keeps no more than the ids.
  @Test func findsTheConversationOfAnUpdateThatWasLeftInTheFile() async throws {
    let reference: JSONValue = ["message_id": 555, "chat": .chat(administrator), "date": 0]
    let update = ReceivedUpdate.update(
      9_999, "message",
      .message("Yes.", from: administrator, adding: ["reply_to_message": reference]))
    try rig.database.write { _ = try rig.engine.inbox.store([update], nextOffset: nil, in: $0) }
    let handler = UpdateHandler(
      UpdateHandler.Environment(
        writer: rig.writer, inbox: rig.engine.inbox, outbox: rig.engine.outbox,
        commands: rig.engine.commands, orchestrator: rig.orchestrator(),
        payments: rig.engine.payments, desk: rig.engine.desk, bot: .bot,
        administrators: [administrator],
        alerts: rig.engine.alerts,
        repliesToStrangers: UpdateHandler.repliesToStrangers(on: .telegram)))
    _ = await handler.handle(StoredUpdate(id: 9_999, receivedAt: Date(), attempts: 1))
    #expect(try rig.replies(to: 9_999).map(\.chatID) == [administrator, 42])
    try expectNoQuestion()
  }

  @Test func carriesOutACommandThatCostsNothing() async throws {
    let replies = try await rig.answer("/user 42", to: 555, from: administrator)
    #expect(replies.map(\.chatID) == [administrator])
    #expect(replies[0].text.hasPrefix("Ada (@user42, 42)"))
  }

  /// What the tables have forgotten, or never knew.
  @Test(
    arguments: [
      ("Answer to your request #1:\n\nYes.", FakeTelegram.botID, true),
      (SupportRequests.thanks, FakeTelegram.botID, true), ("/paysupport Where?", 42, true),
      ("Hello", FakeTelegram.botID, false), ("Answer to your request #1:", 43, false),
    ] as [(String, Int64, Bool)])
  func knowsAMessageByHowItBegins(text: String, author: Int64, isOfConversation: Bool) async throws
  {
    let replies = try await rig.answer("More words", to: 999, of: author, saying: text, from: 42)
    #expect((replies.last?.chatID == administrator) == isOfConversation)
    #expect(rig.gemini.requests.value.isEmpty == isOfConversation)
  }

  @Test func givesNoIDAgainAndNobodyAnothersAnswer() async throws {
    _ = try await rig.press("deletemydata:yes")
    try await rig.say("/paysupport Another question", from: 43)
    #expect(try rig.texts().contains { $0.hasPrefix("💬 Request #2 of Ada (@user43, 43)") })
    let replies = try await rig.answer("For the first one", to: 555, from: administrator)
    #expect(
      replies.map(\.text) == [
        "Nothing was sent: whoever asked has erased their account, or it was too long ago."
      ])
    #expect(replies.map(\.chatID) == [administrator])
    let photo = try await rig.answer(nil, holding: "photo", to: 555, from: administrator)
    #expect(photo.map(\.chatID) == [administrator])
    try expectNoQuestion()
  }

  @Test func remembersNoMessageToWhoErasedTheirAccountMeanwhile() async throws {
    _ = try await rig.press("deletemydata:yes")
    try remember(601, inChat: 42, isOfPerson: true)
    let known = try rig.database.read {
      try SupportRequests.conversation(ofMessage: 601, inChat: 42, in: $0)
    }
    #expect(known == nil)
  }

  @Test func endsForWhoErasedTheirAccount() async throws {
    try remember(600, inChat: 42, isOfPerson: true)
    _ = try await rig.press("deletemydata:yes")
    try await rig.say("/start")
    let replies = try await rig.answer(
      "One more thing", to: 600, of: FakeTelegram.botID, saying: "Answer to your request #1: Yes.",
      from: 42)
    #expect(replies.map(\.text).first?.hasPrefix("That conversation is over.") == true)
    #expect(replies.count == 1)
    try expectNoQuestion()
  }

  @Test func countsTenMessagesADayWhateverIsErased() async throws {
    try remember(600, inChat: 42, isOfPerson: true)
    for _ in 2...5 { try await rig.answer("More", to: 600, from: 42) }
    _ = try await rig.press("deletemydata:yes")
    for _ in 6...10 { try await rig.say("/paysupport Again") }
    #expect(try await rig.say("/paysupport Once more") == [SupportRequests.tooMany])
    try await rig.engine.housekeeping.round(1)
    #expect(try rig.count("recent_support_messages") == 10)
    try rig.execute("UPDATE recent_support_messages SET sent_at = '2020-01-01 00:00:00.000'")
    try await rig.engine.housekeeping.round(1)
    #expect(try rig.count("recent_support_messages") == 0)
  }
}

extension BotRig {
  /// Replies to a message, as Telegram's clients do.
  ///
  /// - Parameters:
  ///   - holding: What is sent in place of a text.
  ///   - author: Who wrote that message, and what it says.
  @discardableResult
  func answer(
    _ text: String?, holding content: String? = nil, to message: Int64, of author: Int64? = nil,
    saying original: String? = nil, from user: Int64
  ) async throws -> [OutboxRow] {
    var reference: [String: JSONValue] = [
      "message_id": .integer(message), "chat": .chat(user), "date": 1_800_000_000,
    ]
    if let original { reference["text"] = .string(original) }
    if let author { reference["from"] = .user(author) }
    var more: [String: JSONValue] = ["reply_to_message": .object(reference)]
    if let content { more[content] = [] }
    let id = try await deliver("message", .message(text, from: user, adding: more))
    await engine.dispatcher.becomeIdle()
    return try replies(to: id)
  }

  fileprivate func queued(for purpose: Purpose) throws -> Outbox.Queued {
    try #require(try database.read { try engine.outbox.queued(for: purpose, in: $0) })
  }
}
