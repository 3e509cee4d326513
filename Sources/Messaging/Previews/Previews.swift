import Foundation
import GRDB
package import Ledger

/// The messages that show a growing answer, part by part, so that the answer can take their places:
/// in this life of the process or in the next. What they show is not kept.
package struct Previews {
  let tx: LedgerTransaction

  /// One of those messages.
  struct Part {
    var number: Int
    var chatID: Int64
  }

  /// Whether a part may be sent, or is there.
  enum Beginning: Equatable {
    /// No message of it is known.
    case new
    /// An earlier life of the process has sent it.
    case known(messageID: Int64)
    /// The update is finished.
    case over
  }

  /// Keeps that a part is about to be sent, if its update is not finished: whatever finishes it
  /// knows then that the message may be there.
  func begin(
    _ part: Int, ofUpdate updateID: Int64, chatID: Int64, channel: Channel
  ) throws -> Beginning {
    let isPending = try Bool.fetchOne(
      tx.db.cachedStatement(
        sql: "SELECT state = 'pending' FROM inbox WHERE update_id = ? AND channel = ?"),
      arguments: [updateID, channel.rawValue])
    guard isPending == true else { return .over }
    let row = try Row.fetchOne(
      tx.db.cachedStatement(
        sql: """
          SELECT message_id FROM previews
          WHERE update_id = ? AND part = ? AND chat_id = ? AND state <> 'replaced'
          """),
      arguments: [updateID, part, chatID])
    if let id = row?["message_id"] as Int64? { return .known(messageID: id) }
    try tx.db.run(
      """
      INSERT INTO previews (update_id, part, channel, chat_id, state, created_at)
      VALUES (?, ?, ?, ?, 'sending', ?)
      ON CONFLICT (update_id, part) DO UPDATE SET chat_id = excluded.chat_id, message_id = NULL,
        may_be_doubled = may_be_doubled OR (state = 'sending'), state = 'sending'
      """,
      [updateID, part, channel.rawValue, chatID, tx.now.databaseText])
    return .new
  }

  /// Telegram has taken it.
  func keep(_ messageID: Int64, of part: Int, ofUpdate updateID: Int64) throws {
    try tx.db.run(
      """
      UPDATE previews SET message_id = ?, state = iif(state = 'sending', 'shown', state)
      WHERE update_id = ? AND part = ?
      """, [messageID, updateID, part])
  }

  /// Telegram has not taken it.
  func forget(_ part: Int, ofUpdate updateID: Int64) throws {
    try tx.db.run(
      "DELETE FROM previews WHERE update_id = ? AND part = ? AND message_id IS NULL",
      [updateID, part])
  }

  /// The parts of which a message may be there, in order; from now on, what finishes the update
  /// takes their places.
  func replace(ofUpdate updateID: Int64, channel: Channel) throws -> [Part] {
    let parts = try tx.db.all(
      """
      SELECT part, chat_id FROM previews
      WHERE update_id = ? AND channel = ? AND state <> 'replaced' ORDER BY part
      """, [updateID, channel.rawValue]
    ) { row in Part(number: row.next(), chatID: row.next()) }
    guard !parts.isEmpty else { return [] }
    try tx.db.run("UPDATE previews SET state = 'replaced' WHERE update_id = ?", [updateID])
    return parts
  }

  /// The parts that are known to have been shown, whatever was to take their places.
  func shown(ofUpdate updateID: Int64, channel: Channel) throws -> [Part] {
    try tx.db.all(
      """
      SELECT part, chat_id FROM previews
      WHERE update_id = ? AND channel = ? AND message_id IS NOT NULL ORDER BY part
      """, [updateID, channel.rawValue]
    ) { row in Part(number: row.next(), chatID: row.next()) }
  }

  /// The message of a part; `nil` if it is not known.
  func messageID(of part: Int, ofUpdate updateID: Int64) throws -> Int64? {
    try tx.db.first(
      "SELECT message_id FROM previews WHERE update_id = ? AND part = ?", [updateID, part]
    ) { $0.next(Int64?.self) } ?? nil
  }

  /// Whether a message shows a part of the answer to a finished update in whose place nothing came,
  /// nor will: its id was never known, or the row that had it was lost with a machine, or the
  /// answer went elsewhere. It is younger than what it answers, and nothing else that was sent or
  /// grows.
  package func isLeft(_ messageID: Int64, inChat chatID: Int64, ofUpdate updateID: Int64) throws
    -> Bool
  {
    func origin(_ path: String) -> String {
      ["message", "edited_message", "callback_query.message"]
        .map { "payload ->> '$.\($0).\(path)'" }.joined(separator: ", ")
    }
    return try Bool.fetchOne(
      tx.db,
      sql: """
        SELECT (
            EXISTS (SELECT 1 FROM previews WHERE update_id = :update AND chat_id = :chat)
            OR EXISTS (
              SELECT 1 FROM inbox WHERE update_id = :update AND iif(json_valid(payload),
                coalesce(\(origin("chat.id"))) = :chat
                  AND coalesce(\(origin("message_id"))) < :message, 0)))
          AND NOT EXISTS (
            SELECT 1 FROM previews
            WHERE update_id <> :update AND chat_id = :chat AND message_id = :message)
          AND NOT EXISTS (
            SELECT 1 FROM outbox WHERE chat_id = :chat AND message_id = :message)
          AND NOT EXISTS (
            SELECT 1 FROM outbox
            WHERE update_id = :update AND state = 'queued' AND \(Outbox.isAnswer))
        """,
      arguments: ["update": updateID, "chat": chatID, "message": messageID]) ?? false
  }

  /// Ids of messages do not go along to a supergroup.
  func moveChat(from old: Int64, to new: Int64) throws {
    try tx.db.run(
      "UPDATE previews SET chat_id = ?, message_id = NULL WHERE chat_id = ?", [new, old])
  }

  /// As long as what is sent in their places.
  func prune() throws {
    try tx.db.run(
      "DELETE FROM previews WHERE created_at < ?",
      [tx.now.addingTimeInterval(-Outbox.keptFor).databaseText])
  }
}

extension LedgerTransaction {
  package var previews: Previews { Previews(tx: self) }
}
