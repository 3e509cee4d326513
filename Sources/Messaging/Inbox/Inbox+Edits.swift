import GRDB
import JSONReading
package import Ledger
package import TelegramBotAPI

extension Inbox {
  /// Of a message that has been edited anew, no earlier version is to be answered any more.
  package func withdrawOffers(ofMessage message: Message, in tx: LedgerTransaction) throws {
    guard let person = message.from?.id else { return }
    try tx.db.run(
      """
      UPDATE inbox SET offered_again = NULL
      WHERE telegram_user_id = ? AND offered_again = 'unseen' AND state = 'done'
        AND \(Self.isOfMessage)
      """, [person, message.messageID, message.chat.id])
  }

  /// Whether a row is that message of that chat, or an edit of it.
  private static let isOfMessage = """
    iif(json_valid(payload), coalesce(payload ->> '$.message.message_id',
        payload ->> '$.edited_message.message_id') = ?
      AND coalesce(payload ->> '$.message.chat.id',
        payload ->> '$.edited_message.chat.id') = ?, 0)
    """

  /// Of how many of a person's updates before an edit the message is looked for: they edit what
  /// they have just written, and each row is read.
  private static let maximumLookedThrough = 100

  /// What the message was before that update: as it was first sent, or last edited. `nil` if the
  /// inbox does not know, or no more.
  package func formerVersion(
    of message: Message, before update: Int64, in tx: LedgerTransaction
  ) throws -> Message? {
    guard let person = message.from?.id else { return nil }
    let payload = try String.fetchOne(
      tx.db.cachedStatement(
        sql: """
          SELECT payload FROM (
            SELECT seq, payload FROM inbox WHERE telegram_user_id = ?
              AND seq < (SELECT seq FROM inbox WHERE update_id = ?)
            ORDER BY seq DESC LIMIT \(Self.maximumLookedThrough))
          WHERE \(Self.isOfMessage) ORDER BY seq DESC LIMIT 1
          """),
      arguments: [person, update, message.messageID, message.chat.id])
    let former = payload.flatMap { try? Update(json: $0.utf8) }
    switch former?.content {
    case .message(let message), .editedMessage(let message): return message
    default: return nil
    }
  }
}
