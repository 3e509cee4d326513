package import Foundation
import GRDB

/// One change of one balance: a row of the journal `credit_transactions`, which is append-only.
package struct CreditTransaction: Sendable, Equatable {
  package enum Kind: String, Sendable, DatabaseValueConvertible, ColumnValue {
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

extension CreditTransaction: StoredRow {
  package static let columns = """
    id, user_id, project_id, api_key_usage_id, transaction_type, credits_amount_micro,
    balance_after_micro, real_cost_associated_nanousd, external_transaction_id, idempotency_key,
    description, created_at
    """

  package init(_ row: inout Columns) {
    id = row.next()
    userID = row.next()
    projectID = row.next()
    usageID = row.next()
    type = row.next()
    amount = row.next()
    balanceAfter = row.next()
    realCost = row.next()
    externalTransactionID = row.next()
    idempotencyKey = row.next()
    description = row.next()
    createdAt = row.next()
  }
}
