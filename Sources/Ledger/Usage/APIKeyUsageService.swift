package import Foundation
import GRDB
package import Metering

/// The log of calls to providers: the table `api_key_usage`.
package struct APIKeyUsageService {
  let tx: LedgerTransaction

  /// Who bears the cost of a call: the person who got the answer, or the house, if it reached
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
  /// usage was lost; `nil` if there was none.
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

  /// What calls have cost the house since then, by the provider's own count: those of one user, or
  /// all. Estimates are left out: crashes and faults of the network are nobody's doing.
  package func houseLoss(userID: Int64? = nil, since: Date) throws -> NanoDollars {
    let ofUser = userID == nil ? "" : "user_id = :user AND"
    return try NanoDollars.fetchOne(
      tx.db.cachedStatement(
        sql: """
          SELECT coalesce(sum(actual_cost_nanousd), 0) FROM api_key_usage
          WHERE \(ofUser) charged_to = 'house' AND is_estimate = 0 AND created_at >= :since
          """),
      arguments: userID.map { ["user": $0, "since": since.databaseText] }
        ?? ["since": since.databaseText]) ?? .zero
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
