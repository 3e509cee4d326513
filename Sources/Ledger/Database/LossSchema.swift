import GRDB

/// What the house bears of each call, in columns: so that its sum is an index away. And which task
/// list an answer has replaced, so that it comes back where the answer is given back.
enum LossSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("ledger 5: what the house bears of each call") { db in
      try db.execute(sql: columns)
      try addOverruns(in: db)
      try db.execute(sql: taskLists)
    }
  }

  /// What was estimated was cut off by a crash or by the network, which counted for nobody.
  private static let columns = """
    ALTER TABLE api_key_usage ADD COLUMN loss_nanousd INTEGER NOT NULL DEFAULT 0
      CHECK (loss_nanousd >= 0);
    ALTER TABLE api_key_usage ADD COLUMN loss_cause TEXT CHECK (loss_cause IN (
      'failed_call', 'overrun', 'undelivered', 'interrupted', 'outage'));
    ALTER TABLE api_key_usage ADD COLUMN lost_at TEXT
      CHECK (
        (lost_at IS NULL) = (loss_cause IS NULL) AND (loss_nanousd = 0 OR lost_at IS NOT NULL));
    UPDATE api_key_usage SET loss_nanousd = actual_cost_nanousd, lost_at = created_at,
        loss_cause = iif(is_estimate, 'interrupted', 'failed_call')
      WHERE charged_to = 'house';
    UPDATE api_key_usage SET loss_nanousd = actual_cost_nanousd, loss_cause = 'undelivered',
        lost_at = refund.created_at
      FROM credit_transactions refund
      WHERE refund.hold_id = api_key_usage.hold_id AND refund.transaction_type = 'refund'
        AND charged_to = 'user';
    DROP INDEX house_losses;
    CREATE INDEX losses_by_time ON api_key_usage (lost_at) WHERE loss_cause IS NOT NULL;
    CREATE INDEX losses_of_user ON api_key_usage (user_id, lost_at) WHERE loss_cause IS NOT NULL;
    """

  /// `todo_update_id` is the update whose answer brought the task list.
  private static let taskLists = """
    ALTER TABLE projects ADD COLUMN todo_update_id INTEGER;
    ALTER TABLE projects ADD COLUMN replaced_todo_markdown TEXT;
    """

  /// What was forgiven was told in credits; what the house bore of it is exact in dollars alone.
  private static func addOverruns(in db: Database) throws {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT u.id, u.actual_cost_usd, u.credit_value_usd, -t.credits_amount_micro AS charge
        FROM api_key_usage u
        JOIN credit_transactions t ON t.api_key_usage_id = u.id
        WHERE u.forgiven_micro > 0 AND u.loss_cause IS NULL
        """)
    for row in rows {
      let amount = try CallLoss.amount(
        of: try USD(parsing: row["actual_cost_usd"]), charge: row["charge"],
        creditValueUSD: row["credit_value_usd"])
      guard amount > .zero else { continue }
      try db.execute(
        sql: """
          UPDATE api_key_usage SET loss_nanousd = ?, loss_cause = 'overrun', lost_at = created_at
          WHERE id = ?
          """,
        arguments: [amount, row["id"]])
    }
  }
}
