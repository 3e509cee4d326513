import GRDB
import Metering

/// What a request usually uses, to say what it would cost.
package struct TypicalUsage: Sendable, Equatable {
  package var inputTokens: Int
  package var outputTokens: Int
  /// From how many requests of the person it is known; `nil` for a mere example.
  package var requests: Int?

  package static let example = TypicalUsage(inputTokens: 1_000, outputTokens: 500)

  /// So many of a person's last charges are looked at, whatever work they were for.
  private static let lookedAt = 200
  /// So many of the work in question count; with fewer than three, nothing is typical.
  private static let counted = 3...20

  package init(inputTokens: Int, outputTokens: Int, requests: Int? = nil) {
    self.inputTokens = inputTokens
    self.outputTokens = outputTokens
    self.requests = requests
  }

  /// The medians of the person's last requests of that kind, or the example if there are too few.
  /// What is called for a build is no request of theirs.
  package static func of(
    _ userID: Int64, task: String, in tx: LedgerTransaction
  ) throws -> TypicalUsage {
    let rows = try Row.fetchAll(
      tx.db.cachedStatement(
        sql: """
          SELECT usage.task_type, usage.input_tokens_used, usage.output_tokens_used
          FROM (SELECT api_key_usage_id FROM credit_transactions INDEXED BY charges_of_user
            WHERE user_id = ? AND transaction_type = 'usage_deduction'
            ORDER BY created_at DESC LIMIT \(lookedAt)) charge
          JOIN api_key_usage usage ON usage.id = charge.api_key_usage_id
          LEFT JOIN credit_holds hold ON hold.id = usage.hold_id
          WHERE hold.build_id IS NULL
          """), arguments: [userID]
    ).filter { $0["task_type"] == task }.prefix(counted.upperBound)
    guard rows.count >= counted.lowerBound else { return example }
    return TypicalUsage(
      inputTokens: median(rows.map { $0["input_tokens_used"] }),
      outputTokens: median(rows.map { $0["output_tokens_used"] }), requests: rows.count)
  }

  /// What it costs at a price, by the table.
  ///
  /// - Throws: `LedgerError.malformedAmount` for a price that cannot be used, `amountTooLarge`.
  package func charge(
    at price: ModelPrice, _ terms: BillingTerms, _ moment: PriceMoment
  ) throws(LedgerError) -> Credits {
    let usage = TokenUsage(inputTokens: inputTokens, outputTokens: outputTokens)
    return try terms.charge(for: try Rates(price.tariff).cost(of: usage, at: moment))
  }

  private static func median(_ values: [Int]) -> Int { values.sorted()[values.count / 2] }
}
