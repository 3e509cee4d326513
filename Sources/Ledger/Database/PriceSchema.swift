import GRDB

/// What price lists tell beyond the first columns of `model_pricing`: what it costs to write a
/// provider's cache, and prices that hold on conditions.
enum PriceSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("ledger 3: prices of cache writes, and by the hour") { db in
      try db.execute(sql: columns)
    }
  }

  static func registerToldPrices(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("ledger 7: proposed prices that administrators were told of") { db in
      try db.execute(sql: toldPrices)
    }
  }

  /// `tariff` is JSON, as `Tariff` encodes it with sorted keys.
  private static let toldPrices = """
    CREATE TABLE told_prices (
      model_provider TEXT NOT NULL,
      model_name TEXT NOT NULL,
      tariff TEXT NOT NULL,
      told_at TEXT NOT NULL,
      PRIMARY KEY (model_provider, model_name, tariff)
    ) STRICT, WITHOUT ROWID;
    """

  /// `conditional_prices` is a JSON list of `Tariff.Condition`. The trigger of the first migration
  /// does not know these columns, so they have one of their own.
  private static let columns = """
    ALTER TABLE model_pricing ADD COLUMN cache_write_cost_per_million_tokens TEXT;
    ALTER TABLE model_pricing ADD COLUMN long_prompt_cache_write_cost_per_million_tokens TEXT;
    ALTER TABLE model_pricing ADD COLUMN conditional_prices TEXT;
    CREATE TRIGGER a_price_on_conditions_is_never_edited BEFORE UPDATE OF
      cache_write_cost_per_million_tokens, long_prompt_cache_write_cost_per_million_tokens,
      conditional_prices ON model_pricing
    BEGIN SELECT RAISE(ABORT, 'a price is never edited: open a new version'); END;
    """
}
