import GRDB

/// The messages that show growing answers.
enum PreviewSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("bot 8: previews of answers") { db in
      try db.execute(sql: previews)
    }
  }

  /// `message_id` is NULL until Telegram has told it; `may_be_doubled` is set where a part was sent
  /// again after that was never told. `outbox.preview_part` is the part whose place a reply takes.
  private static let previews = """
    CREATE TABLE previews (
      update_id INTEGER NOT NULL,
      part INTEGER NOT NULL,
      channel TEXT NOT NULL CHECK (channel = 'telegram' OR channel = 'console'),
      chat_id INTEGER NOT NULL,
      message_id INTEGER,
      state TEXT NOT NULL CHECK (state = 'sending' OR state = 'shown' OR state = 'replaced'),
      may_be_doubled INTEGER NOT NULL DEFAULT 0 CHECK (may_be_doubled = 0 OR may_be_doubled = 1),
      created_at TEXT NOT NULL,
      PRIMARY KEY (update_id, part)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX previews_by_age ON previews (created_at);
    ALTER TABLE outbox ADD COLUMN preview_part INTEGER;
    """
}
