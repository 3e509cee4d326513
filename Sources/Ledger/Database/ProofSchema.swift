import GRDB

/// What keeps a start, and what is asked of a time, as quick with millions of rows as with few.
///
/// After a migration, every reference in the file is checked, which takes long where it is large:
/// where no table is made anew, there is nothing to check.
enum ProofSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration(
      "ledger 12: how far the journal is proven", foreignKeyChecks: .immediate
    ) { db in
      try db.execute(sql: proof)
    }
    migrator.registerMigration("ledger 13: people by time", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: "CREATE INDEX users_by_time ON users (created_at)")
    }
  }

  private static let proof = """
    CREATE TABLE ledger_proof (
      only INTEGER PRIMARY KEY CHECK (only = 1),
      proven_to INTEGER NOT NULL,
      schema_version INTEGER NOT NULL,
      begun_at TEXT NOT NULL,
      first_break TEXT
    ) STRICT;
    """
}
