package import Foundation
package import GRDB

/// What of the list fits nothing here.
extension StarStatement {
  /// An entry that an administrator has to look at.
  package struct Unexplained: Sendable, FetchableRecord {
    package var id: String
    package var isIncoming: Bool
    package var stars: Int64
    package var happenedAt: Date
    package var reason: String

    package init(row: Row) {
      id = row["id"]
      isIncoming = row["is_incoming"]
      stars = row["stars"]
      happenedAt = row["happened_at"]
      reason = row["reason"]
    }
  }

  /// When this file was begun, in whole seconds, as Telegram's times are. What the list has from
  /// before is of an earlier bot or file with this token; so is all of it while the file is empty.
  func beginning() throws -> Date {
    try Date.fetchOne(
      tx.db,
      sql: """
        SELECT min(substr(created_at, 1, 19)) FROM (
          SELECT min(created_at) AS created_at FROM model_pricing
          UNION ALL SELECT created_at FROM users WHERE id = (SELECT min(id) FROM users))
        """) ?? .distantFuture
  }

  /// Entries that no administrator was told of; from now on they count as told of.
  package func takeUntold() throws -> (ofBefore: [Unexplained], others: [Unexplained]) {
    let untold = try Unexplained.fetchAll(
      tx.db, sql: "SELECT * FROM star_statement WHERE is_told = 0 ORDER BY rowid")
    guard !untold.isEmpty else { return ([], []) }
    try tx.db.run("UPDATE star_statement SET is_told = 1 WHERE is_told = 0")
    let beginning = try beginning()
    return (
      untold.filter { $0.happenedAt < beginning }, untold.filter { $0.happenedAt >= beginning }
    )
  }

  /// All of them but payments that were given back, the oldest first.
  package func unexplained() throws -> [Unexplained] {
    try Unexplained.fetchAll(
      tx.db,
      sql: """
        SELECT * FROM star_statement s
        WHERE finding = 'unexplained' AND NOT EXISTS (
          SELECT 1 FROM payments p JOIN refunds r ON r.payment_id = p.id
          WHERE p.charge_id = s.id AND r.state = 'done')
        ORDER BY happened_at, rowid
        """)
  }

  /// The update of a payment has explained it.
  func markCredited(_ id: String) throws {
    try tx.db.run(
      """
      UPDATE star_statement SET finding = 'credited', reason = NULL, is_told = 1
      WHERE id = ? AND is_incoming = 1
      """, [id])
  }
}
