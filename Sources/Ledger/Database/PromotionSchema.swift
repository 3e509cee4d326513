import GRDB

/// What became of promotion codes beside being used.
enum PromotionSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("ledger 8: promotion codes that are revoked") { db in
      try db.execute(sql: "ALTER TABLE promotion_codes ADD COLUMN revoked_at TEXT")
    }
  }
}
