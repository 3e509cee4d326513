import GRDB

/// Finds one person's calls of which no provider has told what they used.
enum UntoldSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("ledger 15: untold calls", foreignKeyChecks: .immediate) {
      try $0.execute(
        sql: """
          CREATE INDEX untold_calls ON api_key_usage (user_id, created_at) WHERE is_estimate = 1;
          """)
    }
  }
}
