import GRDB
package import Ledger

/// Updates that are one to whoever sent them: a long paste, which the apps cut, or an album.
extension Inbox {
  /// Keeps which updates are handled together with this one, so that they end with it.
  package func keepParts(of stored: StoredUpdate, in tx: LedgerTransaction) throws {
    for part in stored.parts {
      try tx.db.run("UPDATE inbox SET joined_to = ? WHERE update_id = ?", [stored.id, part])
    }
  }

  /// Whether the update, which must still be known, was one by itself.
  package func isWhole(_ id: Int64, in tx: LedgerTransaction) throws -> Bool {
    let isKnown = try Bool.fetchOne(
      tx.db.cachedStatement(sql: "SELECT 1 FROM inbox WHERE update_id = ?"), arguments: [id])
    return try isKnown == true && parts(of: id, in: tx).isEmpty
  }

  /// In the order of arrival.
  func parts(of id: Int64, in tx: LedgerTransaction) throws -> [Int64] {
    try Int64.fetchAll(
      tx.db.cachedStatement(
        sql: "SELECT update_id FROM inbox WHERE joined_to = ? ORDER BY seq"), arguments: [id])
  }
}
