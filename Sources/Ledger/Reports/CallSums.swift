import Foundation
import GRDB

/// Calls of a period, summed up from the rows of the ledger alone: what the business report and the
/// usage report are both made of. Sums are exact; whoever shows them rounds them once.
struct CallSums {
  let key: String?
  private(set) var calls = 0
  /// Zero unless they are asked for.
  private(set) var inputTokens: Int64 = 0
  private(set) var outputTokens: Int64 = 0
  private(set) var realCost = NanoDollars.zero
  /// Less what was given back for answers that reached nobody.
  private(set) var charged = Credits.zero
  /// At the credit value of the time of each call.
  private(set) var chargedValue = USD.zero
  /// What the house bears of the real cost.
  private(set) var loss = NanoDollars.zero

  private init(key: String?) {
    self.key = key
  }

  /// The calls `c` from `:from` on until just before `:to`, with what they were charged and what
  /// was given back for them later.
  static let calls = """
    SELECT a.*,
      coalesce(-t.credits_amount_micro, 0) - coalesce(c.credits_amount_micro, 0) AS charged,
      coalesce(r.credits_amount_micro, 0) AS given_back
    FROM api_key_usage a
    LEFT JOIN credit_transactions t ON t.api_key_usage_id = a.id
    LEFT JOIN credit_transactions c ON c.hold_id = a.hold_id
      AND c.transaction_type = 'usage_correction'
    LEFT JOIN credit_transactions r ON r.hold_id = a.hold_id
      AND r.transaction_type = 'refund' AND a.charged_to = 'user'
    WHERE a.created_at >= :from AND a.created_at < :to
    """

  /// - Parameters:
  ///   - key: What the calls of one sum have in common: SQL, of a call `c`.
  ///   - period: `from` and `to`.
  ///   - countsTokens: Whether tokens are summed up too; their sums may leave their range, and a
  ///     report that shows none must not fail for that.
  /// - Throws: `LedgerError.amountTooLarge`.
  static func load(
    by key: String, _ period: StatementArguments, countsTokens: Bool, in tx: LedgerTransaction
  ) throws -> [CallSums] {
    let tokens =
      countsTokens ? "sum(c.input_tokens_used) AS input, sum(c.output_tokens_used) AS output," : ""
    // A charge has its value at the terms of its time.
    let sql = """
      SELECT \(key) AS key, c.credit_value_usd, count(*) AS calls,
        \(tokens)
        sum(c.actual_cost_nanousd) AS cost, sum(c.charged - c.given_back) AS charged,
        sum(c.loss_nanousd) AS loss
      FROM (\(calls)) c GROUP BY \(key), c.credit_value_usd
      """
    var sums: [String?: CallSums] = [:]
    let rows = try Row.fetchCursor(tx.db, sql: sql, arguments: period)
    while let row = try rows.next() {
      try sums[row["key"], default: CallSums(key: row["key"])].add(row)
    }
    return Array(sums.values)
  }

  /// All calls of the period in one.
  static func total(_ period: StatementArguments, in tx: LedgerTransaction) throws -> CallSums {
    try load(by: "'all'", period, countsTokens: false, in: tx).first ?? CallSums(key: "all")
  }

  private mutating func add(_ row: Row) throws {
    let (count, cost): (Int, NanoDollars) = (row["calls"], row["cost"])
    calls += count
    inputTokens = try Self.sum(inputTokens, row["input"] ?? 0)
    outputTokens = try Self.sum(outputTokens, row["output"] ?? 0)
    realCost = try realCost.adding(cost)
    let (charged, creditValue): (Credits, String) = (row["charged"], row["credit_value_usd"])
    if charged != .zero {
      self.charged = try self.charged.adding(charged)
      chargedValue = try chargedValue + BillingTerms.value(of: charged, creditValueUSD: creditValue)
    }
    loss = try loss.adding(row["loss"])
  }

  private static func sum(_ left: Int64, _ right: Int64) throws(LedgerError) -> Int64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    guard !overflow else { throw .amountTooLarge }
    return sum
  }
}

extension LedgerError {
  /// Passes sums on that SQLite makes of whole numbers, which never wrap around.
  ///
  /// - Throws: `amountTooLarge` if one leaves its range.
  static func checkingSums<Sums>(_ sums: () throws -> Sums) throws -> Sums {
    do {
      return try sums()
    } catch let error as DatabaseError where error.message == "integer overflow" {
      throw LedgerError.amountTooLarge
    }
  }
}
