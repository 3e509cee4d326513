import Foundation
import GRDB
import Metering

/// Proves over the file what must never be false of the ledger. Each break is one sentence that
/// names the rows.
package struct LedgerVerification {
  let tx: LedgerTransaction

  /// What was looked at, and what is wrong with it.
  package struct Report: Sendable, Equatable {
    package var users = 0
    package var transactions = 0
    package var settledCalls = 0
    package var breaks: [String] = []

    package init(
      users: Int = 0, transactions: Int = 0, settledCalls: Int = 0, breaks: [String] = []
    ) {
      self.users = users
      self.transactions = transactions
      self.settledCalls = settledCalls
      self.breaks = breaks
    }

    package var isSound: Bool { breaks.isEmpty }
  }

  /// More breaks than this say nothing new.
  private static let maximumBreaks = 1_000

  /// Everything: row by row, and every charge computed anew from its usage and its price.
  package func verify() throws -> Report {
    var report = try verifyBalances()
    let checks = Self.journalChecks + Self.paymentChecks
    report.breaks += try checks.flatMap { try breaks($0) }
    report.breaks += try overdueHolds()
    try verifyCharges(into: &report)
    report.transactions = try count("credit_transactions")
    report.breaks = Array(report.breaks.prefix(Self.maximumBreaks))
    return report
  }

  /// The cheap form for every start: balances and holds agree with the rows behind them.
  package func verifyBalances() throws -> Report {
    Report(
      users: try count("users"),
      breaks: try Self.balanceChecks.flatMap { try breaks($0) })
  }

  /// Each query returns one sentence a break.
  private static let balanceChecks = [
    """
    SELECT format('user %d: the balance is %d micro-credits, but the journal sums to %d',
      u.id, u.credit_balance_micro, coalesce(sum(t.credits_amount_micro), 0))
    FROM users u LEFT JOIN credit_transactions t ON t.user_id = u.id
    GROUP BY u.id HAVING u.credit_balance_micro <> coalesce(sum(t.credits_amount_micro), 0)
    """,
    """
    SELECT format('user %d: %d micro-credits are held, but the pending holds sum to %d',
      u.id, u.credit_held_micro, coalesce(sum(h.amount_micro), 0))
    FROM users u LEFT JOIN credit_holds h ON h.user_id = u.id AND h.state = 'pending'
    GROUP BY u.id HAVING u.credit_held_micro <> coalesce(sum(h.amount_micro), 0)
    """,
    """
    SELECT format('user %d: %d micro-credits held of a balance of %d',
      id, credit_held_micro, credit_balance_micro)
    FROM users WHERE credit_held_micro < 0 OR credit_held_micro > credit_balance_micro
    """,
  ]

  private static let journalChecks = [
    """
    SELECT format('transaction %d: the balance after it is given as %d, but the rows sum to %d',
      id, balance_after_micro, running)
    FROM (SELECT id, balance_after_micro,
        sum(credits_amount_micro) OVER (PARTITION BY user_id ORDER BY id) AS running
      FROM credit_transactions)
    WHERE balance_after_micro <> running
    """,
    """
    SELECT format('hold %s is settled, but has %d usage rows charged to its user', h.id,
      count(u.id))
    FROM credit_holds h
    LEFT JOIN api_key_usage u ON u.hold_id = h.id AND u.user_id = h.user_id
      AND u.charged_to = 'user'
    WHERE h.state = 'settled' GROUP BY h.id HAVING count(u.id) <> 1
    """,
    """
    SELECT format('usage %d is charged to a user, but its hold %s is %s', u.id, u.hold_id,
      coalesce(h.state, 'missing'))
    FROM api_key_usage u LEFT JOIN credit_holds h ON h.id = u.hold_id
    WHERE u.charged_to = 'user' AND h.state IS NOT 'settled'
    """,
    """
    SELECT format('usage %d is charged to a user, but has %d deductions from that user', u.id,
      count(t.id))
    FROM api_key_usage u
    LEFT JOIN credit_transactions t ON t.api_key_usage_id = u.id AND t.user_id = u.user_id
      AND t.transaction_type = 'usage_deduction' AND t.hold_id = u.hold_id
    WHERE u.charged_to = 'user' GROUP BY u.id HAVING count(t.id) <> 1
    """,
    """
    SELECT format('transaction %d deducts for usage, but its usage row is %s', t.id,
      iif(u.id IS NULL, 'missing', 'charged to the house'))
    FROM credit_transactions t LEFT JOIN api_key_usage u ON u.id = t.api_key_usage_id
    WHERE t.transaction_type = 'usage_deduction' AND u.charged_to IS NOT 'user'
    """,
    """
    SELECT format('transaction %d corrects a charge, but no charge of that user that was looked up '
      || 'and that it leaves above zero says so', t.id)
    FROM credit_transactions t
    LEFT JOIN credit_transactions r ON r.hold_id = t.hold_id AND r.transaction_type = 'refund'
    LEFT JOIN credit_transactions d ON d.hold_id = t.hold_id AND d.user_id = t.user_id
      AND d.transaction_type = 'usage_deduction'
      AND -d.credits_amount_micro >= t.credits_amount_micro + coalesce(r.credits_amount_micro, 0)
    LEFT JOIN api_key_usage u ON u.id = d.api_key_usage_id AND u.booked_cost_nanousd IS NOT NULL
      AND u.is_estimate = 0
    WHERE t.transaction_type = 'usage_correction' AND (u.id IS NULL OR t.credits_amount_micro <= 0)
    """,
    """
    SELECT format('row %d of %s refers to a row of %s that is missing', rowid, "table", parent)
    FROM pragma_foreign_key_check
    """,
  ]

  private func overdueHolds() throws -> [String] {
    try CreditHold.fetchAll(
      tx.db, sql: "SELECT * FROM credit_holds WHERE state = 'pending' AND deadline_at < ?",
      arguments: [tx.now.databaseText]
    ).map { "hold \($0.id) is still pending after its deadline" }
  }

  private func breaks(_ sql: String) throws -> [String] {
    try String.fetchAll(tx.db, sql: sql + " LIMIT \(Self.maximumBreaks)")
  }

  private func count(_ table: String) throws -> Int {
    try Int.fetchOne(tx.db, sql: "SELECT count(*) FROM \(table)") ?? 0
  }
}

