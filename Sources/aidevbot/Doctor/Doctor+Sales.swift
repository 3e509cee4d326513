import Commands
import Installation
import Ledger
import Sales
import Settings

extension Doctor {
  /// Whether what is sold brings in what it costs, if all of it is used.
  func salesChecks() -> [Check] {
    guard let store = try? settings.store(), let terms = try? settings.billingTerms() else {
      return []  // The settings' own checks say what is wrong with them.
    }
    var checks: [Check] = store.sold.compactMap { package in
      guard
        let margin = try? package.marginPerMille(usdPerStar: store.usdPerStar, terms: terms),
        margin < 0
      else { return nil }
      let enough = (Int128(package.price) * Int128(1_000 - margin) + 999) / 1_000
      return Check(
        "sales", .failed,
        "\(package.name) is sold at a loss: its margin is \(margin.percentText) %",
        next: "raise its price to \(enough) Stars or more; see \(installation.program) stars "
          + "packages")
    }
    if let sentence = terms.lossSentence {
      checks.append(
        Check(
          "sales", .failed, sentence,
          next: "set \(Settings.declared.billingMarkup.key.environmentName) to 1 or more"))
    }
    return checks
  }
}

extension BillingTerms {
  /// `nil` where calls bring in what they cost.
  var lossSentence: String? {
    guard chargesLessThanCosts else { return nil }
    let name = Settings.declared.billingMarkup.key.environmentName
    return "\(name) is \(markup), so each call is charged for less than it costs"
  }
}

extension Int {
  /// Of thousandths, as in `-412.9`.
  var percentText: String { DecimalText.format(Int128(self), decimals: 1, atLeast: 1) }
}
