/// An exact amount of US dollars, in whole units of 10⁻²⁴ USD.
///
/// Every price that Gemini and OpenRouter publish, taken per token, is a whole number of these, so
/// sums and products are exact; the range is about ±1.7 × 10¹⁴ USD, and what would leave it throws
/// `LedgerError.amountTooLarge`. No `Double` comes near.
package struct USD: Sendable, Hashable {
  package let units: Int128

  package static let decimals = 24
  package static let zero = USD(units: 0)
  private static let unitsPerNanoDollar: Int128 = 1_000_000_000_000_000

  package init(units: Int128) {
    self.units = units
  }

  /// Reads decimal text as published: `0.30`, `12`, `7.1e-05`.
  ///
  /// - Throws: `LedgerError.malformedAmount` for anything else, and for more than 24 decimals.
  package init(parsing text: String) throws(LedgerError) {
    units = try DecimalText.parse(text, decimals: Self.decimals)
  }

  /// Reads a cost that a provider reports. JSON writers print up to 17 digits of a binary fraction,
  /// so what lies beyond the 24th decimal is rounded up.
  ///
  /// - Throws: `LedgerError.malformedAmount` for what can be no cost of one call: a negative
  ///   amount, more than 10,000 USD, or no number.
  package init(reported text: String) throws(LedgerError) {
    units = try DecimalText.parse(text, decimals: Self.decimals, excess: .roundsUp)
    let tenThousandDollars: Int128 = 10_000_000_000_000_000_000_000_000_000
    guard units >= 0, units <= tenThousandDollars else { throw .malformedAmount(text) }
  }

  package static func + (left: USD, right: USD) throws(LedgerError) -> USD {
    let (sum, overflow) = left.units.addingReportingOverflow(right.units)
    guard !overflow else { throw .amountTooLarge }
    return USD(units: sum)
  }

  package func times(_ count: Int) throws(LedgerError) -> USD {
    let (product, overflow) = units.multipliedReportingOverflow(by: Int128(count))
    guard !overflow else { throw .amountTooLarge }
    return USD(units: product)
  }

  package init(_ amount: NanoDollars) {
    self.init(units: Int128(amount.count) * Self.unitsPerNanoDollar)
  }

  /// Rounded half up, to the form in which a cost is stored.
  package func nanoDollars() throws(LedgerError) -> NanoDollars {
    let (quotient, rest) = units.quotientAndRemainder(dividingBy: Self.unitsPerNanoDollar)
    let isRoundedUp = rest * 2 >= Self.unitsPerNanoDollar
    guard let count = Int64(exactly: isRoundedUp ? quotient + 1 : quotient) else {
      throw .amountTooLarge
    }
    return NanoDollars(count)
  }
}

extension USD: Comparable {
  package static func < (left: USD, right: USD) -> Bool { left.units < right.units }
}

/// Plain decimal text without trailing zeros: `0.00155`. Parsing it gives the same amount.
extension USD: CustomStringConvertible {
  package var description: String { DecimalText.format(units, decimals: Self.decimals) }
}
