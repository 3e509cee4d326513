import GRDB

/// What was told by idempotency keys and by sentences before, in columns: no text is read any more
/// to learn what a row is.
enum StateSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("ledger 4: what keys and sentences told, in columns") { db in
      for sql in [transactions, statement, refunds] { try db.execute(sql: sql) }
    }
  }

  /// `hold_id` names the call that a deduction charges, or that a refund gives back: a call has one
  /// deduction, and one refund at most. `referred_user_id` is the newcomer whom a referral bonus is
  /// for: in the newcomer's own row, and in that of whoever invited them.
  private static let transactions = """
    ALTER TABLE credit_transactions ADD COLUMN hold_id TEXT REFERENCES credit_holds (id);
    ALTER TABLE credit_transactions ADD COLUMN referred_user_id INTEGER REFERENCES users (id);
    DROP TRIGGER the_journal_is_never_edited;
    UPDATE credit_transactions SET hold_id = substr(idempotency_key, length('settle:') + 1)
      WHERE transaction_type = 'usage_deduction' AND idempotency_key GLOB 'settle:*'
        AND substr(idempotency_key, length('settle:') + 1) IN (SELECT id FROM credit_holds);
    UPDATE credit_transactions SET hold_id = substr(idempotency_key, length('refund:') + 1)
      WHERE transaction_type = 'refund' AND idempotency_key GLOB 'refund:*'
        AND substr(idempotency_key, length('refund:') + 1) IN (SELECT id FROM credit_holds);
    UPDATE credit_transactions
      SET referred_user_id = CAST(substr(idempotency_key, length('referral:') + 1) AS INTEGER)
      WHERE transaction_type = 'referral_bonus' AND idempotency_key GLOB 'referral:*'
        AND CAST(substr(idempotency_key, length('referral:') + 1) AS INTEGER)
          IN (SELECT id FROM users);
    CREATE TRIGGER the_journal_is_never_edited BEFORE UPDATE ON credit_transactions
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: add a correcting row'); END;
    CREATE UNIQUE INDEX transactions_of_hold ON credit_transactions (hold_id, transaction_type)
      WHERE hold_id IS NOT NULL;
    """

  /// The finding was `untold: REASON`, then `unexplained: REASON` once administrators were told.
  private static let statement = """
    ALTER TABLE star_statement ADD COLUMN reason TEXT
      CHECK ((reason IS NOT NULL) = (finding = 'unexplained'));
    ALTER TABLE star_statement ADD COLUMN is_told INTEGER NOT NULL DEFAULT 1
      CHECK (is_told = 1 OR (is_told = 0 AND finding = 'unexplained'));
    UPDATE star_statement SET finding = 'unexplained', is_told = finding GLOB 'unexplained*',
        reason = substr(finding, instr(finding, ': ') + length(': '))
      WHERE finding GLOB 'untold*' OR finding GLOB 'unexplained*';
    """

  /// `requested_by` was the id of an administrator if it is `administrator` now.
  private static let refunds = """
    ALTER TABLE refunds ADD COLUMN administrator_telegram_user_id INTEGER
      CHECK ((administrator_telegram_user_id IS NOT NULL) = (requested_by = 'administrator'));
    UPDATE refunds SET requested_by = 'administrator',
        administrator_telegram_user_id = CAST(requested_by AS INTEGER)
      WHERE requested_by NOT IN ('shell', 'telegram');
    """
}
