import GRDB

/// What is counted so that nobody takes advantage of the house, by the bare id on Telegram: an
/// erasure begins no count anew.
enum ErasureSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("ledger 6: counts that outlive an erasure") { db in
      for sql in [people, failures] { try db.execute(sql: sql) }
    }
  }

  /// `thanked_friends`: for how many newcomers the person was thanked, in all accounts that they
  /// erased. `is_owed_welcome`: the account was opened on a day that had no welcome credits left.
  private static let people = """
    ALTER TABLE erased_people ADD COLUMN thanked_friends INTEGER NOT NULL DEFAULT 0
      CHECK (thanked_friends >= 0);
    ALTER TABLE users ADD COLUMN is_owed_welcome INTEGER NOT NULL DEFAULT 0
      CHECK (is_owed_welcome IN (0, 1));
    CREATE INDEX welcome_grants ON credit_transactions (created_at)
      WHERE transaction_type = 'initial_grant';
    """

  private static let failures = """
    ALTER TABLE failed_redemptions RENAME TO old_failed_redemptions;
    DROP INDEX failed_redemptions_of_user;
    CREATE TABLE failed_redemptions (
      telegram_user_id INTEGER NOT NULL,
      failed_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX failed_redemptions_of_person ON failed_redemptions (telegram_user_id, failed_at);
    INSERT INTO failed_redemptions (telegram_user_id, failed_at)
      SELECT u.telegram_user_id, f.failed_at FROM old_failed_redemptions f
      JOIN users u ON u.id = f.user_id WHERE u.telegram_user_id >= 0;
    DROP TABLE old_failed_redemptions;
    """
}
