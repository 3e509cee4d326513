package import Foundation
import GRDB

/// Sums up a period for the operator, from the rows of the ledger alone.
package struct BusinessReportService {
  /// What a reader takes in at a glance.
  private static let maximumListed = 5

  /// Those of today; at them, spent credits that were refunded become dollars.
  let terms: BillingTerms
  let tx: LedgerTransaction

  /// - Throws: `LedgerError.amountTooLarge` if a sum leaves its range.
  package func report(from: Date, to: Date) throws -> BusinessReport {
    let period: StatementArguments = ["from": from.databaseText, "to": to.databaseText]
    return try LedgerError.checkingSums {
      let stars = try row(Self.stars, period)
      let refunds = try row(Self.refunds, period)
      let credits = try row(Self.credits, period)
      let people = try row(Self.people, period)
      let calls = try CallSums.total(period, in: tx)
      return BusinessReport(
        from: from, to: to, payments: stars["count"], starsReceived: stars["stars"],
        refunds: refunds["count"], starsRefunded: refunds["stars"], creditsSold: credits["sold"],
        creditsGiven: credits["given"], creditsTakenBack: credits["taken_back"],
        creditsSpent: calls.charged, creditsSpentValue: try calls.chargedValue.nanoDollars(),
        realCost: calls.realCost,
        houseLosses: try houseLosses(period, refundedSpent: refunds),
        newUsers: people["new"], activeUsers: people["active"],
        topModels: try topModels(period), topUsers: try topUsers(period))
    }
  }

  private func row(
    _ sql: String, _ period: StatementArguments
  ) throws -> Row {
    try Row.fetchOne(tx.db, sql: sql, arguments: period) ?? Row()
  }

  private static let stars = """
    SELECT count(*) AS count, coalesce(sum(amount), 0) AS stars FROM payments
    WHERE currency = 'XTR' AND paid_at >= :from AND paid_at < :to
    """

  private static let refunds = """
    SELECT count(*) AS count, coalesce(sum(p.amount), 0) AS stars,
      count(iif(r.loss_micro > 0, 1, NULL)) AS lossy, coalesce(sum(r.loss_micro), 0) AS loss
    FROM refunds r JOIN payments p ON p.id = r.payment_id
    WHERE r.state = 'done' AND r.finished_at >= :from AND r.finished_at < :to
      AND p.currency = 'XTR'
    """

  /// A refund of Stars takes credits, and gives them again only if Telegram refused it; every
  /// other refund gives back what a call was charged.
  private static let credits = """
    SELECT
      coalesce(sum(iif(kind = 'purchase', amount, 0)), 0) AS sold,
      coalesce(sum(iif(kind IN ('initial_grant', 'referral_bonus')
        OR (kind = 'manual_adjustment' AND amount > 0), amount, 0)), 0) AS given,
      coalesce(sum(iif(kind = 'expiry' OR (kind = 'refund' AND is_of_stars)
        OR (kind = 'manual_adjustment' AND amount < 0), -amount, 0)), 0) AS taken_back
    FROM (
      SELECT t.transaction_type AS kind, t.credits_amount_micro AS amount,
        t.credits_amount_micro < 0 OR r.id IS NOT NULL AS is_of_stars
      FROM credit_transactions t LEFT JOIN refunds r ON r.reversal_transaction_id = t.id
      WHERE t.created_at >= :from AND t.created_at < :to)
    """

  private static let people = """
    SELECT count(DISTINCT user_id) AS active,
      (SELECT count(*) FROM users WHERE created_at >= :from AND created_at < :to) AS new
    FROM api_key_usage WHERE created_at >= :from AND created_at < :to
    """
}

// MARK: - What the house bears

extension BusinessReportService {
  private typealias Loss = BusinessReport.HouseLoss

  private func houseLosses(
    _ period: StatementArguments, refundedSpent refunds: Row
  ) throws -> [Loss] {
    let rows = try Row.fetchAll(tx.db, sql: Self.losses, arguments: period)
    let spent: Credits = refunds["loss"]
    let losses =
      rows.map { row in
        Loss(
          reason: row["is_free"] ? .freeRepairs : .call(row["loss_cause"]), count: row["count"],
          amount: row["loss"])
      } + [
        Loss(
          reason: .refundedCredits, count: refunds["lossy"],
          amount: try terms.cost(coveredBy: spent).nanoDollars())
      ]
    return losses.filter { $0.count > 0 }.sorted { left, right in
      guard left.amount == right.amount else { return left.amount > right.amount }
      return left.reason.words < right.reason.words
    }
  }

  private static let losses = """
    SELECT loss_cause, loss_cause = 'overrun' AND markup = '0' AS is_free, count(*) AS count,
      sum(loss_nanousd) AS loss
    FROM api_key_usage
    WHERE loss_cause IS NOT NULL AND lost_at >= :from AND lost_at < :to GROUP BY loss_cause, is_free
    """
}

// MARK: - Who and what brings most

extension BusinessReportService {
  private func topModels(
    _ period: StatementArguments
  ) throws -> [BusinessReport.TopModel] {
    let sql = """
      SELECT c.model_provider, c.model_name, count(*) AS calls,
        sum(c.charged - c.given_back) AS charged, sum(c.actual_cost_nanousd) AS cost
      FROM (\(CallSums.calls)) c GROUP BY c.model_provider, c.model_name
      ORDER BY charged DESC, cost DESC, c.model_provider, c.model_name LIMIT \(Self.maximumListed)
      """
    return try Row.fetchAll(tx.db, sql: sql, arguments: period).map { row in
      BusinessReport.TopModel(
        provider: row["model_provider"], model: row["model_name"], calls: row["calls"],
        charged: row["charged"], realCost: row["cost"])
    }
  }

  private func topUsers(
    _ period: StatementArguments
  ) throws -> [BusinessReport.TopUser] {
    let sql = """
      SELECT u.telegram_user_id, coalesce('@' || u.username, u.first_name) AS name,
        count(*) AS calls, sum(c.charged - c.given_back) AS charged,
        sum(c.actual_cost_nanousd) AS cost
      FROM (\(CallSums.calls)) c JOIN users u ON u.id = c.user_id GROUP BY u.id
      ORDER BY charged DESC, cost DESC, u.id LIMIT \(Self.maximumListed)
      """
    return try Row.fetchAll(tx.db, sql: sql, arguments: period).map { row in
      BusinessReport.TopUser(
        telegramUserID: row["telegram_user_id"], name: row["name"], calls: row["calls"],
        charged: row["charged"], realCost: row["cost"])
    }
  }
}
