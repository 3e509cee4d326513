package import Foundation
package import GRDB
package import Ledger
package import Messaging

/// A message to everybody. It drives itself: rows of the outbox are made for a few people at a
/// time, and when the last of those has ended, for the next few, in the same transaction. So it
/// goes on after any end of the process, and an answer that somebody waits for is never behind
/// many.
package struct BroadcastService: Sendable {
  /// How many messages are on their way at a time. Telegram takes 30 a second in all, and those who
  /// have asked something share them.
  package static let bite = 20
  /// Between two looks of the message that shows how far it is: Telegram counts edits as messages.
  private static let shownEvery: TimeInterval = 5

  let outbox: Outbox

  package init(outbox: Outbox) {
    self.outbox = outbox
  }

  package struct Broadcast: FetchableRecord {
    package enum State: String, DatabaseValueConvertible {
      case draft
      case running
      case done
      case stopped
    }

    package var id: Int64
    package var text: String
    package var state: State
    package var chatID: Int64
    package var messageID: Int64?
    package var lastUserID: Int64
    package var recipients: Int
    package var queued: Int
    package var sent: Int
    package var failed: Int
    package var shownAt: Date?

    package init(row: Row) {
      id = row["id"]
      text = row["text"]
      state = row["state"]
      chatID = row["chat_id"]
      messageID = row["message_id"]
      lastUserID = row["last_user_id"]
      recipients = row["recipients"]
      queued = row["queued"]
      sent = row["sent"]
      failed = row["failed"]
      shownAt = row["shown_at"]
    }
  }

  /// A draft, for its author to look at.
  package func draft(_ text: String, by chatID: Int64, in tx: LedgerTransaction) throws
    -> Int64
  {
    try tx.db.run(
      "INSERT INTO broadcasts (text, state, chat_id, created_at) VALUES (?, 'draft', ?, ?)",
      [text, chatID, tx.now.databaseText])
    return tx.db.lastInsertedRowID
  }

  /// Begins to send a draft; the message shows how far it is. Returns whether it was one.
  package func start(_ id: Int64, showing messageID: Int64, in tx: LedgerTransaction) throws
    -> Bool
  {
    try tx.db.run(
      """
      UPDATE broadcasts SET state = 'running', message_id = ?, shown_at = ?, recipients = ?
      WHERE id = ? AND state = 'draft'
      """,
      [messageID, tx.now.databaseText, try recipients(in: tx), id])
    guard tx.db.changesCount == 1 else { return false }
    try goOn(id, in: tx)
    return true
  }

  /// Sends no more than what is on its way.
  package func stop(_ id: Int64, in tx: LedgerTransaction) throws -> Bool {
    try tx.db.run(
      "UPDATE broadcasts SET state = 'stopped' WHERE id = ? AND state IN ('running', 'draft')", [id]
    )
    return tx.db.changesCount == 1
  }

  package func find(_ id: Int64, in tx: LedgerTransaction) throws -> Broadcast? {
    try Broadcast.fetchOne(cached: "SELECT * FROM broadcasts WHERE id = ?", [id], in: tx.db)
  }

  /// How many would get it.
  package func recipients(in tx: LedgerTransaction) throws -> Int {
    try Int.fetchOne(tx.db, sql: "SELECT count(*) FROM users WHERE \(Self.isRecipient)") ?? 0
  }

  /// One message of it has ended.
  package func count(_ id: Int64, _ ending: Outbox.Ending, in tx: LedgerTransaction) throws {
    let column = ending.isFailure ? "failed" : "sent"
    try tx.db.run("UPDATE broadcasts SET \(column) = \(column) + 1 WHERE id = ?", [id])
    try goOn(id, in: tx)
  }

  /// Whoever has left or is blocked is no recipient; ids of people are positive.
  private static let isRecipient = """
    telegram_user_id > 0 AND blocked_at IS NULL AND unreachable_since IS NULL
    """

  /// Queues the next few if few are on their way, and shows how far it is.
  private func goOn(_ id: Int64, in tx: LedgerTransaction) throws {
    guard var broadcast = try find(id, in: tx), broadcast.underway <= Self.bite / 2 else { return }
    if broadcast.state == .running {
      let people = try nextRecipients(of: broadcast, in: tx)
      try outbox.queue(
        people.map { .message(Reply(broadcast.text), to: $0.chatID, .broadcast(id)) }, in: tx)
      broadcast.lastUserID = people.last?.id ?? broadcast.lastUserID
      broadcast.queued += people.count
      if broadcast.underway == 0 { broadcast.state = .done }
      try tx.db.run(
        "UPDATE broadcasts SET last_user_id = ?, queued = ?, state = ? WHERE id = ?",
        [broadcast.lastUserID, broadcast.queued, broadcast.state, id])
    }
    let isDue = broadcast.shownAt.map { tx.now.timeIntervalSince($0) >= Self.shownEvery } ?? true
    if isDue || broadcast.underway == 0 { try show(broadcast, in: tx) }
  }

  private func nextRecipients(
    of broadcast: Broadcast, in tx: LedgerTransaction
  ) throws -> [(id: Int64, chatID: Int64)] {
    try Row.fetchAll(
      tx.db,
      sql: """
        SELECT id, telegram_user_id FROM users WHERE id > ? AND \(Self.isRecipient)
        ORDER BY id LIMIT ?
        """,
      arguments: [broadcast.lastUserID, Self.bite - broadcast.underway]
    ).map { ($0["id"], $0["telegram_user_id"]) }
  }

  private func show(_ broadcast: Broadcast, in tx: LedgerTransaction) throws {
    guard let messageID = broadcast.messageID else { return }
    let reply = Reply(broadcast.progress, buttons: broadcast.stopButton.map { [$0] } ?? [])
    try outbox.edit(messageID, inChat: broadcast.chatID, to: reply, in: tx)
    try tx.db.run(
      "UPDATE broadcasts SET shown_at = ? WHERE id = ?", [tx.now.databaseText, broadcast.id])
  }
}

extension BroadcastService.Broadcast {
  /// Messages that are on their way.
  fileprivate var underway: Int { queued - sent - failed }

  /// What its author sees.
  package var progress: String {
    let missed = failed > 0 ? " \(failed) could not be reached." : ""
    return switch state {
    case .running: "📣 Sending: \(sent) of \(recipients) have it.\(missed)"
    case .done: "📣 Done: \(sent) have it.\(missed)"
    case .draft, .stopped: "📣 Stopped: \(sent) have it.\(missed)"
    }
  }

  fileprivate var stopButton: Button? {
    state == .running ? Button("Stop", command: "broadcast", argument: "stop \(id)") : nil
  }
}
