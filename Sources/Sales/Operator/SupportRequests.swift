import Foundation
import GRDB
package import Ledger
package import Messaging
import TelegramBotAPI

/// Takes what people need help with to the administrators, and what is said about it to and fro.
/// The words stand in the chats alone; the tables know who asked, and which messages belong to it.
package struct SupportRequests: Sendable {
  /// For one person in a day: a conversation takes no more, and a program that floods does.
  private static let maximumPerDay = 10
  /// What a person is told whose words are passed on.
  package static let thanks = "Thank you. My operator has your message and will answer you here."
  /// What an older version said in its place; people may still reply to it.
  private static let formerThanks =
    "Thank you. Your words are with my operator, who answers you here."
  package static let tooMany = """
    You have sent many requests today. Please wait a little: they will be answered.
    """
  package static let nobody = """
    I have nobody to pass your question on to, so I have not kept it. Please contact whoever runs \
    this bot in another way.
    """

  /// If there are none, nobody reads anything.
  package let administrators: [Int64]

  package init(administrators: [Int64]) {
    self.administrators = administrators
  }

  package enum Outcome: Equatable {
    case passedOn([Outgoing])
    case tooMany
  }

  /// What somebody says in a conversation with the operator.
  package enum Words: Equatable {
    case text(String)
    /// A photo or a document, or several: messages of that chat, which can be copied.
    case attachment(messageIDs: [Int64], chatID: Int64)
  }

  /// A request, and whose side of it a message is on.
  package struct Conversation: Sendable, Equatable {
    package var request: Int64
    /// `nil` once they have erased their account.
    package var person: Int64?
    /// Whether the message is in the chat of whoever asked, so that a reply to it is theirs.
    package var isOfPerson: Bool

    /// One that has left the tables.
    package static func gone(isOfPerson: Bool) -> Self {
      Self(request: 0, person: nil, isOfPerson: isOfPerson)
    }
  }

  /// Begins a request, and tells the administrators.
  package func ask(
    _ words: Words, by profile: Profile, in tx: LedgerTransaction
  ) throws -> Outcome {
    guard try Self.countsOneMore(of: profile.telegramUserID, in: tx) else { return .tooMany }
    try tx.db.run(
      "INSERT INTO support_requests (telegram_user_id, created_at) VALUES (?, ?)",
      [profile.telegramUserID, tx.now.databaseText])
    let id = tx.db.lastInsertedRowID
    return .passedOn(tell(words, of: id, by: profile))
  }

  /// Tells the administrators what a person adds to a request.
  package func add(
    _ words: Words, to request: Int64, by profile: Profile, in tx: LedgerTransaction
  ) throws -> Outcome {
    guard try Self.countsOneMore(of: profile.telegramUserID, in: tx) else { return .tooMany }
    return .passedOn(tell(words, of: request, by: profile))
  }

  private func tell(_ words: Words, of request: Int64, by profile: Profile) -> [Outgoing] {
    let person = profile.telegramUserID
    let text = if case .text(let text) = words { text } else { "The message below." }
    let message = Reply(
      """
      \(Self.heading)\(request) of \(profile.shownName):

      \(text)

      To answer, reply to this message. /user \(person) shows their account.
      """)
    return administrators.flatMap { administrator in
      [.message(message, to: administrator, .supportRequest(request))]
        + Self.copy(of: words, to: administrator, .supportRequest(request))
    }
  }

  /// An administrator's words, on their way to whoever asked.
  package static func answer(
    _ words: Words, to request: Int64, of person: Int64, by administrator: Int64
  ) -> [Outgoing] {
    let purpose = Purpose.supportAnswer(request: request, administrator: administrator)
    let text = if case .text(let text) = words { text } else { "The message below." }
    let message = Reply(
      "\(answerHeading)\(request):\n\n\(text)\n\nTo go on, reply to this message.")
    return [.message(message, to: person, purpose)] + copy(of: words, to: person, purpose)
  }

  private static func copy(of words: Words, to chatID: Int64, _ purpose: Purpose) -> [Outgoing] {
    guard case .attachment(let messageIDs, let source) = words else { return [] }
    return messageIDs.map { messageID in
      .request(
        BotRequest.copyMessage(messageID, from: source, to: chatID), chat: chatID, purpose)
    }
  }
}

