/// Finds formulas within the lines of a source.
enum FormulaSource {
  /// Bytes of one.
  private static let maximumFormula = 1_000

  /// Behind `\)` or `\]`.
  static func end(_ source: [UInt8], _ index: Int) -> Int? {
    guard index + 1 < source.count else { return nil }
    let closing: UInt8
    switch source[index + 1] {
    case UInt8(ascii: "("): closing = UInt8(ascii: ")")
    case UInt8(ascii: "["): closing = UInt8(ascii: "]")
    default: return nil
    }
    var end = index + 2
    while end + 1 < source.count, end - index <= maximumFormula {
      if source[end] == .newline, source[end + 1] == .newline { return nil }
      if source[end] == .backslash {
        if source[end + 1] == closing { return end > index + 2 ? end + 2 : nil }
        // Another begins: this one was none.
        if source[end + 1] == source[index + 1] { return nil }
        end += 1
      }
      end += 1
    }
    return nil
  }

  /// `$…$` where it is surely a formula: amounts of money and variables of a shell are none.
  static func betweenDollars(
    _ source: [UInt8], _ index: Int
  ) -> (inner: Range<Int>, end: Int)? {
    let dollar = UInt8(ascii: "$")
    let isDouble = index + 1 < source.count && source[index + 1] == dollar
    let start = index + (isDouble ? 2 : 1)
    let before = index > 0 ? source[index - 1] : .space
    guard start < source.count, isDouble || !source[start].isBlank,
      !before.isLetter, !before.isDigit, before != dollar
    else { return nil }
    var end = start
    while end < source.count, source[end] != dollar {
      if source[end] == .newline && !isDouble || end - start > maximumFormula { return nil }
      if source[end] == .backtick { return nil }
      end += source[end] == .backslash ? 2 : 1
    }
    guard end < source.count, end > start else { return nil }
    let inner = start..<end
    if isDouble {
      guard end + 1 < source.count, source[end + 1] == dollar else { return nil }
      return (inner, end + 2)
    }
    let after = end + 1 < source.count ? source[end + 1] : .space
    guard !source[end - 1].isBlank, !after.isLetter, !after.isDigit, after != dollar,
      isFormula(source[inner])
    else { return nil }
    return (inner, end + 1)
  }

  private static func isFormula(_ text: ArraySlice<UInt8>) -> Bool {
    if text.count <= 2 { return text.allSatisfy(\.isLetter) }
    let signs = Array("\\^_{=+<>".utf8)
    return text.contains(where: signs.contains)
  }
}
