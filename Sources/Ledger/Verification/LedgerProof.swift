package import Foundation
import GRDB

/// Proves balances and holds beside a bot at work, in slices, each a short transaction: the journal
/// from where the last proof ended, then every person.
///
/// Each journal row bears the sum up to it, so a row is proven by the person's row before it. What
/// was proven stays so, as triggers keep the journal append-only, and whoever takes these away
/// changes the version of the schema: the journal is then proven from its first row again, and so
/// it is once a day. `LedgerVerification.verify` asks nobody how far it was proven.
package struct LedgerProof: Sendable {
  /// The slice that is next: rows with a greater id than that.
  private enum Place: Equatable {
    case journal(after: Int64)
    case people(after: Int64)
    case end
  }

  /// Rows of a slice. One takes some 10 ms while its pages are in memory.
  package struct Slices: Sendable {
    package var journal: Int
    package var people: Int

    package init(journal: Int = 2_000, people: Int = 2_000) {
      self.journal = journal
      self.people = people
    }
  }

  private let slices: Slices
  private var place: Place
  private var mark: Mark
  private var kept: Mark?
  /// What is wrong, with which the proof ends.
  package private(set) var breaks: [String] = []

  /// Whether the last proof has found something wrong.
  package var hasFoundBreak: Bool { kept?.firstBreak != nil }
  package var isAtEnd: Bool { place == .end }

  /// A mark may be older than what was proven, never newer. It is written once so many slices.
  package static let slicesOfMark = 50
  /// The journal is proven from its first row so often, whatever the mark says: as no mark tells of
  /// a disk that forgets.
  package static let wholeAfter = TimeInterval.day

  package init(_ slices: Slices = Slices(), in tx: LedgerTransaction) throws {
    self.slices = slices
    kept = try Mark.fetchOne(tx.db, sql: "SELECT * FROM ledger_proof")
    let version = try Mark.schemaVersion(tx.db)
    mark = Mark(provenTo: 0, schemaVersion: version, begunAt: tx.now, firstBreak: nil)
    if let kept, kept.firstBreak == nil, kept.schemaVersion == version,
      kept.begunAt <= tx.now, tx.now < kept.begunAt + Self.wholeAfter,
      try kept.provenTo == 0 || Self.hasRow(kept.provenTo, in: tx)
    {
      mark = kept
    }
    place = .journal(after: mark.provenTo)
  }

  /// Proves the slice that is next.
  package mutating func proveSlice(in tx: LedgerTransaction) throws {
    switch place {
    case .journal(let first):
      guard let last = try lastRow("credit_transactions", after: first, slices.journal, in: tx)
      else { return place = .people(after: 0) }
      try note(Self.journalBreaks, from: first, to: last, in: tx)
      if breaks.isEmpty {
        mark.provenTo = last
        place = .journal(after: last)
      }
    case .people(let first):
      guard let last = try lastRow("users", after: first, slices.people, in: tx)
      else { return place = .end }
      try note(Self.peopleBreaks, from: first, to: last, in: tx)
      if breaks.isEmpty { place = .people(after: last) }
    case .end: break
    }
  }

  /// Whether `keep` has something to write.
  package var isWorthKeeping: Bool { mark != kept }

  /// Writes down how far the journal is proven, or what is wrong.
  package mutating func keep(in tx: LedgerTransaction) throws {
    try mark.write(in: tx)
    kept = mark
  }

  private mutating func note(
    _ sql: String, from first: Int64, to last: Int64, in tx: LedgerTransaction
  ) throws {
    breaks = try String.fetchAll(tx.db, sql: sql, arguments: ["first": first, "last": last])
    guard let found = breaks.first else { return }
    mark.firstBreak = found
    place = .end
  }

  /// The last of so many rows, or `nil` if there are none.
  private func lastRow(
    _ table: String, after first: Int64, _ count: Int, in tx: LedgerTransaction
  ) throws -> Int64? {
    try Int64.fetchOne(
      tx.db,
      sql: "SELECT max(id) FROM (SELECT id FROM \(table) WHERE id > ? ORDER BY id LIMIT ?)",
      arguments: [first, count])
  }

  private static func hasRow(_ id: Int64, in tx: LedgerTransaction) throws -> Bool {
    try Bool.fetchOne(
      tx.db, sql: "SELECT EXISTS (SELECT 1 FROM credit_transactions WHERE id = ?)",
      arguments: [id]) == true
  }
}

// MARK: - What is proven

extension LedgerProof {
  /// More breaks than this of a slice say nothing new.
  private static let maximumBreaks = 100

  private static let journalBreaks = """
    SELECT format('transaction %d: the balance after it is given as %d, but the rows sum to %d',
      id, balance_after_micro, running)
    FROM (SELECT t.id, t.balance_after_micro, t.credits_amount_micro
        + coalesce((SELECT p.balance_after_micro FROM credit_transactions p
          WHERE p.user_id = t.user_id AND p.id < t.id ORDER BY p.id DESC LIMIT 1), 0) AS running
      FROM credit_transactions t WHERE t.id > :first AND t.id <= :last)
    WHERE balance_after_micro <> running LIMIT \(maximumBreaks)
    """

  /// Where the journal is proven, its last row has the sum of a person's rows.
  private static let peopleBreaks = """
    SELECT CASE
        WHEN balance <> summed
        THEN format('user %d: the balance is %d micro-credits, but the journal sums to %d', id,
          balance, summed)
        WHEN held <> pending
        THEN format('user %d: %d micro-credits are held, but the pending holds sum to %d', id,
          held, pending)
        ELSE format('user %d: %d micro-credits held of a balance of %d', id, held, balance) END
    FROM (SELECT u.id, u.credit_balance_micro AS balance, u.credit_held_micro AS held,
        coalesce((SELECT t.balance_after_micro FROM credit_transactions t
          WHERE t.user_id = u.id ORDER BY t.id DESC LIMIT 1), 0) AS summed,
        coalesce((SELECT sum(h.amount_micro) FROM credit_holds h
          WHERE h.user_id = u.id AND h.state = 'pending'), 0) AS pending
      FROM users u WHERE u.id > :first AND u.id <= :last)
    WHERE balance <> summed OR held <> pending OR held < 0 OR held > balance
    LIMIT \(maximumBreaks)
    """
}

/// How far the journal is proven: a row, or none.
private struct Mark: Equatable, Sendable, FetchableRecord {
  /// The id of a row: it and all before it are proven.
  var provenTo: Int64
  /// What SQLite counts up whenever a table, an index or a trigger changes.
  var schemaVersion: Int64
  /// When the journal was last begun to be proven from its first row.
  var begunAt: Date
  /// What the last proof found; nothing is sold before all is proven again.
  var firstBreak: String?

  static func schemaVersion(_ db: Database) throws -> Int64 {
    try Int64.fetchOne(db, sql: "PRAGMA schema_version") ?? 0
  }

  func write(in tx: LedgerTransaction) throws {
    try tx.db.run(
      """
      INSERT INTO ledger_proof (only, proven_to, schema_version, begun_at, first_break)
      VALUES (1, ?, ?, ?, ?)
      ON CONFLICT (only) DO UPDATE SET proven_to = excluded.proven_to,
        schema_version = excluded.schema_version, begun_at = excluded.begun_at,
        first_break = excluded.first_break
      """, [provenTo, schemaVersion, begunAt.databaseText, firstBreak])
  }
}

extension Mark {
  init(row: Row) {
    provenTo = row["proven_to"]
    schemaVersion = row["schema_version"]
    begunAt = row["begun_at"]
    firstBreak = row["first_break"]
  }
}
