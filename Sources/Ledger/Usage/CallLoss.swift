import GRDB

/// What the house bears of one call, and why: `loss_nanousd` and `loss_cause` of `api_key_usage`.
package struct CallLoss: Sendable, Equatable {
  package enum Cause: String, Sendable, CaseIterable, DatabaseValueConvertible {
    /// It ended without an answer.
    case failedCall = "failed_call"
    /// It cost more than the charge, which the hold bounds, is worth.
    case overrun
    /// Its answer reached nobody, so the charge was given back.
    case undelivered
    /// A crash or a stop of ours cut it off.
    case interrupted
    /// Its provider answered nobody at that time.
    case outage

    /// Whether it counts towards what the house bears of the person: what we or the provider
    /// brought about is not their doing.
    package var countsForPerson: Bool { self != .interrupted && self != .outage }
  }

  package var cause: Cause
  package var amount: NanoDollars

  /// The actual cost less what was charged for it, at the credit's value; never below zero.
  ///
  /// - Throws: `LedgerError.amountTooLarge`, `malformedAmount` for a credit value that is none.
  static func amount(
    of cost: USD, charge: Credits, creditValueUSD: String
  ) throws(LedgerError) -> NanoDollars {
    guard charge > .zero else { return try cost.nanoDollars() }
    do {
      let paid = try BillingTerms.value(of: charge, creditValueUSD: creditValueUSD)
      return cost > paid ? try USD(units: cost.units - paid.units).nanoDollars() : .zero
    } catch LedgerError.amountTooLarge {
      return .zero  // More was paid than anything costs.
    }
  }
}
