import GRDB

/// What a provider tells of a call only after it was charged by an estimate, and what is given back
/// for that.
enum CorrectionSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("ledger 9: estimates that are corrected later") { db in
      for sql in [usage, journal] { try db.execute(sql: sql) }
    }
  }

  /// `charge_limit_micro`: the most that the person pays for a call whose usage is not known to its
  /// end. `booked_cost_nanousd`: the cost that the charge was booked with, where another was told
  /// later. `look_up_after`: when its provider is asked next; `look_ups`: how often it was.
  private static let usage = """
    ALTER TABLE api_key_usage ADD COLUMN charge_limit_micro INTEGER
      CHECK (charge_limit_micro >= 0);
    ALTER TABLE api_key_usage ADD COLUMN booked_cost_nanousd INTEGER
      CHECK (booked_cost_nanousd >= 0);
    ALTER TABLE api_key_usage ADD COLUMN look_up_after TEXT
      CHECK (look_up_after IS NULL OR (provider_request_id IS NOT NULL AND is_estimate = 1));
    ALTER TABLE api_key_usage ADD COLUMN look_ups INTEGER NOT NULL DEFAULT 0
      CHECK (look_ups >= 0);
    CREATE INDEX calls_to_look_up ON api_key_usage (look_up_after)
      WHERE look_up_after IS NOT NULL;
    """

  /// The same with one more type, which SQLite adds to no table that there is.
  private static let journal = """
    CREATE TABLE new_credit_transactions (
      id INTEGER PRIMARY KEY,
      user_id INTEGER NOT NULL REFERENCES users (id),
      project_id TEXT REFERENCES projects (id),
      api_key_usage_id INTEGER UNIQUE REFERENCES api_key_usage (id),
      transaction_type TEXT NOT NULL CHECK (transaction_type IN (
        'initial_grant', 'purchase', 'usage_deduction', 'usage_correction', 'refund',
        'manual_adjustment', 'referral_bonus', 'expiry')),
      credits_amount_micro INTEGER NOT NULL,
      balance_after_micro INTEGER NOT NULL CHECK (balance_after_micro >= 0),
      real_cost_associated_nanousd INTEGER,
      external_transaction_id TEXT,
      idempotency_key TEXT NOT NULL UNIQUE,
      description TEXT NOT NULL,
      created_at TEXT NOT NULL,
      hold_id TEXT REFERENCES credit_holds (id),
      referred_user_id INTEGER REFERENCES users (id)
    ) STRICT;
    INSERT INTO new_credit_transactions SELECT id, user_id, project_id, api_key_usage_id,
      transaction_type, credits_amount_micro, balance_after_micro, real_cost_associated_nanousd,
      external_transaction_id, idempotency_key, description, created_at, hold_id, referred_user_id
      FROM credit_transactions ORDER BY id;
    DROP TABLE credit_transactions;
    ALTER TABLE new_credit_transactions RENAME TO credit_transactions;
    CREATE INDEX transactions_by_time ON credit_transactions (created_at);
    CREATE UNIQUE INDEX transactions_of_hold ON credit_transactions (hold_id, transaction_type)
      WHERE hold_id IS NOT NULL;
    CREATE INDEX transactions_of_project ON credit_transactions (project_id);
    CREATE INDEX transactions_of_user ON credit_transactions (user_id, id);
    CREATE INDEX welcome_grants ON credit_transactions (created_at)
      WHERE transaction_type = 'initial_grant';
    CREATE TRIGGER the_journal_is_never_edited BEFORE UPDATE ON credit_transactions
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: add a correcting row'); END;
    CREATE TRIGGER the_journal_is_never_cut BEFORE DELETE ON credit_transactions
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: add a correcting row'); END;
    """
}
