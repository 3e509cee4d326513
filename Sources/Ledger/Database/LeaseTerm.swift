import Foundation
import GRDB

/// Of which term of the lease a database is: what an earlier holder has left is told by it from
/// what this machine may go on with.
package struct LeaseTerm: Equatable, Sendable {
  package var term: Int64
  package var holder: String

  package init(term: Int64, holder: String) {
    self.term = term
    self.holder = holder
  }

  /// `nil` where the database was never one of two machines'.
  package static func current(in tx: LedgerTransaction) throws -> LeaseTerm? {
    guard try tx.db.tableExists("lease_term") else { return nil }
    return try Row.fetchOne(tx.db, sql: "SELECT term, holder FROM lease_term")
      .map { LeaseTerm(term: $0["term"], holder: $0["holder"]) }
  }

  package func write(in tx: LedgerTransaction) throws {
    try tx.db.run(
      """
      INSERT INTO lease_term (only, term, holder, begun_at) VALUES (1, ?, ?, ?)
      ON CONFLICT (only) DO UPDATE SET term = excluded.term, holder = excluded.holder,
        begun_at = excluded.begun_at
      """, [term, holder, tx.now.databaseText])
  }
}
