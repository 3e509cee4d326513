import Foundation
import GRDB

/// Who has erased their account by the database that a restore replaces. An older copy knows
/// nothing of it, and would bring them back.
struct ReplacedErasures {
  private struct ErasedPerson {
    var telegramUserID: Int64
    var wasBlocked: Bool
    var thankedFriends: Int
  }

  /// When each erased account was opened, by its row: that tells whether a row of another file is
  /// the same account's.
  private var openings: [Int64: String] = [:]
  private var people: [ErasedPerson] = []
  /// The last ids of those tables whose ids never come again.
  private var lastIDs: [String: Int64] = [:]
  /// Whether all that the copy knows has become of the same bot in the file.
  private var isSuccessor: Bool

  /// Reads the file as it is; `nil` if there is none, or none that can be read.
  ///
  /// - Parameters:
  ///   - tables: Those by which the file is known for the bot's.
  ///   - copy: What is to replace it.
  /// - Throws: `DatabaseError`, where it may be readable at another time.
  init?(at path: String, knownBy tables: [String], asSeenFrom copy: LedgerTransaction) throws {
    guard DatabaseFiles.isDatabase(path) else { return nil }
    do {
      let found = try LedgerDatabase.look(at: path) { tx in
        try tables.allSatisfy { try tx.db.tableExists($0) } ? try Self(tx.db, copy.db) : nil
      }
      guard let found else { return nil }
      self = found
    } catch let error as DatabaseError
      where [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR].contains(error.resultCode)
    {
      return nil
    }
  }

  private init(_ db: Database, _ copy: Database) throws {
    isSuccessor = try Self.succeeds(db, copy)
    for row in try Row.fetchAll(db, sql: "SELECT name, seq FROM sqlite_sequence") {
      lastIDs[row["name"]] = row["seq"]
    }
    // The first version had no erasures.
    guard try db.tableExists("erased_people") else { return }
    for row in try Row.fetchAll(
      db, sql: "SELECT id, created_at FROM users WHERE erased_at IS NOT NULL")
    {
      openings[row["id"]] = row["created_at"]
    }
    let counts = try db.columns(in: "erased_people").contains { $0.name == "thanked_friends" }
    people = try Row.fetchAll(
      db,
      sql: """
        SELECT telegram_user_id, was_blocked, \(counts ? "thanked_friends" : "0") AS thanked
        FROM erased_people
        """
    ).map {
      ErasedPerson(
        telegramUserID: $0["telegram_user_id"], wasBlocked: $0["was_blocked"],
        thankedFriends: $0["thanked"])
    }
  }

  /// Does the erasures again in a restored copy, whose tables are up to date.
  ///
  /// - Returns: How many accounts; `nil` if the file is no newer one of the same bot, so that
  ///   nothing is known of what came after the copy.
  func doAgain(
    in tx: LedgerTransaction, _ eraseAgain: (UserAccount, LedgerTransaction) throws -> Void
  ) throws -> Int? {
    var count = 0
    for (id, opening) in openings.sorted(by: { $0.key < $1.key }) {
      let account = try UserAccount.first(
        """
        SELECT \(UserAccount.columns) FROM users
        WHERE id = ? AND created_at = ? AND erased_at IS NULL
        """, [id, opening], in: tx.db)
      guard let account else { continue }
      try eraseAgain(account, tx)
      count += 1
    }
    for (table, id) in lastIDs where isSuccessor {
      try tx.db.run(
        "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", [id, table])
    }
    for person in people {
      try tx.db.run(
        """
        INSERT INTO erased_people (telegram_user_id, was_blocked, thanked_friends) VALUES (?, ?, ?)
        ON CONFLICT (telegram_user_id) DO UPDATE SET
          was_blocked = max(was_blocked, excluded.was_blocked),
          thanked_friends = max(thanked_friends, excluded.thanked_friends)
        """,
        [person.telegramUserID, person.wasBlocked, person.thankedFriends])
    }
    return isSuccessor ? count : nil
  }

  /// A newer file of one bot has changed last, and has each account of the older one in its row;
  /// the newest is asked for. That of another bot, or one begun anew, has not.
  private static func succeeds(_ file: Database, _ copy: Database) throws -> Bool {
    let newest = try Row.fetchOne(
      copy, sql: "SELECT id, created_at FROM users ORDER BY id DESC LIMIT 1")
    guard let newest else { return true }
    let opening = try String.fetchOne(
      file, sql: "SELECT created_at FROM users WHERE id = ?", arguments: [newest["id"] as Int64])
    return try opening == newest["created_at"]
      && (lastChange(file) ?? "") >= (lastChange(copy) ?? "")
  }

  private static func lastChange(_ db: Database) throws -> String? {
    try String.fetchOne(
      db,
      sql: """
        SELECT max(time) FROM (SELECT max(created_at) AS time FROM credit_transactions
          UNION ALL SELECT max(updated_at) FROM users)
        """)
  }
}
