import GRDB

/// What lets a person's charges of a day or a month be found among those of years.
enum SpendingSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("ledger 10: charges of people by time") { db in
      try db.execute(
        sql: """
          CREATE INDEX charges_of_user ON credit_transactions (user_id, created_at)
            WHERE transaction_type = 'usage_deduction';
          """)
    }
  }
}
