package import Foundation
import GRDB
package import Metering

/// The log of calls to providers: the table `api_key_usage`.
package struct APIKeyUsageService {
  let tx: LedgerTransaction

  /// - Returns: The new row's id.
  @discardableResult
  package func log(_ entry: NewUsage) throws -> Int64 {
    let usage = entry.call.usage
    let loss = try entry.loss()
    try tx.db.run(
      """
      INSERT INTO api_key_usage (project_id, user_id, hold_id, api_key_identifier, model_provider,
        model_name, task_type, input_tokens_used, output_tokens_used, cached_input_tokens,
        reasoning_tokens, images_processed, actual_cost_nanousd, actual_cost_usd, table_cost_usd,
        reported_cost_usd, credit_value_usd, markup, forgiven_micro, is_estimate, response_time_ms,
        model_pricing_id, provider_request_id, charged_to, created_at, loss_nanousd, loss_cause,
        lost_at, charge_limit_micro, cache_write_tokens)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
        ?)
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
        tx.now.databaseText, loss?.amount ?? .zero, loss?.cause,
        loss.map { _ in tx.now.databaseText }, entry.chargeLimit, usage.cacheWriteTokens,
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

  /// The same of the calls of others, among the last ones.
  func typicalOutputTokens(atPrice priceID: Int64, besides userID: Int64) throws -> Int? {
    try Int.fetchOne(
      tx.db,
      sql: """
        SELECT CAST(avg(output_tokens_used) AS INTEGER) FROM (
          SELECT user_id, output_tokens_used FROM api_key_usage
          WHERE model_pricing_id = ? AND is_estimate = 0 ORDER BY id DESC LIMIT 500)
        WHERE user_id <> ?
        """,
      arguments: [priceID, userID])
  }

  /// The answer of the call reached nobody and its charge was given back: the house bears it all.
  func markUndelivered(holdID: String) throws {
    try tx.db.run(
      """
      UPDATE api_key_usage SET loss_nanousd = actual_cost_nanousd, loss_cause = ?, lost_at = ?
      WHERE hold_id = ? AND loss_cause IS NOT 'undelivered'
      """,
      [CallLoss.Cause.undelivered, tx.now.databaseText, holdID])
  }

  /// What the house has borne since then of all calls.
  package func houseLoss(since: Date) throws -> NanoDollars {
    try sumOfLosses("lost_at >= ?", [since.databaseText])
  }

  /// What the house has borne since then of that person's calls, as far as it counts for them.
  package func houseLoss(ofUser userID: Int64, since: Date) throws -> NanoDollars {
    try sumOfLosses(
      "user_id = ? AND lost_at >= ? AND loss_cause NOT IN (\(Self.nobodysDoing))",
      [userID, since.databaseText])
  }

  /// What the house has borne since then because providers answered nobody.
  package func outageLoss(since: Date) throws -> NanoDollars {
    try sumOfLosses(
      "lost_at >= ? AND loss_cause = ?", [since.databaseText, CallLoss.Cause.outage])
  }

  private static let nobodysDoing = CallLoss.Cause.allCases.filter { !$0.countsForPerson }
    .map { "'\($0.rawValue)'" }.joined(separator: ", ")

  private func sumOfLosses(
    _ condition: String, _ arguments: Arguments
  ) throws -> NanoDollars {
    // The second condition is that of the indexes.
    let sql = """
      SELECT coalesce(sum(loss_nanousd), 0) FROM api_key_usage
      WHERE \(condition) AND loss_cause IS NOT NULL
      """
    return try LedgerError.checkingSums {
      try tx.db.first(sql, arguments) { $0.next() } ?? .zero
    }
  }

  /// How many people, without that one, got no answer from the provider with the calls that ended
  /// last, since then: those after the last call that brought one.
  package func peopleWithoutAnswer(
    from provider: ModelProvider, since: Date, besides userID: Int64
  ) throws -> Int {
    try Int.fetchOne(
      tx.db.cachedStatement(
        sql: """
          WITH ended AS (
            SELECT user_id, state, row_number() OVER (ORDER BY finished_at DESC, id DESC) AS place
            FROM (SELECT * FROM credit_holds ORDER BY rowid DESC LIMIT \(Self.recentHolds))
            WHERE model_provider = ? AND state <> 'pending' AND finished_at >= ?)
          SELECT count(DISTINCT user_id) FROM ended
          WHERE user_id <> ?
            AND place < coalesce((SELECT min(place) FROM ended WHERE state = 'settled'), 9e18)
          """), arguments: [provider.rawValue, since.databaseText, userID]) ?? 0
  }

  /// As many as a busy bot takes in some minutes.
  private static let recentHolds = 200
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
