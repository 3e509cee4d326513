import GRDB

/// What selling credits adds to the tables of the ledger: orders, payments, refunds, subscriptions,
/// Telegram's own statement of Stars, promotions, and what an account needs for them.
enum PaymentSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("ledger 2: payments, promotions") { db in
      for sql in [
        users, keysWithoutPeople, orders, payments, refunds, subscriptions, statement, codes,
      ] {
        try db.execute(sql: sql)
      }
    }
  }

  /// `blocked_at`: by an administrator. `unreachable_since`: the person has blocked the bot.
  /// `is_returning`: had an account before and erased it; what is given once is not given again.
  ///
  /// `erased_people` is linked to nothing: it knows who had an account, not which one.
  private static let users = """
    ALTER TABLE users ADD COLUMN blocked_at TEXT;
    ALTER TABLE users ADD COLUMN unreachable_since TEXT;
    ALTER TABLE users ADD COLUMN erased_at TEXT;
    ALTER TABLE users ADD COLUMN is_returning INTEGER NOT NULL DEFAULT 0
      CHECK (is_returning IN (0, 1));
    ALTER TABLE users ADD COLUMN referral_code TEXT;
    ALTER TABLE users ADD COLUMN referred_by INTEGER REFERENCES users (id);
    CREATE UNIQUE INDEX referral_codes ON users (referral_code) WHERE referral_code IS NOT NULL;
    CREATE INDEX referred_users ON users (referred_by) WHERE referred_by IS NOT NULL;
    CREATE TABLE erased_people (
      telegram_user_id INTEGER PRIMARY KEY,
      was_blocked INTEGER NOT NULL CHECK (was_blocked IN (0, 1))
    ) STRICT;
    """

  /// The key of the first grant named the person; the journal is to be anonymous once the account
  /// is erased. No amount changes. In two steps, as one person's id may be the number of another's
  /// row, whose key then is not free yet.
  private static let keysWithoutPeople = """
    DROP TRIGGER the_journal_is_never_edited;
    UPDATE credit_transactions SET idempotency_key = 'initial_grant:row:' || user_id
      WHERE transaction_type = 'initial_grant';
    UPDATE credit_transactions SET idempotency_key = 'initial_grant:' || user_id
      WHERE transaction_type = 'initial_grant';
    CREATE TRIGGER the_journal_is_never_edited BEFORE UPDATE ON credit_transactions
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: add a correcting row'); END;
    CREATE INDEX transactions_by_time ON credit_transactions (created_at);
    CREATE INDEX usage_by_time ON api_key_usage (created_at);
    """

  /// `id` is the payload of the invoice. A row keeps what was offered, whatever the configuration
  /// says later.
  private static let orders = """
    CREATE TABLE orders (
      id TEXT PRIMARY KEY,
      user_id INTEGER NOT NULL REFERENCES users (id),
      package_name TEXT NOT NULL,
      credits_micro INTEGER NOT NULL CHECK (credits_micro > 0),
      bonus_micro INTEGER NOT NULL CHECK (bonus_micro >= 0),
      currency TEXT NOT NULL CHECK (currency = 'XTR'),
      price_stars INTEGER NOT NULL CHECK (price_stars > 0),
      is_monthly INTEGER NOT NULL CHECK (is_monthly IN (0, 1)),
      state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'closed')),
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX orders_of_user ON orders (user_id, created_at);
    """

  /// A payment that fits no order credits nothing: it has a `flaw` in place of a transaction.
  /// `payer_telegram_user_id` is gone once the payer's data are erased.
  private static let payments = """
    CREATE TABLE payments (
      id INTEGER PRIMARY KEY,
      charge_id TEXT NOT NULL UNIQUE,
      payer_telegram_user_id INTEGER,
      order_id TEXT REFERENCES orders (id),
      currency TEXT NOT NULL,
      amount INTEGER NOT NULL,
      transaction_id INTEGER UNIQUE REFERENCES credit_transactions (id),
      flaw TEXT,
      learned_from TEXT NOT NULL CHECK (learned_from IN ('update', 'statement')),
      paid_at TEXT NOT NULL,
      created_at TEXT NOT NULL,
      CHECK ((transaction_id IS NULL) = (flaw IS NOT NULL))
    ) STRICT;
    CREATE INDEX payments_of_order ON payments (order_id);
    CREATE INDEX payments_by_time ON payments (paid_at);
    CREATE INDEX payments_of_payer ON payments (payer_telegram_user_id);
    """

  /// `clawback_micro` was taken from the balance; `loss_micro` had been spent, and the house bears
  /// it. A `failed` one was refused by Telegram, and its clawback given back.
  private static let refunds = """
    CREATE TABLE refunds (
      id INTEGER PRIMARY KEY,
      payment_id INTEGER NOT NULL REFERENCES payments (id),
      state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
      clawback_micro INTEGER NOT NULL CHECK (clawback_micro >= 0),
      loss_micro INTEGER NOT NULL CHECK (loss_micro >= 0),
      transaction_id INTEGER UNIQUE REFERENCES credit_transactions (id),
      reversal_transaction_id INTEGER UNIQUE REFERENCES credit_transactions (id),
      requested_by TEXT NOT NULL,
      failure TEXT,
      created_at TEXT NOT NULL,
      finished_at TEXT
    ) STRICT;
    CREATE UNIQUE INDEX one_refund_of_a_payment ON refunds (payment_id) WHERE state <> 'failed';
    CREATE INDEX refunds_by_time ON refunds (finished_at);
    """

  /// `charge_id` is that of the first payment, which names the subscription to Telegram.
  private static let subscriptions = """
    CREATE TABLE subscriptions (
      order_id TEXT PRIMARY KEY REFERENCES orders (id),
      user_id INTEGER NOT NULL REFERENCES users (id),
      charge_id TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('active', 'canceled', 'failed')),
      paid_until TEXT NOT NULL,
      updated_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX subscriptions_of_user ON subscriptions (user_id);
    """

  /// What Telegram's own list of the bot's Stars says, each entry once, and how far it was read:
  /// `next_offset` entries, of which the last is named, so that a list that is another one shows.
  private static let statement = """
    CREATE TABLE star_statement (
      id TEXT NOT NULL,
      is_incoming INTEGER NOT NULL CHECK (is_incoming IN (0, 1)),
      stars INTEGER NOT NULL,
      nanostars INTEGER NOT NULL,
      finding TEXT NOT NULL,
      happened_at TEXT NOT NULL,
      created_at TEXT NOT NULL,
      PRIMARY KEY (id, is_incoming)
    ) STRICT;
    CREATE TABLE star_statement_cursor (
      only INTEGER PRIMARY KEY CHECK (only = 1),
      next_offset INTEGER NOT NULL CHECK (next_offset > 0),
      last_id TEXT NOT NULL,
      last_is_incoming INTEGER NOT NULL CHECK (last_is_incoming IN (0, 1))
    ) STRICT;
    """

  private static let codes = """
    CREATE TABLE promotion_codes (
      code TEXT PRIMARY KEY,
      credits_micro INTEGER NOT NULL CHECK (credits_micro > 0),
      most_uses INTEGER NOT NULL CHECK (most_uses > 0),
      uses INTEGER NOT NULL DEFAULT 0 CHECK (uses BETWEEN 0 AND most_uses),
      expires_at TEXT NOT NULL,
      created_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE code_redemptions (
      code TEXT NOT NULL REFERENCES promotion_codes (code),
      user_id INTEGER NOT NULL REFERENCES users (id),
      transaction_id INTEGER NOT NULL UNIQUE REFERENCES credit_transactions (id),
      created_at TEXT NOT NULL,
      PRIMARY KEY (code, user_id)
    ) STRICT;
    CREATE TABLE failed_redemptions (
      user_id INTEGER NOT NULL REFERENCES users (id),
      failed_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX failed_redemptions_of_user ON failed_redemptions (user_id, failed_at);
    """
}
