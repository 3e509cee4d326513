import Foundation
import GRDB
import JSONReading
package import Ledger
package import TelegramBotAPI

/// The durable inbox: every update is a committed row before Telegram may forget it, and is
/// finished in the transaction that queues its reply.
package struct Inbox: Sendable {
  package let channel: Channel

  package init(channel: Channel) {
    self.channel = channel
  }

  /// Telegram repeats updates for 24 hours at most; what is finished is kept longer, so that a
  /// repeat is recognised.
  package static let keptFor = 2 * TimeInterval.day

  /// What could not be handled is kept for somebody to look at, and not for good: people are told
  /// how long their words are stored.
  package static let quarantinedFor = 30 * TimeInterval.day

  /// In rows. Nobody else writes meanwhile, and the answer to a payment must not wait.
  package static let maximumPrunedAtOnce = 10_000

  /// From this attempt on, an update is marked while it is handled, so that the one that ends the
  /// process is known by its mark at the next start.
  package static let attemptsBeforeCaution = 3

  /// Stores the batch and the offset that confirms it. Returns those not seen before, in order.
  ///
  /// - Parameter asker: The Telegram user id of whoever asks something by that update: with it is
  ///   kept which project is active now. `nil` where nobody does, or where messages before it are
  ///   still to decide that.
  package func store(
    _ updates: [ReceivedUpdate], nextOffset: Int64?, in tx: LedgerTransaction,
    asker: (Update) -> Int64? = { _ in nil }
  ) throws -> [StoredUpdate] {
    var new: [StoredUpdate] = []
    for received in updates {
      var stored = StoredUpdate(id: received.id, receivedAt: tx.now, attempts: 1)
      (stored.update, stored.flaw) = Self.decode(received.json)
      try tx.db.run(
        """
        INSERT INTO inbox (update_id, channel, payload, received_at, telegram_user_id, project_id)
        VALUES (?, ?, ?, ?, ?,
          (SELECT coalesce(active_project_id, '') FROM users WHERE telegram_user_id = ?))
        ON CONFLICT (update_id) DO NOTHING
        """,
        [
          received.id, channel.rawValue, String(decoding: received.json, as: UTF8.self),
          tx.now.databaseText, stored.update?.personID, stored.update.flatMap(asker),
        ])
      if tx.db.changesCount == 1 { new.append(stored) }
    }
    if let nextOffset {
      try tx.db.run(
        "INSERT OR REPLACE INTO poll_offset (only, next_offset) VALUES (1, ?)", [nextOffset])
    }
    return new
  }

  package func nextOffset(in tx: LedgerTransaction) throws -> Int64? {
    try Int64.fetchOne(tx.db, sql: "SELECT next_offset FROM poll_offset")
  }

  /// What an earlier life of the process left unfinished, in the order of arrival, each without its
  /// content, and the parts of a whole with the first of them. Those that were marked have probably
  /// ended it; they come apart and are not to be handled again.
  package func resume(in tx: LedgerTransaction) throws -> (
    pending: [StoredUpdate], poison: [StoredUpdate]
  ) {
    try tx.db.execute(
      sql: """
        UPDATE inbox SET attempts = attempts + 1 WHERE state = 'pending' AND channel = ?
        """,
      arguments: [channel.rawValue])
    let rows = try Row.fetchAll(
      tx.db,
      sql: """
        SELECT update_id, attempts, received_at, asked_again_at, is_tried_alone FROM inbox
        WHERE state = 'pending' AND channel = ? AND joined_to IS NULL ORDER BY seq
        """,
      arguments: [channel.rawValue])
    var (pending, poison): ([StoredUpdate], [StoredUpdate]) = ([], [])
    for row in rows {
      let askedAgainAt: Date? = row["asked_again_at"]
      var update = StoredUpdate(
        id: row["update_id"], receivedAt: askedAgainAt ?? row["received_at"],
        attempts: row["attempts"], isAskedAgain: askedAgainAt != nil)
      update.parts = try parts(of: update.id, in: tx)
      if row["is_tried_alone"] { poison.append(update) } else { pending.append(update) }
    }
    return (pending, poison)
  }

  /// Brings back the content of an update that was left in the file, and of its parts.
  package func load(_ stored: StoredUpdate, in tx: LedgerTransaction) throws -> StoredUpdate {
    var loaded = try decode(stored, in: tx)
    guard !stored.parts.isEmpty, case .message(let first)? = loaded.update?.content else {
      return loaded
    }
    let parts = try stored.parts.compactMap { id -> Message? in
      let part = StoredUpdate(id: id, receivedAt: stored.receivedAt, attempts: stored.attempts)
      guard case .message(let message)? = try decode(part, in: tx).update?.content else {
        return nil
      }
      return message
    }
    if let whole = Message.joined([first] + parts) { loaded.update?.content = .message(whole) }
    return loaded
  }

  /// `nil` if its content is not known any more.
  package func update(_ id: Int64, in tx: LedgerTransaction) throws -> Update? {
    try decode(StoredUpdate(id: id, receivedAt: tx.now, attempts: 1), in: tx).update
  }

  private func decode(_ stored: StoredUpdate, in tx: LedgerTransaction) throws -> StoredUpdate {
    let payload = try String.fetchOne(
      tx.db.cachedStatement(sql: "SELECT payload FROM inbox WHERE update_id = ?"),
      arguments: [stored.id])
    var loaded = stored
    (loaded.update, loaded.flaw) = Self.decode(Data((payload ?? "").utf8))
    return loaded
  }

  /// Which project was active for whoever asked, when they did.
  package enum ProjectAtArrival: Sendable, Equatable {
    case project(String)
    case noProject
    /// What they had sent before was not handled yet, and may decide it.
    case undecided
  }

  package func projectAtArrival(
    of id: Int64, in tx: LedgerTransaction
  ) throws -> ProjectAtArrival {
    let project = try String.fetchOne(
      tx.db.cachedStatement(sql: "SELECT project_id FROM inbox WHERE update_id = ?"),
      arguments: [id])
    return project.map { $0.isEmpty ? .noProject : .project($0) } ?? .undecided
  }

  /// Forgets what the update said, ahead of time: nobody needs it once it is finished.
  package func forgetPayload(_ id: Int64, in tx: LedgerTransaction) throws {
    try tx.db.run(
      "UPDATE inbox SET payload = '' WHERE update_id = :id OR joined_to = :id", ["id": id])
  }

  package func markTriedAlone(_ id: Int64, in tx: LedgerTransaction) throws {
    try tx.db.run("UPDATE inbox SET is_tried_alone = 1 WHERE update_id = ?", [id])
  }

  /// - Throws: `AlreadyFinished`, which rolls back whatever was done for the update this time.
  package func finish(_ id: Int64, in tx: LedgerTransaction) throws {
    try end(id, state: "done", failure: nil, in: tx)
  }

  /// Sets an update apart that cannot be handled; its row stays for the operator to look at, for 30
  /// days.
  package func quarantine(_ id: Int64, failure: String, in tx: LedgerTransaction) throws {
    try end(id, state: "quarantined", failure: failure, in: tx)
  }

  /// Deletes what was finished long ago. Returns how much: at the limit, there may be more.
  @discardableResult
  package func prune(
    atMost limit: Int = maximumPrunedAtOnce, in tx: LedgerTransaction
  ) throws -> Int {
    try tx.db.run(
      // Rows are in the order of their arrival, so this reads hardly more than it deletes.
      """
      DELETE FROM inbox WHERE state = 'done'
        AND seq < coalesce(
          (SELECT seq FROM inbox WHERE received_at >= ? ORDER BY seq LIMIT 1), 9e18)
        AND seq < coalesce(
          (SELECT seq FROM inbox WHERE state = 'done' ORDER BY seq LIMIT 1 OFFSET ?), 9e18)
      """,
      [tx.now.addingTimeInterval(-Self.keptFor).databaseText, limit])
    let pruned = tx.db.changesCount
    try tx.db.run(
      "DELETE FROM inbox WHERE state = 'quarantined' AND received_at < ?",
      [tx.now.addingTimeInterval(-Self.quarantinedFor).databaseText])
    return pruned
  }

  package struct AlreadyFinished: Error {}

  private func end(
    _ id: Int64, state: String, failure: String?, in tx: LedgerTransaction
  ) throws {
    // Two statements: with an OR, one takes three times as long as both.
    var count = 0
    for sql in [Self.endingIt, Self.endingItsParts] {
      try tx.db.run(sql, [state, failure, tx.now.databaseText, id])
      count += tx.db.changesCount
    }
    guard count > 0 else { throw AlreadyFinished() }
  }

  private static let endingIt = "\(ending) update_id = ?"
  private static let endingItsParts = "\(ending) joined_to = ?"
  private static let ending = """
    UPDATE inbox SET state = ?, failure = ?, finished_at = ?, is_tried_alone = 0
    WHERE state = 'pending' AND
    """

  /// Or what is wrong with its form.
  private static func decode(_ json: Data) -> (Update?, flaw: String?) {
    do {
      return (try Update(json: json), nil)
    } catch {
      return (nil, "it is not of the form of an update")
    }
  }
}
