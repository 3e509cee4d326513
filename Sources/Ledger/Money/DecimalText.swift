/// Exact conversion between decimal text and a scaled whole number.
package enum DecimalText {
  /// Longer text is refused unread: no price or cost comes near it.
  private static let longest = 80

  /// What becomes of digits beyond the last decimal that is kept.
  package enum Excess: Sendable {
    case isRefused
    case roundsUp
  }

  /// The number that `text` stands for, × 10^`decimals`. Takes an optional sign, digits with an
  /// optional point, and an optional exponent, as JSON does.
  ///
  /// - Throws: `LedgerError.malformedAmount`, also for digits beyond `decimals` unless `excess`
  ///   says otherwise, and `amountTooLarge`.
  package static func parse(
    _ text: String, decimals: Int, excess: Excess = .isRefused
  ) throws(LedgerError) -> Int128 {
    var rest = text.utf8.prefix(longest + 1)[...]
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
    let (mantissa, exponentText) = split(rest, at: { $0 == 0x65 || $0 == 0x45 })
    let (whole, fraction) = split(mantissa, at: { $0 == UInt8(ascii: ".") })
    let digits = Array(whole) + (fraction.map(Array.init) ?? [])
    guard text.utf8.count <= longest, !whole.isEmpty, fraction?.isEmpty != true,
      digits.allSatisfy(isDigit), let exponent = exponent(exponentText)
    else { throw .malformedAmount(text) }

    var value: Int128 = 0
    for digit in digits {
      value = try checked(value, times: 10, plus: Int128(digit - UInt8(ascii: "0")))
    }
    guard value != 0 else { return 0 }
    var shift = decimals - (fraction?.count ?? 0) + exponent
    while shift < 0 {
      let (quotient, rest) = value.quotientAndRemainder(dividingBy: 10)
      guard rest == 0 || excess == .roundsUp else { throw .malformedAmount(text) }
      value = rest == 0 ? quotient : quotient + 1
      shift += 1
    }
    for _ in 0..<shift { value = try checked(value, times: 10, plus: 0) }
    return isNegative ? -value : value
  }

  /// `value` ÷ 10^`decimals` as plain text, without trailing zeros, but with `atLeast` decimals.
  package static func format(_ value: Int128, decimals: Int, atLeast: Int = 0) -> String {
    let zero = UInt8(ascii: "0")
    var digits = Array(String(value.magnitude).utf8)
    if digits.count <= decimals {
      digits = Array(repeating: zero, count: decimals + 1 - digits.count) + digits
    }
    let point = digits.count - decimals
    while digits.count - point > atLeast, digits.last == zero { digits.removeLast() }
    if digits.count > point { digits.insert(UInt8(ascii: "."), at: point) }
    if value < 0 { digits.insert(UInt8(ascii: "-"), at: 0) }
    return String(decoding: digits, as: UTF8.self)
  }

  private static func split(
    _ text: Substring.UTF8View, at isSeparator: (UInt8) -> Bool
  ) -> (Substring.UTF8View, Substring.UTF8View?) {
    guard let index = text.firstIndex(where: isSeparator) else { return (text, nil) }
    return (text[..<index], text[text.index(after: index)...])
  }

  private static func exponent(_ text: Substring.UTF8View?) -> Int? {
    guard let text else { return 0 }
    let unsigned = text.first == 0x2B || text.first == 0x2D ? text.dropFirst() : text
    guard !unsigned.isEmpty, unsigned.count <= 3, unsigned.allSatisfy(isDigit) else { return nil }
    return Int(String(Substring(text)))
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  private static func checked(
    _ value: Int128, times factor: Int128, plus addend: Int128
  ) throws(LedgerError) -> Int128 {
    let (product, overflowed) = value.multipliedReportingOverflow(by: factor)
    let (sum, overflowedToo) = product.addingReportingOverflow(addend)
    guard !overflowed, !overflowedToo else { throw .amountTooLarge }
    return sum
  }
}
