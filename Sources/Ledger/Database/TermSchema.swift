import GRDB

/// Of which term of the lease the file is, where two machines share one bot.
enum TermSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("ledger 14: the term of the lease", foreignKeyChecks: .immediate) {
      try $0.execute(
        sql: """
          CREATE TABLE lease_term (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            term INTEGER NOT NULL CHECK (term > 0),
            holder TEXT NOT NULL,
            begun_at TEXT NOT NULL
          ) STRICT;
          """)
    }
  }
}
