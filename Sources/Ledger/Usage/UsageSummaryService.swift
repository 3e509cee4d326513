package import Foundation
import GRDB

/// Sums up calls for the operator, from the rows of the ledger alone.
package struct UsageSummaryService {
  let tx: LedgerTransaction

  /// Days in their order, all else by what it was charged, dearest first.
  ///
  /// - Throws: `LedgerError.amountTooLarge` where a sum leaves its range.
  package func summaries(
    by grouping: UsageSummary.Grouping, since: Date?
  ) throws -> [UsageSummary] {
    let summaries = try summaries(key: grouping.key, since: since)
    if grouping == .day { return summaries.sorted { ($0.key ?? "") < ($1.key ?? "") } }
    let names = try grouping.names.map { try self.names($0) } ?? [:]
    return summaries.map { summary in
      var summary = summary
      if let key = summary.key, let (id, name) = names[key] {
        (summary.key, summary.name) = (id, name)
      }
      return summary
    }.sorted { left, right in
      guard left.charged == right.charged else { return left.charged > right.charged }
      guard left.realCost == right.realCost else { return left.realCost > right.realCost }
      return (left.key ?? "") < (right.key ?? "")
    }
  }

  /// All calls in one.
  ///
  /// - Throws: `LedgerError.amountTooLarge` where a sum leaves its range.
  package func total(since: Date?) throws -> UsageSummary {
    try summaries(key: "'all'", since: since).first ?? UsageSummary(key: "all")
  }

  private func summaries(
    key: String, since: Date?
  ) throws -> [UsageSummary] {
    let arguments: StatementArguments = ["since": since?.databaseText]
    do {
      var sums: [String?: ExactSums] = [:]
      for row in try Row.fetchAll(tx.db, sql: Self.sums(key), arguments: arguments) {
        try sums[row["key"], default: ExactSums(key: row["key"])].add(row)
      }
      for row in try Row.fetchAll(tx.db, sql: Self.latencies(key), arguments: arguments) {
        sums[row["key"]]?.summary.medianLatency = row["median"]
        sums[row["key"]]?.summary.latency95 = row["p95"]
      }
      return try sums.values.map { try $0.rounded() }
    } catch let error as DatabaseError where error.message == "integer overflow" {
      // SQLite's sum() of whole numbers never wraps around.
      throw LedgerError.amountTooLarge
    }
  }

  private func names(_ sql: String) throws -> [String: (String, String?)] {
    try Dictionary(
      Row.fetchAll(tx.db, sql: sql).map { ($0["key"], ($0["id"], $0["name"])) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The same calls, and the same losses, as in the business report. A row for each pair of terms
  /// that calls were charged at, as a charge has its value at the terms of its time.
  private static func sums(_ key: String) -> String {
    """
    SELECT \(key) AS key, a.credit_value_usd, a.markup, count(*) AS calls,
      sum(a.input_tokens_used) AS input, sum(a.output_tokens_used) AS output,
      sum(a.actual_cost_nanousd) AS cost,
      sum(coalesce(-t.credits_amount_micro, 0) - coalesce(r.credits_amount_micro, 0)) AS charged,
      sum(iif(a.charged_to = 'house' OR r.id IS NOT NULL, a.actual_cost_nanousd, 0)) AS house,
      sum(iif(a.charged_to = 'user' AND r.id IS NULL, a.forgiven_micro, 0)) AS forgiven
    FROM api_key_usage a
    LEFT JOIN credit_transactions t ON t.api_key_usage_id = a.id
    LEFT JOIN credit_transactions r ON r.hold_id = a.hold_id
      AND r.transaction_type = 'refund' AND a.charged_to = 'user'
    WHERE :since IS NULL OR a.created_at >= :since
    GROUP BY \(key), a.credit_value_usd, a.markup
    """
  }

  /// The smallest time that at least so many per cent of the calls did not exceed. A call whose
  /// answer was lost has no time.
  private static func latencies(_ key: String) -> String {
    """
    SELECT key, max(iif(rank = (calls * 50 + 99) / 100, time, NULL)) AS median,
      max(iif(rank = (calls * 95 + 99) / 100, time, NULL)) AS p95
    FROM (
      SELECT \(key) AS key, a.response_time_ms AS time,
        count(*) OVER (PARTITION BY \(key)) AS calls,
        row_number() OVER (PARTITION BY \(key) ORDER BY a.response_time_ms) AS rank
      FROM api_key_usage a
      WHERE a.is_estimate = 0 AND (:since IS NULL OR a.created_at >= :since))
    GROUP BY key
    """
  }
}

/// Sums that are rounded once, at the end.
private struct ExactSums {
  var summary: UsageSummary
  private var value = USD.zero
  private var forgiven = USD.zero

  init(key: String?) {
    summary = UsageSummary(key: key)
  }

  mutating func add(_ row: Row) throws {
    let charged: Credits = row["charged"]
    let (credit, markup): (String, String) = (row["credit_value_usd"], row["markup"])
    summary.calls += row["calls"]
    summary.inputTokens = try Self.sum(summary.inputTokens, row["input"])
    summary.outputTokens = try Self.sum(summary.outputTokens, row["output"])
    summary.realCost = try Self.sum(summary.realCost, row["cost"])
    summary.houseLoss = try Self.sum(summary.houseLoss, row["house"])
    summary.charged = try summary.charged.adding(charged)
    value = try value + BillingTerms.value(of: charged, creditValueUSD: credit)
    let terms = try BillingTerms(creditValueUSD: credit, markup: markup)
    forgiven = try forgiven + terms.cost(coveredBy: row["forgiven"])
  }

  func rounded() throws -> UsageSummary {
    var rounded = summary
    rounded.chargedValue = try value.nanoDollars()
    rounded.houseLoss = try Self.sum(summary.houseLoss, forgiven.nanoDollars())
    return rounded
  }

  private static func sum(_ left: Int64, _ right: Int64) throws(LedgerError) -> Int64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    guard !overflow else { throw .amountTooLarge }
    return sum
  }
}

extension UsageSummary.Grouping {
  /// Of a call `a`, as text.
  fileprivate var key: String {
    switch self {
    case .day: "substr(a.created_at, 1, 10)"
    case .user: "CAST(a.user_id AS TEXT)"
    case .model: "a.model_provider || '/' || a.model_name"
    case .task: "a.task_type"
    case .project: "a.project_id"
    }
  }

  /// What people know the key by, where that is something else.
  fileprivate var names: String? {
    switch self {
    case .day, .model, .task: nil
    case .user:
      """
      SELECT CAST(id AS TEXT) AS key, CAST(telegram_user_id AS TEXT) AS id,
        coalesce('@' || username, first_name) AS name
      FROM users
      """
    case .project: "SELECT id AS key, id, title AS name FROM projects"
    }
  }
}
