import GRDB

/// The tables of the ledger. Times are UTC text with milliseconds; amounts say their unit in the
/// column's name. Migrations that have shipped are never edited.
enum LedgerSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("ledger 1: users, prices, usage, transactions, holds") { db in
      for sql in [users, projects, modelPricing, usage, transactions, holds] {
        try db.execute(sql: sql)
      }
    }
    PaymentSchema.register(in: &migrator)
    PriceSchema.register(in: &migrator)
    StateSchema.register(in: &migrator)
    LossSchema.register(in: &migrator)
    ErasureSchema.register(in: &migrator)
    PriceSchema.registerToldPrices(in: &migrator)
    PromotionSchema.register(in: &migrator)
    CorrectionSchema.register(in: &migrator)
    SpendingSchema.register(in: &migrator)
    BuildSchema.register(in: &migrator)
    ProofSchema.register(in: &migrator)
    TermSchema.register(in: &migrator)
    UntoldSchema.register(in: &migrator)
  }

  private static let users = """
    CREATE TABLE users (
      id INTEGER PRIMARY KEY,
      telegram_user_id INTEGER NOT NULL UNIQUE,
      username TEXT,
      first_name TEXT,
      language_code TEXT,
      credit_balance_micro INTEGER NOT NULL DEFAULT 0,
      credit_held_micro INTEGER NOT NULL DEFAULT 0,
      active_project_id TEXT REFERENCES projects (id),
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL,
      CHECK (credit_held_micro >= 0 AND credit_held_micro <= credit_balance_micro)
    ) STRICT;
    """

  private static let projects = """
    CREATE TABLE projects (
      id TEXT PRIMARY KEY,
      user_id INTEGER NOT NULL REFERENCES users (id),
      title TEXT NOT NULL,
      description TEXT,
      status TEXT NOT NULL CHECK (status IN ('active', 'done')),
      tech_stack TEXT,
      current_todo_markdown TEXT,
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL,
      completed_at TEXT
    ) STRICT;
    CREATE INDEX projects_of_user ON projects (user_id, created_at);
    """

  private static let modelPricing = """
    CREATE TABLE model_pricing (
      id INTEGER PRIMARY KEY,
      model_provider TEXT NOT NULL,
      model_name TEXT NOT NULL,
      input_cost_per_million_tokens TEXT NOT NULL,
      output_cost_per_million_tokens TEXT NOT NULL,
      cached_input_cost_per_million_tokens TEXT,
      reasoning_cost_per_million_tokens TEXT,
      image_input_cost_per_image TEXT,
      image_output_cost_per_image TEXT,
      long_prompt_threshold_tokens INTEGER,
      long_prompt_input_cost_per_million_tokens TEXT,
      long_prompt_output_cost_per_million_tokens TEXT,
      long_prompt_cached_input_cost_per_million_tokens TEXT,
      currency TEXT NOT NULL DEFAULT 'USD' CHECK (currency = 'USD'),
      notes TEXT,
      is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX one_active_price ON model_pricing (model_provider, model_name)
      WHERE is_active = 1;
    CREATE TRIGGER a_price_is_never_edited BEFORE UPDATE OF model_provider, model_name,
      input_cost_per_million_tokens, output_cost_per_million_tokens,
      cached_input_cost_per_million_tokens, reasoning_cost_per_million_tokens,
      image_input_cost_per_image, image_output_cost_per_image, long_prompt_threshold_tokens,
      long_prompt_input_cost_per_million_tokens, long_prompt_output_cost_per_million_tokens,
      long_prompt_cached_input_cost_per_million_tokens, currency ON model_pricing
    BEGIN SELECT RAISE(ABORT, 'a price is never edited: open a new version'); END;
    CREATE TRIGGER a_price_is_never_deleted BEFORE DELETE ON model_pricing
    BEGIN SELECT RAISE(ABORT, 'a price is never deleted: deactivate it'); END;
    """

  /// `actual_cost_usd` is the exact cost, `reported_cost_usd` the provider's own figure if it
  /// gave one; with the terms beside them, every charge can be proven from its row.
  private static let usage = """
    CREATE TABLE api_key_usage (
      id INTEGER PRIMARY KEY,
      project_id TEXT REFERENCES projects (id),
      user_id INTEGER NOT NULL REFERENCES users (id),
      hold_id TEXT UNIQUE REFERENCES credit_holds (id),
      api_key_identifier TEXT NOT NULL CHECK (length(api_key_identifier) <= 8),
      model_provider TEXT NOT NULL,
      model_name TEXT NOT NULL,
      task_type TEXT NOT NULL,
      input_tokens_used INTEGER NOT NULL CHECK (input_tokens_used >= 0),
      output_tokens_used INTEGER NOT NULL CHECK (output_tokens_used >= 0),
      cached_input_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cached_input_tokens >= 0),
      reasoning_tokens INTEGER NOT NULL DEFAULT 0 CHECK (reasoning_tokens >= 0),
      images_processed INTEGER NOT NULL DEFAULT 0 CHECK (images_processed >= 0),
      actual_cost_nanousd INTEGER NOT NULL CHECK (actual_cost_nanousd >= 0),
      actual_cost_usd TEXT NOT NULL,
      table_cost_usd TEXT NOT NULL,
      reported_cost_usd TEXT,
      credit_value_usd TEXT NOT NULL,
      markup TEXT NOT NULL,
      forgiven_micro INTEGER NOT NULL DEFAULT 0 CHECK (forgiven_micro >= 0),
      is_estimate INTEGER NOT NULL DEFAULT 0 CHECK (is_estimate IN (0, 1)),
      response_time_ms INTEGER NOT NULL CHECK (response_time_ms >= 0),
      model_pricing_id INTEGER NOT NULL REFERENCES model_pricing (id),
      provider_request_id TEXT,
      charged_to TEXT NOT NULL CHECK (charged_to IN ('user', 'house')),
      created_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX usage_of_project ON api_key_usage (project_id);
    CREATE INDEX usage_at_price ON api_key_usage (model_pricing_id, id);
    CREATE INDEX house_losses ON api_key_usage (user_id, created_at) WHERE charged_to = 'house';
    """

  private static let transactions = """
    CREATE TABLE credit_transactions (
      id INTEGER PRIMARY KEY,
      user_id INTEGER NOT NULL REFERENCES users (id),
      project_id TEXT REFERENCES projects (id),
      api_key_usage_id INTEGER UNIQUE REFERENCES api_key_usage (id),
      transaction_type TEXT NOT NULL CHECK (transaction_type IN (
        'initial_grant', 'purchase', 'usage_deduction', 'refund', 'manual_adjustment',
        'referral_bonus', 'expiry')),
      credits_amount_micro INTEGER NOT NULL,
      balance_after_micro INTEGER NOT NULL CHECK (balance_after_micro >= 0),
      real_cost_associated_nanousd INTEGER,
      external_transaction_id TEXT,
      idempotency_key TEXT NOT NULL UNIQUE,
      description TEXT NOT NULL,
      created_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX transactions_of_user ON credit_transactions (user_id, id);
    CREATE INDEX transactions_of_project ON credit_transactions (project_id);
    CREATE TRIGGER the_journal_is_never_edited BEFORE UPDATE ON credit_transactions
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: add a correcting row'); END;
    CREATE TRIGGER the_journal_is_never_cut BEFORE DELETE ON credit_transactions
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: add a correcting row'); END;
    """

  private static let holds = """
    CREATE TABLE credit_holds (
      id TEXT PRIMARY KEY,
      user_id INTEGER NOT NULL REFERENCES users (id),
      project_id TEXT REFERENCES projects (id),
      amount_micro INTEGER NOT NULL CHECK (amount_micro >= 0),
      state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'settled', 'voided')),
      task_type TEXT NOT NULL,
      model_provider TEXT NOT NULL,
      model_name TEXT NOT NULL,
      model_pricing_id INTEGER NOT NULL REFERENCES model_pricing (id),
      input_tokens_estimate INTEGER NOT NULL,
      output_tokens_cap INTEGER NOT NULL,
      sent_at TEXT,
      provider_request_id TEXT,
      created_at TEXT NOT NULL,
      deadline_at TEXT NOT NULL,
      finished_at TEXT
    ) STRICT;
    CREATE INDEX pending_holds ON credit_holds (user_id) WHERE state = 'pending';
    CREATE TRIGGER a_finished_hold_stays_finished BEFORE UPDATE OF state ON credit_holds
    WHEN OLD.state <> 'pending'
    BEGIN SELECT RAISE(ABORT, 'a settled or voided hold is finished for good'); END;
    """
}
