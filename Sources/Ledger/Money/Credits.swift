package import GRDB

/// An amount of credits, in whole micro-credits (10⁻⁶ credit). Negative if something is taken.
package struct Credits: Sendable, Hashable {
  package let micro: Int64

  package static let zero = Credits(micro: 0)
  /// The most that one grant or one promotion code gives: more than anybody needs, and a small part
  /// of what a balance can hold.
  package static let maximumGift = Credits(micro: 1_000_000_000_000_000)

  /// 10,000: whoever gives or takes more at once is asked whether that is no slip.
  private static let unquestionedGift = 10_000_000_000 as UInt64

  package init(micro: Int64) {
    self.micro = micro
  }

  /// Reads decimal text: `100`, `-2.5`, `0.000001`.
  ///
  /// - Throws: `LedgerError.malformedAmount`, also for more than six decimals, and
  ///   `amountTooLarge`.
  package init(parsing text: String) throws(LedgerError) {
    guard let micro = Int64(exactly: try DecimalText.parse(text, decimals: 6)) else {
      throw .amountTooLarge
    }
    self.init(micro: micro)
  }

  package func adding(_ other: Credits) throws(LedgerError) -> Credits {
    let (sum, overflow) = micro.addingReportingOverflow(other.micro)
    guard !overflow else { throw .amountTooLarge }
    return Credits(micro: sum)
  }

  package func subtracting(_ other: Credits) throws(LedgerError) -> Credits {
    let (difference, overflow) = micro.subtractingReportingOverflow(other.micro)
    guard !overflow else { throw .amountTooLarge }
    return Credits(micro: difference)
  }

  /// Whether giving so many, or taking them where it is negative, is worth a question.
  package var isLargeGift: Bool { micro.magnitude > Self.unquestionedGift }

  /// As people see it, wherever they do: exact, so that every column adds up, and with two decimals
  /// or more. `0.2325`, `99.5535`, `100.00`
  package var text: String { DecimalText.format(Int128(micro), decimals: 6, atLeast: 2) }

  /// Rounded to hundredths, for what is only about so much; exact where that would be nothing.
  package var aboutText: String {
    let hundredths = micro / 10_000 + (micro % 10_000 >= 5_000 ? 1 : 0)
    return hundredths == 0 ? text : Credits(micro: hundredths * 10_000).text
  }

  /// What a transaction moved, with its sign: `+100.00`, `−0.2325`.
  package var movementText: String {
    let amount = DecimalText.format(Int128(micro.magnitude), decimals: 6, atLeast: 2)
    return (micro < 0 ? "−" : "+") + amount
  }
}

extension Credits: Comparable {
  package static func < (left: Credits, right: Credits) -> Bool { left.micro < right.micro }
}

/// As a program reads it, and as an offer names it: exact, without trailing zeros. `0.2325`, `100`
extension Credits: CustomStringConvertible {
  package var description: String { DecimalText.format(Int128(micro), decimals: 6) }
}

extension Credits: DatabaseValueConvertible {
  package var databaseValue: DatabaseValue { micro.databaseValue }

  package static func fromDatabaseValue(_ value: DatabaseValue) -> Credits? {
    Int64.fromDatabaseValue(value).map(Credits.init(micro:))
  }
}
