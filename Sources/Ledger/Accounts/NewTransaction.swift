/// A journal row to be.
package struct NewTransaction: Sendable {
  package var userID: Int64
  package var type: CreditTransaction.Kind
  package var amount: Credits
  package var projectID: String?
  package var usageID: Int64?
  /// The call that is charged, or whose charge is given back.
  package var holdID: String?
  /// The newcomer whom a referral bonus is for.
  package var referredUserID: Int64?
  package var realCost: NanoDollars?
  package var externalTransactionID: String?
  /// Names the event behind the entry, so that it is booked once however often it is reported.
  package var idempotencyKey: String
  package var description: String

  package init(
    userID: Int64, type: CreditTransaction.Kind, amount: Credits, projectID: String? = nil,
    usageID: Int64? = nil, holdID: String? = nil, referredUserID: Int64? = nil,
    realCost: NanoDollars? = nil, externalTransactionID: String? = nil, idempotencyKey: String,
    description: String
  ) {
    self.userID = userID
    self.type = type
    self.amount = amount
    self.projectID = projectID
    self.usageID = usageID
    self.holdID = holdID
    self.referredUserID = referredUserID
    self.realCost = realCost
    self.externalTransactionID = externalTransactionID
    self.idempotencyKey = idempotencyKey
    self.description = description
  }
}
