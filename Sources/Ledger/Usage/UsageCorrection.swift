package import Foundation
import GRDB
package import Metering

/// Puts what a provider tells of a call later in the place of the estimate by which it was charged.
/// If it used less, the difference is given back, by a row of the journal; if it used more, the
/// person pays nothing more, and the house bears it.
package struct UsageCorrectionService {
  let tx: LedgerTransaction

  /// A call that is to be looked up.
  package struct Call: Sendable, Equatable {
    package var usageID: Int64
    package var requestID: String
    package var provider: ModelProvider
  }

  /// Providers know a call some seconds after it has ended, and seldom later; they forget it some
  /// time.
  package static let pauses: [TimeInterval] = [5, 30, 120, 600, 3_600, 6 * 3_600]
  /// How many are looked up in one go.
  private static let atOnce = 20

  /// Has the call of that hold looked up, if an estimate stands for it and its provider told an id.
  package func schedule(holdID: String) throws {
    try tx.db.run(
      """
      UPDATE api_key_usage SET look_up_after = ?
      WHERE hold_id = ? AND is_estimate = 1 AND provider_request_id IS NOT NULL
      """,
      [(tx.now + Self.pauses[0]).databaseText, holdID])
  }

  /// Those whose time has come, the longest waiting first.
  package func due() throws -> [Call] {
    try Row.fetchAll(
      tx.db,
      sql: """
        SELECT id, provider_request_id, model_provider FROM api_key_usage
        WHERE look_up_after <= ? ORDER BY look_up_after LIMIT \(Self.atOnce)
        """,
      arguments: [tx.now.databaseText]
    ).map { row in
      Call(
        usageID: row["id"], requestID: row["provider_request_id"],
        provider: ModelProvider(rawValue: row["model_provider"]))
    }
  }

  /// The provider does not know the call yet: asks again later, or never if it has been asked often
  /// enough. Then the estimate stays.
  /// Of one that waits for no look-up any more, nothing changes.
  package func postpone(_ usageID: Int64) throws {
    let asked = try Int.fetchOne(
      tx.db,
      sql: "SELECT look_ups FROM api_key_usage WHERE id = ? AND look_up_after IS NOT NULL",
      arguments: [usageID])
    guard let asked else { return }
    let next = asked + 1
    let pause = next < Self.pauses.count ? Self.pauses[next] : nil
    try tx.db.run(
      "UPDATE api_key_usage SET look_ups = ?, look_up_after = ? WHERE id = ?",
      [next, pause.map { (tx.now + $0).databaseText }, usageID])
  }

  /// Puts the fact in the place of the estimate, once.
  ///
  /// - Returns: What is given back, or `nil` if there was nothing to correct any more.
  /// - Throws: `LedgerError.amountTooLarge`, and other errors of money; then nothing has changed.
  package func correct(_ usageID: Int64, with usage: TokenUsage) throws -> Credits? {
    guard let row = try call(usageID) else { return nil }
    let created: Date = row["created_at"]
    guard let price = try tx.pricing.price(id: row["model_pricing_id"]) else { return nil }
    let cost = CallCost(
      table: try Rates(price.tariff).cost(of: usage, at: PriceMoment(created)),
      reported: usage.reportedCostUSD.flatMap { try? USD(reported: $0) })
    let charged: Credits? = row["charged"]
    let terms = try BillingTerms(creditValueUSD: row["credit_value_usd"], markup: row["markup"])
    let full = try charged.map { _ in try terms.charge(for: cost.actual) } ?? .zero
    let due = min(full, charged ?? .zero)
    let isGivenBack: Bool = row["is_given_back"]
    let surplus = try isGivenBack ? .zero : (charged ?? .zero).subtracting(due)
    if surplus > .zero { try giveBack(surplus, row, cost) }
    let loss = try CallLoss.amount(
      of: cost.actual, charge: isGivenBack ? .zero : due, creditValueUSD: terms.creditValueUSD)
    let known: CallLoss.Cause? = row["loss_cause"]
    let cause: CallLoss.Cause? =
      charged == nil || isGivenBack ? known : loss > .zero ? .overrun : nil
    // What turns out to be a loss now counts from now on.
    let lostAt: String? = cause == nil ? nil : row["lost_at"] ?? tx.now.databaseText
    try tx.db.run(
      """
      UPDATE api_key_usage SET input_tokens_used = ?, output_tokens_used = ?,
        cached_input_tokens = ?, cache_write_tokens = ?, reasoning_tokens = ?,
        images_processed = ?,
        booked_cost_nanousd = actual_cost_nanousd, actual_cost_nanousd = ?, actual_cost_usd = ?,
        table_cost_usd = ?, reported_cost_usd = ?, charge_limit_micro = ?, forgiven_micro = ?,
        look_up_after = NULL, look_ups = look_ups + 1, is_estimate = 0, loss_nanousd = ?,
        loss_cause = ?, lost_at = ?
      WHERE id = ?
      """,
      [
        usage.inputTokens, usage.outputTokens, usage.cachedInputTokens, usage.cacheWriteTokens,
        usage.reasoningTokens, usage.images, try cost.actual.nanoDollars(), cost.actual.description,
        cost.table.description, cost.reported?.description, charged,
        try full.subtracting(due), loss, cause, lostAt, usageID,
      ])
    return surplus
  }

  /// `nil` for one that is not to be looked up any more, or whose account is erased: nobody is left
  /// to be given anything.
  private func call(_ usageID: Int64) throws -> Row? {
    let row = try Row.fetchOne(
      tx.db,
      sql: """
        SELECT a.*, -t.credits_amount_micro AS charged, r.id IS NOT NULL AS is_given_back,
          u.telegram_user_id < 0 AS is_erased
        FROM api_key_usage a JOIN users u ON u.id = a.user_id
        LEFT JOIN credit_transactions t ON t.api_key_usage_id = a.id
        LEFT JOIN credit_transactions r ON r.hold_id = a.hold_id AND r.transaction_type = 'refund'
        WHERE a.id = ? AND a.look_up_after IS NOT NULL
        """,
      arguments: [usageID])
    guard let row, row["is_erased"] as Bool else { return row }
    try tx.db.run("UPDATE api_key_usage SET look_up_after = NULL WHERE id = ?", [usageID])
    return nil
  }

  private func giveBack(_ amount: Credits, _ row: Row, _ cost: CallCost) throws {
    let holdID: String = row["hold_id"]
    try tx.transactions.record(
      NewTransaction(
        userID: row["user_id"], type: .usageCorrection, amount: amount,
        projectID: row["project_id"], holdID: holdID, realCost: try cost.actual.nanoDollars(),
        idempotencyKey: "correct:\(holdID)", description: row["task_type"]))
  }
}
