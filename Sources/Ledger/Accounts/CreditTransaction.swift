package import Foundation
package import GRDB

/// One change of one balance: a row of the journal `credit_transactions`, which is append-only.
package struct CreditTransaction: Sendable, Equatable {
  package enum Kind: String, Sendable, DatabaseValueConvertible {
    case initialGrant = "initial_grant"
    case purchase
    case usageDeduction = "usage_deduction"
    /// Gives back what an estimate was too high by.
    case usageCorrection = "usage_correction"
    case refund
    case manualAdjustment = "manual_adjustment"
    case referralBonus = "referral_bonus"
    case expiry
  }

  package var id: Int64
  package var userID: Int64
  package var projectID: String?
  package var usageID: Int64?
  package var type: Kind
  package var amount: Credits
  package var balanceAfter: Credits
  package var realCost: NanoDollars?
  package var externalTransactionID: String?
  package var idempotencyKey: String
  package var description: String
  package var createdAt: Date
}

extension CreditTransaction: FetchableRecord {
  package init(row: Row) {
    id = row["id"]
    userID = row["user_id"]
    projectID = row["project_id"]
    usageID = row["api_key_usage_id"]
    type = row["transaction_type"]
    amount = row["credits_amount_micro"]
    balanceAfter = row["balance_after_micro"]
    realCost = row["real_cost_associated_nanousd"]
    externalTransactionID = row["external_transaction_id"]
    idempotencyKey = row["idempotency_key"]
    description = row["description"]
    createdAt = row["created_at"]
  }
}
