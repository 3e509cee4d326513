import GRDB

/// What people have chosen, and what they were asked about before it is held.
enum PreferencesSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("bot 10: what people prefer, and questions that ask first") { db in
      for sql in [preferences, chosenModels, askedAmounts] { try db.execute(sql: sql) }
    }
  }

  /// A limit that was raised or removed is `next_limit_micro` from `next_limit_from` on; where
  /// that is NULL, nothing follows.
  private static let preferences = """
    CREATE TABLE preferences (
      user_id INTEGER PRIMARY KEY REFERENCES users (id),
      shows_cost INTEGER NOT NULL CHECK (shows_cost = 0 OR shows_cost = 1),
      answer_length TEXT NOT NULL,
      effort TEXT NOT NULL,
      streams INTEGER NOT NULL CHECK (streams = 0 OR streams = 1),
      daily_limit_micro INTEGER CHECK (daily_limit_micro > 0),
      next_limit_micro INTEGER CHECK (next_limit_micro > 0),
      next_limit_from TEXT
    ) STRICT;
    """

  private static let chosenModels = """
    CREATE TABLE chosen_models (
      user_id INTEGER NOT NULL REFERENCES users (id),
      task_type TEXT NOT NULL,
      model_provider TEXT NOT NULL,
      model_name TEXT NOT NULL,
      PRIMARY KEY (user_id, task_type)
    ) STRICT, WITHOUT ROWID;
    """

  private static let askedAmounts = """
    ALTER TABLE inbox ADD COLUMN asked_micro INTEGER;
    """
}
