/// What is for sale: so many credits, and perhaps some more as a bonus, for so many Telegram Stars.
package struct CreditPackage: Sendable, Equatable {
  /// Telegram's name of the currency; amounts are whole Stars.
  package static let currency = "XTR"
  /// In seconds; the only period that Telegram has (Bot API, createInvoiceLink).
  package static let month = 2_592_000

  /// What people read; it tells packages apart.
  package var name: String
  package var credits: Credits
  package var bonus: Credits
  /// Whole Stars.
  package var price: Int64
  /// Whether it is a subscription, paid and credited each month.
  package var isMonthly: Bool

  package init(
    name: String, credits: Credits, bonus: Credits = .zero, price: Int64, isMonthly: Bool = false
  ) {
    self.name = name
    self.credits = credits
    self.bonus = bonus
    self.price = price
    self.isMonthly = isMonthly
  }

  /// Credits and bonus.
  package func total() throws(LedgerError) -> Credits { try credits.adding(bonus) }

  /// What is left of the revenue once all its credits are spent, in thousandths of the revenue,
  /// rounded down; negative if the house would pay, however little.
  ///
  /// - Parameter usdPerStar: What Telegram pays for a Star.
  package func marginPerMille(usdPerStar: USD, terms: BillingTerms) throws(LedgerError) -> Int {
    // The credits that a real cost as high as the revenue would be charged.
    let affordable = try terms.charge(for: try usdPerStar.times(Int(price)))
    guard affordable > .zero else { return -1_000_000 }
    let (spent, rest) = (Int128(try total().micro) * 1_000)
      .quotientAndRemainder(dividingBy: Int128(affordable.micro))
    return Int(clamping: 1_000 - spent - (rest > 0 ? 1 : 0))
  }
}
