import Foundation
import GRDB
package import Ledger
package import Messaging

/// Takes what people need help with to the administrators, and their answers back. What is said
/// stands in the chats alone; the tables know who asked, and which messages told of it.
package struct SupportRequests: Sendable {
  /// For one person in a day: a conversation takes no more, and a program that floods does.
  private static let maximumPerDay = 10

  /// If there are none, nobody reads anything.
  package let administrators: [Int64]

  package init(administrators: [Int64]) {
    self.administrators = administrators
  }

  package enum Outcome: Equatable {
    case passedOn([Outgoing])
    case tooMany
  }

  /// Tells the administrators.
  package func ask(
    _ text: String, by profile: Profile, in tx: LedgerTransaction
  ) throws -> Outcome {
    let today = try Int.fetchOne(
      tx.db,
      sql: """
        SELECT count(*) FROM support_requests WHERE telegram_user_id = ? AND created_at > ?
        """,
      arguments: [profile.telegramUserID, (tx.now - .day).databaseText])
    guard today ?? 0 < Self.maximumPerDay else { return .tooMany }
    try tx.db.run(
      "INSERT INTO support_requests (telegram_user_id, created_at) VALUES (?, ?)",
      [profile.telegramUserID, tx.now.databaseText])
    let id = tx.db.lastInsertedRowID
    let message = Reply(
      """
      💬 Request #\(id) of \(profile.shownName):

      \(text)

      To answer, reply to this message. /user \(profile.telegramUserID) shows their account.
      """)
    return .passedOn(administrators.map { .message(message, to: $0, .supportRequest(id)) })
  }

  /// The request that the message told an administrator of, and who made it.
  package static func request(
    ofMessage messageID: Int64, inChat chatID: Int64, in tx: LedgerTransaction
  ) throws -> (id: Int64, person: Int64)? {
    try Row.fetchOne(
      tx.db,
      sql: """
        SELECT r.id, r.telegram_user_id FROM support_messages m
        JOIN support_requests r ON r.id = m.request_id WHERE m.chat_id = ? AND m.message_id = ?
        """,
      arguments: [chatID, messageID]
    ).map { ($0["id"], $0["telegram_user_id"]) }
  }

  /// An administrator's words, on their way to whoever asked.
  package static func answer(
    _ text: String, to request: (id: Int64, person: Int64), by administrator: Int64
  ) -> Outgoing {
    .message(
      Reply(
        "Answer to your request #\(request.id):\n\n\(text)\n\nTo go on, use /paysupport again."),
      to: request.person, .supportAnswer(request: request.id, administrator: administrator))
  }

  package static func remember(
    _ messageID: Int64, inChat chatID: Int64, of request: Int64, in tx: LedgerTransaction
  ) throws {
    try tx.db.run(
      """
      INSERT OR IGNORE INTO support_messages (chat_id, message_id, request_id)
      SELECT ?, ?, id FROM support_requests WHERE id = ?
      """,
      [chatID, messageID, request])
  }

  /// At the person's wish.
  package static func erase(_ telegramUserID: Int64, in tx: LedgerTransaction) throws {
    try tx.db.run("DELETE FROM support_requests WHERE telegram_user_id = ?", [telegramUserID])
  }
}
