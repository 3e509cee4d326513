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

    mutating func add(_ other: Report) {
      users += other.users
      transactions += other.transactions
      settledCalls += other.settledCalls
      breaks += other.breaks
    }
  }

  /// For a connection that proves much: SQLite looks for a row of another table in a page that it
  /// has, in 64 MiB of them.
  static let keepingPages = "PRAGMA cache_size = -65536"

  /// More breaks than this say nothing new.
  private static let maximumBreaks = 1_000

  /// Everything: row by row, and every charge computed anew from its usage and its price.
  package func verify() throws -> Report {
    try Part.allCases.map { try verify($0) }.reduce(into: Report()) { $0.add($1) }
  }

  /// What is proven by itself, and so side by side with the rest.
  package enum Part: CaseIterable, Sendable {
    /// The running sums, the balances and the holds of people, and each charge.
    case sums
    /// What the tables say of each other.
    case references
  }

  /// - Parameter progress: Told now and then how much is done, of how much.
  package func verify(
    _ part: Part, progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) throws -> Report {
    var report = Report()
    switch part {
    case .sums:
      let rows = try greatestID("credit_transactions")
      let all = rows + (try greatestID("api_key_usage"))
      let sums = try verifyJournal(into: &report) { progress($0, all) }
      try verifyPeople(sums, into: &report)
      report.breaks += try overdueHolds()
      try verifyCharges(into: &report) { progress(rows + $0, all) }
      progress(all, all)
    case .references:
      let checks =
        Self.journalChecks + [Self.rareRowsCheck] + Self.paymentChecks + Self.buildChecks
      for (index, check) in checks.enumerated() {
        report.breaks += try breaks(check)
        progress(index + 1, checks.count)
      }
    }
    report.breaks = Array(report.breaks.prefix(Self.maximumBreaks))
    return report
  }

  private static let journalChecks = [
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
    SELECT format('row %d of %s refers to a row of %s that is missing', rowid, "table", parent)
    FROM pragma_foreign_key_check
    """,
  ]

  private func overdueHolds() throws -> [String] {
    try String.fetchAll(
      tx.db, sql: "SELECT id FROM credit_holds WHERE state = 'pending' AND deadline_at < ?",
      arguments: [tx.now.databaseText]
    ).map { "hold \($0) is still pending after its deadline" }
  }

  private func breaks(_ sql: String) throws -> [String] {
    try String.fetchAll(tx.db, sql: sql + " LIMIT \(Self.maximumBreaks)")
  }

  private func greatestID(_ table: String) throws -> Int {
    try Int.fetchOne(tx.db, sql: "SELECT max(id) FROM \(table)") ?? 0
  }
}

// MARK: - Sums

extension LedgerVerification {
  /// Rows between two reports of progress.
  private static let rowsOfProgress = 1 << 16

  /// One pass over the journal as it lies in the file, which is many times as fast as person by
  /// person. Returns the sum of each person's rows, in micro-credits.
  private func verifyJournal(
    into report: inout Report, progress: (Int) -> Void
  ) throws -> [Int64: Int64] {
    var sums: [Int64: Int64] = [:]
    let rows = try Row.fetchCursor(
      tx.db,
      sql: """
        SELECT id, user_id, credits_amount_micro, balance_after_micro FROM credit_transactions
        ORDER BY id
        """)
    while let row = try rows.next() {
      report.transactions += 1
      if report.transactions.isMultiple(of: Self.rowsOfProgress) { progress(report.transactions) }
      let (amount, balance): (Int64, Int64) = (row[2], row[3])
      // A sum that fits into no column is not the one that is in it.
      let running = Self.add(amount, to: &sums[row[1], default: 0])
      if running.overflow || running.partialValue != balance,
        report.breaks.count < Self.maximumBreaks
      {
        report.breaks.append(
          "transaction \(row[0] as Int64): the balance after it is given as \(balance), but the "
            + "rows sum to \(running.partialValue)")
      }
    }
    return sums
  }

  private static func add(
    _ amount: Int64, to sum: inout Int64
  ) -> (partialValue: Int64, overflow: Bool) {
    let running = sum.addingReportingOverflow(amount)
    sum = running.partialValue
    return running
  }

  private func verifyPeople(_ sums: [Int64: Int64], into report: inout Report) throws {
    let rows = try Row.fetchCursor(
      tx.db,
      sql: """
        SELECT u.id, u.credit_balance_micro, u.credit_held_micro,
          coalesce((SELECT sum(h.amount_micro) FROM credit_holds h
            WHERE h.user_id = u.id AND h.state = 'pending'), 0)
        FROM users u ORDER BY u.id
        """)
    while let row = try rows.next() {
      report.users += 1
      let (id, balance, held, pending): (Int64, Int64, Int64, Int64) = (
        row[0], row[1], row[2], row[3]
      )
      let sum = sums[id] ?? 0
      if balance != sum {
        report.breaks.append(
          "user \(id): the balance is \(balance) micro-credits, but the journal sums to \(sum)")
      }
      if held != pending {
        report.breaks.append(
          "user \(id): \(held) micro-credits are held, but the pending holds sum to \(pending)")
      }
      if held < 0 || held > balance {
        report.breaks.append(
          "user \(id): \(held) micro-credits held of a balance of \(balance)")
      }
      guard report.breaks.count < Self.maximumBreaks else { return }
    }
  }
}

// MARK: - Charges, computed anew

extension LedgerVerification {
  private func verifyCharges(into report: inout Report, progress: (Int) -> Void) throws {
    let prices = try Dictionary(
      uniqueKeysWithValues: tx.pricing.list(includingClosed: true)
        .map { price in (price.id, Result { try Rates(price.tariff) }) })
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
    var count = 0
    while let row = try rows.next(), report.breaks.count < Self.maximumBreaks {
      let id: Int64 = row["id"]
      count += 1
      if count.isMultiple(of: Self.rowsOfProgress) { progress(count) }
      if row["charged"] as Int64? != nil { report.settledCalls += 1 }
      do {
        if let flaw = try flaw(of: row, prices) { report.breaks.append("usage \(id): \(flaw)") }
      } catch {
        report.breaks.append("usage \(id): its charge cannot be computed anew: \(error)")
      }
    }
  }

  private func flaw(of row: Row, _ prices: [Int64: Result<Rates, any Error>]) throws -> String? {
    guard let rates = prices[row["model_pricing_id"]] else { return "its price is missing" }
    let usage = TokenUsage(
      inputTokens: row["input_tokens_used"], cachedInputTokens: row["cached_input_tokens"],
      cacheWriteTokens: row["cache_write_tokens"], outputTokens: row["output_tokens_used"],
      reasoningTokens: row["reasoning_tokens"], images: row["images_processed"])
    let reported: String? = row["reported_cost_usd"]
    let cost = CallCost(
      table: try rates.get().cost(of: usage, at: PriceMoment(row["created_at"])),
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
