/// How a real cost becomes a charge: charge = ⌈cost × markup ÷ credit value⌉ in micro-credits,
/// rounded once.
package struct BillingTerms: Sendable, Equatable {
  /// Decimal text, as configured; stored with every charge, so that the charge can be proven later.
  package let creditValueUSD: String
  package let markup: String

  /// Micro-credits per 10⁻²⁴ USD, in lowest terms.
  private let numerator: Int128
  private let denominator: Int128

  /// Beyond these, intermediate products could leave `Int128`.
  private static let decimals = 9
  private static let most: Int128 = 1_000_000_000_000_000

  /// - Throws: `LedgerError.malformedAmount` unless both are decimals of at most nine places,
  ///   greater than zero and at most a million.
  package init(creditValueUSD: String, markup: String) throws(LedgerError) {
    self.creditValueUSD = creditValueUSD
    self.markup = markup
    let value = try DecimalText.parse(creditValueUSD, decimals: Self.decimals)
    let factor = try DecimalText.parse(markup, decimals: Self.decimals)
    guard value > 0, value <= Self.most else { throw .malformedAmount(creditValueUSD) }
    guard factor > 0, factor <= Self.most else { throw .malformedAmount(markup) }
    // (factor ÷ 10⁹) × 10⁶ µcredit ÷ (value × 10¹⁵ units), as units are 10⁻²⁴ USD.
    let unreduced = value * 1_000_000_000_000_000_000
    let divisor = Self.greatestCommonDivisor(factor, unreduced)
    numerator = factor / divisor
    denominator = unreduced / divisor
  }

  /// - Throws: `LedgerError.amountTooLarge`.
  package func charge(for cost: USD) throws(LedgerError) -> Credits {
    let (product, overflow) = cost.units.multipliedReportingOverflow(by: numerator)
    guard !overflow, product >= 0 else { throw .amountTooLarge }
    let (quotient, rest) = product.quotientAndRemainder(dividingBy: denominator)
    guard let micro = Int64(exactly: rest > 0 ? quotient + 1 : quotient) else {
      throw .amountTooLarge
    }
    return Credits(micro: micro)
  }

  private static func greatestCommonDivisor(_ first: Int128, _ second: Int128) -> Int128 {
    var (larger, smaller) = (first, second)
    while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
    return larger
  }
}
