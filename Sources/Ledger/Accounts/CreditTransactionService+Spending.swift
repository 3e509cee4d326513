package import Foundation
import GRDB
package import Metering

/// What a person's calls came to: what was charged for them, less what was given back since.
package struct Spending: Sendable, Equatable {
  /// The first moment of a day in UTC.
  package var day: Date
  package var model: ModelID
  package var amount: Credits
  /// Without those whose whole charge was given back.
  package var calls: Int
}

extension CreditTransactionService {
  /// What a person has spent in that time. What is given back counts for when it was charged.
  package func spent(by userID: Int64, from start: Date, to end: Date? = nil) throws -> Credits {
    try LedgerError.checkingSums {
      try Credits.fetchOne(
        tx.db.cachedStatement(
          sql: """
            SELECT coalesce(sum(\(Self.netCharge)), 0)
            FROM credit_transactions charge INDEXED BY charges_of_user
            WHERE \(Self.chargesOfPerson)
            """), arguments: Self.arguments(userID, start, end)) ?? .zero
    }
  }

  /// The same by day and model, in order.
  package func spending(of userID: Int64, from start: Date, to end: Date) throws -> [Spending] {
    try LedgerError.checkingSums {
      try Row.fetchAll(
        tx.db, sql: Self.spendingByDayAndModel, arguments: Self.arguments(userID, start, end)
      ).map { row in
        Spending(
          day: row["day"],
          model: ModelID(
            provider: ModelProvider(rawValue: row["model_provider"]), name: row["model_name"]),
          amount: row["amount"], calls: row["calls"])
      }
    }
  }

  static let spendingByDayAndModel = """
    SELECT substr(charge.created_at, 1, 10) || ' 00:00:00.000' AS day, hold.model_provider,
      hold.model_name, sum(\(netCharge)) AS amount,
      sum(charge.credits_amount_micro = 0 OR (\(netCharge)) > 0) AS calls
    FROM credit_transactions charge INDEXED BY charges_of_user
    JOIN credit_holds hold ON hold.id = charge.hold_id
    WHERE \(chargesOfPerson)
    GROUP BY day, hold.model_provider, hold.model_name
    ORDER BY day, amount DESC, hold.model_name
    """

  private static let netCharge = """
    -charge.credits_amount_micro - coalesce((
      SELECT sum(credits_amount_micro) FROM credit_transactions back
      WHERE back.hold_id = charge.hold_id AND back.transaction_type <> 'usage_deduction'), 0)
    """

  private static let chargesOfPerson = """
    charge.user_id = ? AND charge.transaction_type = 'usage_deduction'
      AND charge.created_at >= ? AND charge.created_at < ?
    """

  private static func arguments(
    _ userID: Int64, _ start: Date, _ end: Date?
  ) -> StatementArguments {
    [userID, start.databaseText, (end ?? .distantFuture).databaseText]
  }
}
