package import Metering
package import Foundation
package import GRDB

/// The log of calls to providers: the table `api_key_usage`.
package struct APIKeyUsageService {
  let tx: LedgerTransaction

  /// Who bears the cost of a call: the person who got the answer, or the house, where it reached
  /// nobody.
  package enum ChargedTo: String, Sendable, DatabaseValueConvertible {
    case user
    case house
  }

  /// - Returns: The new row's id.
  @discardableResult
  package func log(_ entry: NewUsage) throws -> Int64 {
    let usage = entry.call.usage
    try tx.db.run(
      """
      INSERT INTO api_key_usage (project_id, user_id, hold_id, api_key_identifier, model_provider,
        model_name, task_type, input_tokens_used, output_tokens_used, cached_input_tokens,
        reasoning_tokens, images_processed, actual_cost_nanousd, actual_cost_usd, table_cost_usd,
        reported_cost_usd, credit_value_usd, markup, forgiven_micro, is_estimate, response_time_ms,
        model_pricing_id, provider_request_id, charged_to, created_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        entry.projectID, entry.userID, entry.holdID, entry.call.keyIdentifier,
        entry.provider.rawValue,
        entry.call.model, entry.taskType, usage.inputTokens, usage.outputTokens,
        usage.cachedInputTokens, usage.reasoningTokens, usage.images,
        try entry.cost.actual.nanoDollars(), entry.cost.actual.description,
        entry.cost.table.description, entry.cost.reported?.description,
        entry.terms.creditValueUSD, entry.terms.markup, entry.forgiven, entry.call.isEstimate,
        entry.call.responseMilliseconds, entry.priceID, entry.call.requestID, entry.chargedTo,
        tx.now.databaseText,
      ])
    return tx.db.lastInsertedRowID
  }

  /// The mean number of output tokens of the last calls at that price, to estimate a call whose
  /// usage was lost; `nil` where there was none.
  package func typicalOutputTokens(atPrice priceID: Int64) throws -> Int? {
    try Int.fetchOne(
      tx.db,
      sql: """
        SELECT CAST(avg(output_tokens_used) AS INTEGER) FROM (
          SELECT output_tokens_used FROM api_key_usage
          WHERE model_pricing_id = ? AND is_estimate = 0 ORDER BY id DESC LIMIT 50)
        """,
      arguments: [priceID])
  }

  /// What calls have cost the house since then, by the provider's own count, in nano-dollars: those
  /// of one user, or all. Estimates are left out: crashes and faults of the network are nobody's
  /// doing.
  package func houseLoss(userID: Int64? = nil, since: Date) throws -> Int64 {
    let ofUser = userID == nil ? "" : "user_id = :user AND"
    return try Int64.fetchOne(
      tx.db.cachedStatement(
        sql: """
          SELECT coalesce(sum(actual_cost_nanousd), 0) FROM api_key_usage
          WHERE \(ofUser) charged_to = 'house' AND is_estimate = 0 AND created_at >= :since
          """),
      arguments: userID.map { ["user": $0, "since": since.databaseText] }
        ?? ["since": since.databaseText]) ?? 0
  }

  /// Sums by model and task, dearest first.
  package func report(
    userID: Int64? = nil, projectID: String? = nil, since: Date? = nil
  ) throws -> [UsageReportRow] {
    try UsageReportRow.fetchAll(
      cached: """
        SELECT u.model_provider, u.model_name, u.task_type, count(*) AS calls,
          sum(u.input_tokens_used) AS input_tokens, sum(u.output_tokens_used) AS output_tokens,
          sum(u.actual_cost_nanousd) AS cost,
          sum(iif(u.charged_to = 'house', u.actual_cost_nanousd, 0)) AS house_cost,
          coalesce(sum(-t.credits_amount_micro), 0) AS charged
        FROM api_key_usage u LEFT JOIN credit_transactions t ON t.api_key_usage_id = u.id
        WHERE (:user IS NULL OR u.user_id = :user) AND (:project IS NULL OR u.project_id = :project)
          AND (:since IS NULL OR u.created_at >= :since)
        GROUP BY u.model_provider, u.model_name, u.task_type ORDER BY cost DESC
        """,
      ["user": userID, "project": projectID, "since": since?.databaseText], in: tx.db)
  }
}

/// What the provider metered of one call, and how the call went.
package struct MeteredCall: Sendable, Equatable {
  package var usage: TokenUsage
  /// The model that really answered, by the provider's word.
  package var model: String
  /// At most the last four characters of the key.
  package var keyIdentifier: String
  package var requestID: String?
  package var responseMilliseconds: Int
  /// Whether the usage is our estimate, because the answer that would have told it was lost.
  package var isEstimate: Bool

  package init(
    usage: TokenUsage, model: String, keyIdentifier: String,
    requestID: String?, responseMilliseconds: Int, isEstimate: Bool = false
  ) {
    self.usage = usage
    self.model = model
    self.keyIdentifier = keyIdentifier
    self.requestID = requestID
    self.responseMilliseconds = responseMilliseconds
    self.isEstimate = isEstimate
  }
}

/// What the calls of one model for one kind of task used, cost and brought.
package struct UsageReportRow: Sendable, Equatable, FetchableRecord {
  package var provider: String
  package var model: String
  package var taskType: String
  package var calls: Int
  package var inputTokens: Int
  package var outputTokens: Int
  /// In nano-dollars; the part that the house bears is in it.
  package var realCost: Int64
  package var houseCost: Int64
  package var charged: Credits

  package init(row: Row) {
    provider = row["model_provider"]
    model = row["model_name"]
    taskType = row["task_type"]
    calls = row["calls"]
    inputTokens = row["input_tokens"]
    outputTokens = row["output_tokens"]
    realCost = row["cost"]
    houseCost = row["house_cost"]
    charged = row["charged"]
  }
}
