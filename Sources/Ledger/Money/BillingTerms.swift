/// How a real cost becomes a charge: charge = ⌈cost × markup ÷ credit value⌉ in micro-credits,
/// rounded once.
package struct BillingTerms: Sendable, Equatable {
  /// Decimal text, as configured; stored with every charge, so that the charge can be proven later.
  package let creditValueUSD: String
  package let markup: String

  /// Micro-credits per 10⁻²⁴ USD.
  private let numerator: UInt128
  private let denominator: UInt128

  private static let decimals = 9
  /// A million: no sensible setting comes near it.
  private static let most: Int128 = 1_000_000_000_000_000

  /// - Throws: `LedgerError.malformedAmount` unless both are decimals of at most nine places and at
  ///   most a million, the credit value greater than zero. A markup of zero charges nothing.
  package init(creditValueUSD: String, markup: String) throws(LedgerError) {
    self.creditValueUSD = creditValueUSD
    self.markup = markup
    let value = try DecimalText.parse(creditValueUSD, decimals: Self.decimals)
    let factor = try DecimalText.parse(markup, decimals: Self.decimals)
    guard value > 0, value <= Self.most else { throw .malformedAmount(creditValueUSD) }
    guard factor >= 0, factor <= Self.most else { throw .malformedAmount(markup) }
    // (factor ÷ 10⁹) × 10⁶ µcredit ÷ (value × 10¹⁵ units), as units are 10⁻²⁴ USD.
    numerator = factor.magnitude
    denominator = value.magnitude * 1_000_000_000_000_000_000
  }

  /// The same with another markup, or as they are for `nil`.
  package func with(markup: String?) throws(LedgerError) -> BillingTerms {
    guard let markup else { return self }
    return try BillingTerms(creditValueUSD: creditValueUSD, markup: markup)
  }

  /// Whether the house bears all that calls cost.
  package var chargesNothing: Bool { numerator == 0 }

  /// Whether the markup is below 1.
  package var chargesLessThanCosts: Bool { numerator < 1_000_000_000 }

  /// - Throws: `LedgerError.amountTooLarge`.
  package func charge(for cost: USD) throws(LedgerError) -> Credits {
    // In full width, so that a charge is refused for its own size and not for that of the product.
    let product = cost.units.magnitude.multipliedFullWidth(by: numerator)
    guard cost >= .zero, product.high < denominator else { throw .amountTooLarge }
    let (quotient, rest) = denominator.dividingFullWidth(product)
    guard let micro = Int64(exactly: quotient) else { throw .amountTooLarge }
    return try Credits(micro: micro).adding(Credits(micro: rest > 0 ? 1 : 0))
  }

  /// The real cost that so many credits pay for: credits × credit value ÷ markup, rounded down to
  /// the 24th decimal. The inverse of `charge(for:)`, but for its rounding.
  ///
  /// - Throws: `LedgerError.amountTooLarge`, also for a negative amount, and where all is free.
  package func cost(coveredBy credits: Credits) throws(LedgerError) -> USD {
    let product = UInt128(credits.micro.magnitude).multipliedFullWidth(by: denominator)
    guard credits >= .zero, product.high < numerator else { throw .amountTooLarge }
    guard let units = Int128(exactly: numerator.dividingFullWidth(product).quotient) else {
      throw .amountTooLarge
    }
    return USD(units: units)
  }

  /// What so many credits are worth at that credit value, negative for a negative amount.
  ///
  /// - Throws: `LedgerError.malformedAmount` as `init` does, `amountTooLarge`.
  package static func value(
    of credits: Credits, creditValueUSD: String
  ) throws(LedgerError) -> USD {
    guard let size = Int64(exactly: credits.micro.magnitude) else { throw .amountTooLarge }
    let terms = try BillingTerms(creditValueUSD: creditValueUSD, markup: "1")
    let value = try terms.cost(coveredBy: Credits(micro: size))
    return credits < .zero ? USD(units: -value.units) : value
  }
}
