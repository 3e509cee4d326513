package import Foundation
import GRDB

/// Sums up calls for the operator, from the rows of the ledger alone.
package struct UsageSummaryService {
  let tx: LedgerTransaction

  /// Days in their order, all else by what it was charged, dearest first.
  ///
  /// - Throws: `LedgerError.amountTooLarge` if a sum leaves its range.
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
  /// - Throws: `LedgerError.amountTooLarge` if a sum leaves its range.
  package func total(since: Date?) throws -> UsageSummary {
    try summaries(key: "'all'", since: since).first ?? UsageSummary(key: "all")
  }

  private func summaries(
    key: String, since: Date?
  ) throws -> [UsageSummary] {
    let period: StatementArguments = [
      "from": (since ?? .distantPast).databaseText, "to": Date.distantFuture.databaseText,
    ]
    return try LedgerError.checkingSums {
      let sums = try CallSums.load(by: key, period, countsTokens: true, in: tx)
      let times = try Row.fetchAll(tx.db, sql: Self.latencies(key), arguments: period)
      let timesByKey = Dictionary(times.map { ($0["key"] as String?, $0) }) { first, _ in first }
      return try sums.map { sum in
        var summary = try UsageSummary(sum)
        summary.medianLatency = timesByKey[sum.key]?["median"]
        summary.latency95 = timesByKey[sum.key]?["p95"]
        return summary
      }
    }
  }

  private func names(_ sql: String) throws -> [String: (String, String?)] {
    try Dictionary(
      Row.fetchAll(tx.db, sql: sql).map { ($0["key"], ($0["id"], $0["name"])) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The smallest time that at least so many per cent of the calls did not exceed. A call whose
  /// answer was lost has no time.
  private static func latencies(_ key: String) -> String {
    """
    SELECT key, max(iif(rank = (calls * 50 + 99) / 100, time, NULL)) AS median,
      max(iif(rank = (calls * 95 + 99) / 100, time, NULL)) AS p95
    FROM (
      SELECT \(key) AS key, c.response_time_ms AS time,
        count(*) OVER (PARTITION BY \(key)) AS calls,
        row_number() OVER (PARTITION BY \(key) ORDER BY c.response_time_ms) AS rank
      FROM api_key_usage c
      WHERE (c.is_estimate = 0 OR c.charged_to = 'user')
        AND c.created_at >= :from AND c.created_at < :to)
    GROUP BY key
    """
  }
}

extension UsageSummary {
  fileprivate init(_ sums: CallSums) throws {
    key = sums.key
    calls = sums.calls
    inputTokens = sums.inputTokens
    outputTokens = sums.outputTokens
    realCost = sums.realCost
    charged = sums.charged
    chargedValue = try sums.chargedValue.nanoDollars()
    houseLoss = sums.loss
  }
}

extension UsageSummary.Grouping {
  /// Of a call `c`, as text.
  fileprivate var key: String {
    switch self {
    case .day: "substr(c.created_at, 1, 10)"
    case .user: "CAST(c.user_id AS TEXT)"
    case .model: "c.model_provider || '/' || c.model_name"
    case .task: "c.task_type"
    case .project: "c.project_id"
    }
  }

  /// What people know the key by, if that is something else.
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
