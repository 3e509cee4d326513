package import GRDB

/// An amount of US dollars in whole nano-dollars (10⁻⁹ USD), the form in which the tables keep what
/// calls cost; the exact amount is `USD`. Negative if more was lost than earned.
package struct NanoDollars: Sendable, Hashable {
  package let count: Int64

  package static let zero = NanoDollars(0)

  package init(_ count: Int64) {
    self.count = count
  }

  /// - Throws: `LedgerError.amountTooLarge`.
  package func adding(_ other: NanoDollars) throws(LedgerError) -> NanoDollars {
    let (sum, overflow) = count.addingReportingOverflow(other.count)
    guard !overflow else { throw .amountTooLarge }
    return NanoDollars(sum)
  }

  /// For what is shown alone: a sum that leaves the range wraps around.
  package static func &+ (left: NanoDollars, right: NanoDollars) -> NanoDollars {
    NanoDollars(left.count &+ right.count)
  }

  /// As `&+`.
  package static func &- (left: NanoDollars, right: NanoDollars) -> NanoDollars {
    NanoDollars(left.count &- right.count)
  }
}

extension NanoDollars: Comparable {
  package static func < (left: NanoDollars, right: NanoDollars) -> Bool { left.count < right.count }
}

/// Dollars, exactly, with two decimals or more: `0.25`, `0.00155`.
extension NanoDollars: CustomStringConvertible {
  package var description: String { DecimalText.format(Int128(count), decimals: 9, atLeast: 2) }
}

extension NanoDollars: DatabaseValueConvertible {
  package var databaseValue: DatabaseValue { count.databaseValue }

  package static func fromDatabaseValue(_ value: DatabaseValue) -> NanoDollars? {
    Int64.fromDatabaseValue(value).map(NanoDollars.init)
  }
}
