package import Foundation
package import GRDB
import Ledger
package import TelegramBotAPI

/// The durable outbox: a reply is a row in the transaction that finishes its update, and is done
/// when Telegram has taken it.
package struct Outbox: Sendable {
  package let channel: Channel

  package init(channel: Channel) {
    self.channel = channel
  }

  /// As long as the updates that the replies belong to.
  package static let keptFor = Inbox.keptFor

  /// A reply on its way.
  package struct Queued: Sendable, FetchableRecord {
    package var id: Int64
    package var updateID: Int64
    package var chatID: Int64?
    /// `nil` where it is left in the file until its turn comes.
    package var request: BotRequest?
    /// How often Telegram may have taken it without saying so.
    package var lostAnswers: Int
    package var createdAt: Date
    /// What follows once it has ended.
    package var purpose: Purpose?
    /// For how long it is worth sending, in seconds; `nil` where it must not be given up.
    package var lifetime: TimeInterval?

    package init(row: Row) {
      id = row["id"]
      updateID = row["update_id"]
      chatID = row["chat_id"]
      request = BotRequest(
        method: row["method"], json: Data((row["payload"] as String).utf8),
        attachment: Self.attachment(row))
      lostAnswers = row["lost_answers"]
      createdAt = row["created_at"]
      purpose = (row["purpose"] as String?).flatMap(Purpose.init(text:))
      lifetime =
        switch purpose {
        case .refund, .cancellation: nil
        default: chatID == nil ? Self.answerLifetime : Self.messageLifetime
        }
    }

    /// Telegram forgets a question after a day, and so do people.
    private static let messageLifetime = TimeInterval.day
    /// Telegram takes no answer to a query later than this (server source, 150 s).
    private static let answerLifetime: TimeInterval = 150

    private static func attachment(_ row: Row) -> BotRequest.Attachment? {
      guard let name = row["file_name"] as String? else { return nil }
      return BotRequest.Attachment(
        fileName: name, contentType: row["file_type"], data: row["file"])
    }
  }

  /// How a reply ended.
  package enum Ending: Sendable {
    /// Telegram took it; `text` is its result where that is a text.
    case sent(messageID: Int64?, text: String? = nil)
    /// - Parameter isForbidden: Whether the bot may not write to the chat.
    case failed(String, isForbidden: Bool = false)
  }

  /// - Returns: The id of the new row.
  @discardableResult
  package func queue(
    _ request: BotRequest, chatID: Int64?, purpose: Purpose? = nil, updateID: Int64, at now: Date,
    in db: Database
  ) throws -> Int64 {
    let file = request.attachment
    try db.run(
      """
      INSERT INTO outbox (update_id, channel, chat_id, method, payload, purpose, file_name,
        file_type, file, created_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        updateID, channel.rawValue, chatID, request.method,
        String(decoding: request.json, as: UTF8.self), purpose?.text, file?.fileName,
        file?.contentType, file?.data, now.databaseText,
      ])
    return db.lastInsertedRowID
  }

  /// The oldest replies after that one, in order.
  package func queued(after id: Int64, limit: Int, in db: Database) throws -> [Queued] {
    try Queued.fetchAll(
      cached: """
        SELECT * FROM outbox
        WHERE channel = ? AND state = 'queued' AND id > ? ORDER BY id LIMIT ?
        """,
      [channel.rawValue, id, limit], in: db)
  }

  /// The oldest replies to one chat between those two, in order.
  package func queued(
    inChat chatID: Int64, after id: Int64, upTo last: Int64, limit: Int, in db: Database
  ) throws -> [Queued] {
    try Queued.fetchAll(
      cached: """
        SELECT * FROM outbox
        WHERE channel = ? AND state = 'queued' AND id > ? AND id <= ? AND chat_id = ?
        ORDER BY id LIMIT ?
        """,
      [channel.rawValue, id, last, chatID, limit], in: db)
  }

  /// What is still to be sent for that purpose.
  package func queued(for purpose: Purpose, in db: Database) throws -> Queued? {
    try Queued.fetchOne(
      db, sql: "SELECT * FROM outbox WHERE channel = ? AND state = 'queued' AND purpose = ?",
      arguments: [channel.rawValue, purpose.text])
  }

  package func content(of id: Int64, in db: Database) throws -> BotRequest? {
    let sql = "SELECT * FROM outbox WHERE id = ?"
    return try Queued.fetchOne(cached: sql, [id], in: db)?.request
  }

  package func end(_ id: Int64, _ ending: Ending, at now: Date, in db: Database) throws {
    switch ending {
    case .sent(let messageID, _):
      try db.run(
        "UPDATE outbox SET state = 'sent', message_id = ?, finished_at = ? WHERE id = ?",
        [messageID, now.databaseText, id])
    case .failed(let reason, _):
      try db.run(
        "UPDATE outbox SET state = 'failed', failure = ?, finished_at = ? WHERE id = ?",
        [reason, now.databaseText, id])
    }
  }

  /// Counts that Telegram may have taken the reply without saying so; it is sent again, since a
  /// repeated answer is better than a lost one.
  package func countLostAnswer(_ id: Int64, in db: Database) throws {
    try db.run("UPDATE outbox SET lost_answers = lost_answers + 1 WHERE id = ?", [id])
  }

  /// Whether nothing that answers the update has reached anybody, nor may yet.
  package func reachedNobody(_ updateID: Int64, in db: Database) throws -> Bool {
    try Bool.fetchOne(
      db,
      sql: """
        SELECT NOT EXISTS (SELECT 1 FROM outbox
          WHERE update_id = ? AND channel = ? AND (state <> 'failed' OR lost_answers > 0))
        """,
      arguments: [updateID, channel.rawValue]) ?? false
  }

  /// Directs everything still queued for a group to the supergroup that it has become.
  package func moveChat(from old: Int64, to new: Int64, in db: Database) throws {
    let replies = try Queued.fetchAll(
      db, sql: "SELECT * FROM outbox WHERE state = 'queued' AND channel = ? AND chat_id = ?",
      arguments: [channel.rawValue, old])
    for reply in replies {
      guard let request = try reply.request?.addressed(to: new) else { continue }
      try db.execute(
        sql: "UPDATE outbox SET chat_id = ?, payload = ? WHERE id = ?",
        arguments: [new, String(decoding: request.json, as: UTF8.self), reply.id])
    }
  }

  /// Deletes what was sent or given up long ago. Returns how much: at the limit, there may be more.
  @discardableResult
  package func prune(
    at now: Date, atMost limit: Int = Inbox.maximumPrunedAtOnce, in db: Database
  ) throws -> Int {
    try db.run(
      // Rows are in the order of their making, so this reads hardly more than it deletes.
      """
      DELETE FROM outbox WHERE state <> 'queued'
        AND id < coalesce(
          (SELECT id FROM outbox WHERE created_at >= ? ORDER BY id LIMIT 1), 9e18)
        AND id < coalesce(
          (SELECT id FROM outbox WHERE state <> 'queued' ORDER BY id LIMIT 1 OFFSET ?), 9e18)
      """,
      [now.addingTimeInterval(-Self.keptFor).databaseText, limit])
    return db.changesCount
  }
}
