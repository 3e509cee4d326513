import GRDB
package import Ledger
package import Messaging
import TelegramBotAPI

/// Which messages of the bot are which answer. Only the newest answer of a conversation has
/// buttons.
package enum AnswerMessages {
  /// Keeps that a message was sent which is a part of an answer. If a later answer has come
  /// meanwhile, its buttons go at once.
  ///
  /// - Returns: Whether that queued something.
  package static func note(
    _ messageID: Int64, _ reply: Outbox.Queued, outbox: Outbox, in tx: LedgerTransaction
  ) throws -> Bool {
    guard let updateID = reply.updateID, let chatID = reply.chatID,
      case .message(let message)? = reply.content
    else { return false }
    let keepsButtons = try Bool.fetchOne(
      tx.db.cachedStatement(
        sql: """
          SELECT has_buttons FROM conversation_messages
          WHERE update_id = ? AND role = 'assistant' ORDER BY id DESC LIMIT 1
          """), arguments: [updateID])
    guard let keepsButtons else {
      // It was forgotten before it was sent.
      guard message.buttons.contains(where: AnswerButtons.has) else { return false }
      try outbox.queue([removal(of: messageID, in: chatID)], in: tx)
      return true
    }
    let hasButtons = !message.buttons.isEmpty
    try tx.db.run(
      """
      INSERT OR REPLACE INTO answer_messages (chat_id, message_id, update_id, has_buttons)
      VALUES (?, ?, ?, ?)
      """, [chatID, messageID, updateID, hasButtons && keepsButtons])
    guard hasButtons, !keepsButtons else { return false }
    try outbox.queue([removal(of: messageID, in: chatID)], in: tx)
    return true
  }

  /// Takes the buttons from under the answers of a conversation.
  ///
  /// - Parameter newest: The update of the one that keeps its buttons.
  package static func takeButtons(
    from conversation: Conversation, but newest: Int64? = nil, outbox: Outbox,
    in tx: LedgerTransaction
  ) throws {
    let ids = try Int64.fetchAll(
      tx.db.cachedStatement(
        sql: """
          SELECT id FROM conversation_messages INDEXED BY answers_with_buttons
          WHERE user_id = ? AND has_buttons = 1 AND project_id IS ? AND chat_id IS ?
            AND update_id IS NOT ?
          """),
      arguments: [conversation.userID, conversation.projectID, conversation.groupID, newest])
    for id in ids {
      let message = try Row.fetchOne(
        tx.db.cachedStatement(
          sql: """
            SELECT chat_id, message_id FROM answer_messages WHERE has_buttons = 1
              AND update_id = (SELECT update_id FROM conversation_messages WHERE id = ?)
            ORDER BY message_id DESC LIMIT 1
            """), arguments: [id])
      try tx.db.run("UPDATE conversation_messages SET has_buttons = 0 WHERE id = ?", [id])
      guard let message else { continue }
      try tx.db.run(
        "UPDATE answer_messages SET has_buttons = 0 WHERE chat_id = ? AND message_id = ?",
        [message["chat_id"] as Int64, message["message_id"] as Int64])
      try outbox.queue([removal(of: message["message_id"], in: message["chat_id"])], in: tx)
    }
  }

  private static func removal(of messageID: Int64, in chatID: Int64) -> Outgoing {
    .request(.removeKeyboard(chatID: chatID, messageID: messageID), chat: chatID)
  }
}
