/// How the calls of a build are charged that mend what an earlier one got wrong: the setting
/// `billing.repairs`.
package enum RepairTerms: String, Sendable, CaseIterable {
  /// At the real cost, without the markup.
  case atCost = "at_cost"
  /// As all calls are.
  case charged
  /// At nothing. The house bears the cost, as far as it bears anything of the person in a day:
  /// beyond that, the hold is refused with `LedgerError.lossBoundPassed`.
  case free

  /// What the hold of such a call has as its own markup; `nil` for that of all calls.
  package func markup(under terms: BillingTerms) -> String? {
    switch self {
    case .atCost: terms.chargesLessThanCosts ? nil : "1"
    case .charged: nil
    case .free: "0"
    }
  }

  /// Those of such a call, where `terms` are those of all.
  package func applied(to terms: BillingTerms) throws(LedgerError) -> BillingTerms {
    try terms.with(markup: markup(under: terms))
  }
}
