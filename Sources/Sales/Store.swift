package import Ledger

/// What is for sale, as the operator set it.
package struct Store: Sendable {
  package var packages: [CreditPackage]
  /// A monthly package, if there is one.
  package var subscription: CreditPackage?
  /// What Telegram pays for a Star.
  package var usdPerStar: USD

  package init(packages: [CreditPackage], subscription: CreditPackage?, usdPerStar: USD) {
    self.packages = packages
    self.subscription = subscription
    self.usdPerStar = usdPerStar
  }

  package var sold: [CreditPackage] { packages + [subscription].compactMap { $0 } }

  package func package(named name: String) -> CreditPackage? {
    sold.first { $0.name == name }
  }
}

extension CreditPackage {
  /// `250 credits`, `1,000 + 50 credits`: what one gets.
  package var content: String {
    let all = bonus > .zero ? "\(credits) + \(bonus)" : "\(credits)"
    return "\(all) \(all == "1" ? "credit" : "credits")" + (isMonthly ? " a month" : "")
  }

  /// A button's title.
  package var offer: String { "\(name): \(content) – \(price) ⭐" }
}