// MARK: - Which conversation a message belongs to

extension SupportRequests {
  /// How messages about requests begin, by which one is known that has left the tables.
  private static let heading = "💬 Request #"
  private static let answerHeading = "Answer to your request #"

  /// The conversation that the message belongs to.
  package static func conversation(
    ofMessage messageID: Int64, inChat chatID: Int64, in tx: LedgerTransaction
  ) throws -> Conversation? {
    try Row.fetchOne(
      tx.db,
      sql: """
        SELECT r.id, r.telegram_user_id, m.is_of_person FROM support_messages m
        JOIN support_requests r ON r.id = m.request_id WHERE m.chat_id = ? AND m.message_id = ?
        """,
      arguments: [chatID, messageID]
    ).map {
      Conversation(
        request: $0["id"], person: $0["telegram_user_id"], isOfPerson: $0["is_of_person"])
    }
  }

  /// The person's latest request.
  package static func latest(
    of telegramUserID: Int64, in tx: LedgerTransaction
  ) throws -> Conversation? {
    let id = try Int64.fetchOne(
      tx.db, sql: "SELECT max(id) FROM support_requests WHERE telegram_user_id = ?",
      arguments: [telegramUserID])
    return id.map { Conversation(request: $0, person: telegramUserID, isOfPerson: true) }
  }

  /// In whose chat a message of the bot's was a part of such a conversation; `nil` for any other.
  package static func side(ofMessage text: String) -> Side? {
    if text.hasPrefix(heading) { return .administrator }
    let isThanks = text == thanks || text == formerThanks
    return isThanks || text.hasPrefix(answerHeading) ? .person : nil
  }

  package enum Side: Sendable {
    case administrator, person
  }

  /// A message to a person who has erased their account meanwhile is not remembered.
  package static func remember(
    _ messageID: Int64, inChat chatID: Int64, of request: Int64, isOfPerson: Bool = false,
    in tx: LedgerTransaction
  ) throws {
    try tx.db.run(
      """
      INSERT OR IGNORE INTO support_messages (chat_id, message_id, request_id, is_of_person)
      SELECT :chat, :message, id, :isOfPerson FROM support_requests
      WHERE id = :request AND (NOT :isOfPerson OR telegram_user_id = :chat)
      """,
      ["chat": chatID, "message": messageID, "isOfPerson": isOfPerson, "request": request])
  }
}

// MARK: - What outlives an erasure

extension SupportRequests {
  /// Forgets who wrote more than a day ago.
  package static func forgetOldMessages(in tx: LedgerTransaction) throws {
    try tx.db.run(
      "DELETE FROM recent_support_messages WHERE sent_at <= ?", [(tx.now - .day).databaseText])
  }

  /// Counts by the bare id, so that an erasure begins no day anew.
  private static func countsOneMore(
    of telegramUserID: Int64, in tx: LedgerTransaction
  ) throws -> Bool {
    try forgetOldMessages(in: tx)
    let today = try Int.fetchOne(
      tx.db, sql: "SELECT count(*) FROM recent_support_messages WHERE telegram_user_id = ?",
      arguments: [telegramUserID])
    guard today ?? 0 < maximumPerDay else { return false }
    try tx.db.run(
      "INSERT INTO recent_support_messages (telegram_user_id, sent_at) VALUES (?, ?)",
      [telegramUserID, tx.now.databaseText])
    return true
  }

  /// At the person's wish. The requests stay, as nobody's, so that an answer to one is known.
  ///
  /// - Returns: What still waits to be told of them, which is to be withdrawn.
  package static func erase(
    _ telegramUserID: Int64, in tx: LedgerTransaction
  ) throws -> [Purpose] {
    let requests = try Int64.fetchAll(
      tx.db, sql: "SELECT id FROM support_requests WHERE telegram_user_id = ?",
      arguments: [telegramUserID])
    try tx.db.run(
      """
      DELETE FROM support_messages WHERE chat_id = :person AND request_id IN (
        SELECT id FROM support_requests WHERE telegram_user_id = :person)
      """, ["person": telegramUserID])
    try tx.db.run(
      "UPDATE support_requests SET telegram_user_id = NULL WHERE telegram_user_id = ?",
      [telegramUserID])
    return requests.map(Purpose.supportRequest)
  }
}