// MARK: - Charges, computed anew

extension LedgerVerification {
  private func verifyCharges(into report: inout Report) throws {
    let prices = try Dictionary(
      uniqueKeysWithValues: tx.pricing.list(includingClosed: true)
        .map { ($0.id, $0) })
    let rows = try Row.fetchCursor(
      tx.db,
      sql: """
        SELECT u.*, h.amount_micro AS held,
          -t.credits_amount_micro - coalesce(c.credits_amount_micro, 0) AS charged,
          t.real_cost_associated_nanousd AS booked_cost, r.id IS NOT NULL AS is_given_back
        FROM api_key_usage u LEFT JOIN credit_holds h ON h.id = u.hold_id
        LEFT JOIN credit_transactions t ON t.api_key_usage_id = u.id
        LEFT JOIN credit_transactions c ON c.hold_id = u.hold_id
          AND c.transaction_type = 'usage_correction'
        LEFT JOIN credit_transactions r ON r.hold_id = u.hold_id AND r.transaction_type = 'refund'
        ORDER BY u.id
        """)
    while let row = try rows.next(), report.breaks.count < Self.maximumBreaks {
      let id: Int64 = row["id"]
      if row["charged"] as Int64? != nil { report.settledCalls += 1 }
      do {
        if let flaw = try flaw(of: row, prices) { report.breaks.append("usage \(id): \(flaw)") }
      } catch {
        report.breaks.append("usage \(id): its charge cannot be computed anew: \(error)")
      }
    }
  }

  private func flaw(of row: Row, _ prices: [Int64: ModelPrice]) throws -> String? {
    guard let price = prices[row["model_pricing_id"]] else { return "its price is missing" }
    let usage = TokenUsage(
      inputTokens: row["input_tokens_used"], cachedInputTokens: row["cached_input_tokens"],
      outputTokens: row["output_tokens_used"], reasoningTokens: row["reasoning_tokens"],
      images: row["images_processed"])
    let reported: String? = row["reported_cost_usd"]
    let cost = CallCost(
      table: try Rates(price.tariff).cost(of: usage, at: PriceMoment(row["created_at"])),
      reported: try reported.map(USD.init(parsing:)))
    guard cost.table.description == row["table_cost_usd"] else {
      return
        "its tokens cost \(cost.table) USD at its price, but \(row["table_cost_usd"] as String) "
        + "is recorded"
    }
    let nanoDollars = try cost.actual.nanoDollars()
    guard cost.actual.description == row["actual_cost_usd"],
      nanoDollars == row["actual_cost_nanousd"] as NanoDollars,
      row["charged"] as Int64? == nil
        || row["booked_cost_nanousd"] ?? nanoDollars == row["booked_cost"] as NanoDollars?
    else { return "its real cost is \(cost.actual) USD, but another is recorded" }

    if let flaw = try flaw(ofLossIn: row, cost.actual) { return flaw }
    guard let charged: Int64 = row["charged"] else { return nil }
    let terms = try BillingTerms(creditValueUSD: row["credit_value_usd"], markup: row["markup"])
    let full = try terms.charge(for: cost.actual)
    let due = min(full, Credits(micro: row["held"] ?? 0), row["charge_limit_micro"] ?? full)
    // What was given back whole before its usage was known is not given back again.
    let isMore = charged > due.micro && row["is_given_back"] && row["booked_cost_nanousd"] != nil
    guard charged == due.micro || isMore, row["forgiven_micro"] == full.micro - due.micro else {
      return "its charge should be \(due.micro) micro-credits, but \(charged) were taken"
    }
    return nil
  }

  /// The house bears what no charge pays for.
  private func flaw(ofLossIn row: Row, _ cost: USD) throws -> String? {
    let charged: Credits? = row["charged"]
    let isCharged = charged != nil && !(row["is_given_back"] as Bool)
    let loss = try CallLoss.amount(
      of: cost, charge: isCharged ? charged ?? .zero : .zero,
      creditValueUSD: row["credit_value_usd"])
    let cause: CallLoss.Cause? = row["loss_cause"]
    let isFitting =
      switch cause {
      case nil: isCharged && loss == .zero
      case .overrun: isCharged && loss > .zero
      case .undelivered: charged != nil && !isCharged
      case .failedCall, .interrupted, .outage: charged == nil
      }
    guard isFitting, loss == row["loss_nanousd"] as NanoDollars else {
      return """
        the house bears \(loss) USD of it, but \(row["loss_nanousd"] as NanoDollars) are recorded \
        as \(cause?.rawValue ?? "no loss")
        """
    }
    return nil
  }
}
