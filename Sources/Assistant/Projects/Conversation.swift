import Foundation
import GRDB
package import LanguageModels
package import Ledger

/// What was said so far between a person and the bot, in each project and outside of any.
package struct Conversation: Sendable {
  /// How many messages go along with a new one.
  package static let contextMessages = 20
  /// How long they may be together, in tokens; each is counted as a quarter of its bytes. It bounds
  /// what an old conversation adds to the price of every new question.
  package static let contextTokens = 8_000
  /// Older messages of a conversation are forgotten.
  package static let keptMessages = 200

  package let userID: Int64
  package let projectID: String?

  package init(userID: Int64, projectID: String?) {
    self.userID = userID
    self.projectID = projectID
  }

  /// The latest messages that fit, oldest first, beginning with one of the person's.
  package func context(in tx: LedgerTransaction) throws -> [Prompt.Message] {
    let rows = try Row.fetchAll(
      tx.db.cachedStatement(
        sql: """
          SELECT role, text FROM conversation_messages
          WHERE user_id = ? AND project_id IS ? ORDER BY id DESC LIMIT ?
          """), arguments: [userID, projectID, Self.contextMessages])
    var messages: [Prompt.Message] = []
    var tokens = 0
    for row in rows {
      let text: String = row["text"]
      tokens += text.utf8.count / 4 + 1
      guard tokens <= Self.contextTokens else { break }
      messages.append(Prompt.Message(row["role"] == "user" ? .user : .assistant, text))
    }
    return Array(messages.reversed().drop { $0.role == .assistant })
  }

  /// Adds the question of an update, and its answer.
  package func append(
    question: String, answer: String, updateID: Int64, in tx: LedgerTransaction
  ) throws {
    for (role, text) in [("user", question), ("assistant", answer)] {
      try tx.db.run(
        """
        INSERT INTO conversation_messages (user_id, project_id, role, text, created_at, update_id)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        [userID, projectID, role, text, tx.now.databaseText, updateID])
    }
    try tx.db.run(
      """
      DELETE FROM conversation_messages WHERE user_id = :user AND project_id IS :project AND id <= (
        SELECT id FROM conversation_messages WHERE user_id = :user AND project_id IS :project
        ORDER BY id DESC LIMIT 1 OFFSET :kept)
      """,
      ["user": userID, "project": projectID, "kept": Self.keptMessages])
  }

  /// Forgets what was said on that update.
  package static func forget(
    updateID: Int64, ofUser userID: Int64, in tx: LedgerTransaction
  ) throws {
    try tx.db.run(
      "DELETE FROM conversation_messages WHERE user_id = ? AND update_id = ?", [userID, updateID])
  }

  /// Forgets all that was ever said with the person.
  package static func erase(userID: Int64, in tx: LedgerTransaction) throws {
    try tx.db.run("DELETE FROM conversation_messages WHERE user_id = ?", [userID])
  }
}
