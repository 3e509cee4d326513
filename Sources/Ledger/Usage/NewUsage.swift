package import Metering

/// One call, as it goes into the log.
package struct NewUsage: Sendable {
  package var projectID: String?
  package var userID: Int64
  package var holdID: String?
  package var taskType: String
  package var provider: ModelProvider
  package var priceID: Int64
  package var call: MeteredCall
  package var cost: CallCost
  package var terms: BillingTerms
  package var bearer: Bearer
  /// The most that the person pays, where the usage is not known to its end.
  package var chargeLimit: Credits?

  /// Who bears its cost.
  package enum Bearer: Sendable {
    /// The person who got the answer. What is forgiven would have been charged above the hold.
    case user(charge: Credits, forgiven: Credits)
    /// The house, as it reached nobody.
    case house(CallLoss.Cause)
  }

  /// `nil` if the house bears nothing of it.
  ///
  /// - Throws: `LedgerError.amountTooLarge`.
  func loss() throws(LedgerError) -> CallLoss? {
    switch bearer {
    case .house(let cause): return CallLoss(cause: cause, amount: try cost.actual.nanoDollars())
    case .user(let charge, _):
      let amount = try CallLoss.amount(
        of: cost.actual, charge: charge, creditValueUSD: terms.creditValueUSD)
      return amount > .zero ? CallLoss(cause: .overrun, amount: amount) : nil
    }
  }

  var forgiven: Credits {
    if case .user(_, let forgiven) = bearer { forgiven } else { .zero }
  }

  /// As the table says it.
  var chargedTo: String {
    if case .user = bearer { "user" } else { "house" }
  }
}
