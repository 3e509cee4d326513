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

  /// In the order of arrival.
  func parts(of id: Int64, in tx: LedgerTransaction) throws -> [Int64] {
    try Int64.fetchAll(
      tx.db.cachedStatement(
        sql: "SELECT update_id FROM inbox WHERE joined_to = ? ORDER BY seq"), arguments: [id])
  }
}
