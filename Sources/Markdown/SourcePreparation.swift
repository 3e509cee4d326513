/// Makes of a piece of Markdown one that md4c reads quickly and as it was meant: formulas become
/// text or code, definitions of references become text, and nobody nests deeper than people do.
enum SourcePreparation {
  /// Lists and quotes that lie within each other, begun on one line.
  private static let maximumMarks = 16
  /// Bytes of a formula within a line, and of the label of a definition (CommonMark: 999).
  private static let maximumFormula = 1_000
  private static let maximumLabel = 1_000

  /// Begins code that is a formula, where those are marked: a character that no piece has.
  static let formulaMark: UInt8 = 0x01

  /// - Parameter marksFormulas: Whether each becomes code that begins with the mark.
  static func prepared(_ source: [UInt8], marksFormulas: Bool = false) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(source.count + 64)
    var index = 0
    var isLineStart = true
    while index < source.count {
      if isLineStart {
        copyMarks(source, &index, to: &result)
        isLineStart = false
        continue
      }
      let byte = source[index]
      switch byte {
      case .newline:
        isLineStart = true
        result.append(byte)
        index += 1
      case UInt8(ascii: "`"): copyCode(source, &index, to: &result)
      case .backslash:
        if let end = formulaEnd(source, index) {
          add(source[(index + 2)..<(end - 2)], isMarked: marksFormulas, to: &result)
          index = end
        } else {
          result += source[index..<min(index + 2, source.count)]
          isLineStart = index + 1 < source.count && source[index + 1] == .newline
          index += 2
        }
      case UInt8(ascii: "$"):
        if let (inner, end) = dollarFormula(source, index) {
          add(source[inner], isMarked: marksFormulas, to: &result)
          index = end
        } else {
          result.append(byte)
          index += 1
        }
      default:
        result.append(byte)
        index += 1
      }
    }
    return result
  }

  // MARK: - The beginning of a line

  private static func copyMarks(_ source: [UInt8], _ index: inout Int, to result: inout [UInt8]) {
    var marks = 0
    let isRule = Self.isRule(source, index)
    while index < source.count {
      let byte = source[index]
      if byte == .space || byte == .tab {
        result.append(byte)
        index += 1
        continue
      }
      guard let length = markLength(source, index) else { break }
      marks += 1
      if marks > maximumMarks, !isRule {
        // The end of a number is what makes it a mark.
        result += source[index..<(index + length - 1)] + [.backslash, source[index + length - 1]]
        index += length
        break
      }
      result += source[index..<(index + length)]
      index += length
    }
    if isDefinition(source, index) {
      result += [.backslash, source[index]]
      index += 1
    }
  }

  /// Of a quote or of a list's item, without the space behind it.
  private static func markLength(_ source: [UInt8], _ index: Int) -> Int? {
    func isSpace(_ index: Int) -> Bool { index >= source.count || source[index].isBlank }
    switch source[index] {
    case UInt8(ascii: ">"): return 1
    case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "*"):
      return isSpace(index + 1) ? 1 : nil
    case let byte where byte.isDigit:
      var end = index
      while end < source.count, end - index < 10, source[end].isDigit { end += 1 }
      guard end < source.count, [UInt8(ascii: "."), UInt8(ascii: ")")].contains(source[end]),
        isSpace(end + 1)
      else { return nil }
      return end + 1 - index
    default: return nil
    }
  }

  private static func isRule(_ source: [UInt8], _ index: Int) -> Bool {
    var mark: UInt8?
    for byte in source[index...] {
      if byte == .newline { break }
      if byte.isBlank { continue }
      guard byte == UInt8(ascii: "-") || byte == UInt8(ascii: "*"), mark ?? byte == byte
      else { return false }
      mark = byte
    }
    return mark != nil
  }

  /// `[label]:`, whose use md4c 0.4.8 takes quadratic time for.
  private static func isDefinition(_ source: [UInt8], _ start: Int) -> Bool {
    guard start < source.count, source[start] == UInt8(ascii: "[") else { return false }
    var index = start + 1
    while index < source.count, index - start <= maximumLabel {
      switch source[index] {
      case .backslash: index += 1
      case UInt8(ascii: "["): return false
      case UInt8(ascii: "]"):
        return index + 1 < source.count && source[index + 1] == UInt8(ascii: ":")
      default: break
      }
      index += 1
    }
    return false
  }

  // MARK: - Within a line

  /// With its marks, if they are closed.
  private static func copyCode(_ source: [UInt8], _ index: inout Int, to result: inout [UInt8]) {
    let mark = source[index]
    let length = source[index...].prefix { $0 == mark }.count
    var end = index + length
    var run = 0
    while end <= source.count {
      if end < source.count, source[end] == mark {
        run += 1
      } else {
        if run == length { break }
        run = 0
      }
      end += 1
    }
    let isClosed = run == length && end <= source.count
    let copied = isClosed ? end : index + length
    result += source[index..<copied]
    index = copied
  }

  /// Behind `\)` or `\]`.
  private static func formulaEnd(_ source: [UInt8], _ index: Int) -> Int? {
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
  private static func dollarFormula(
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
      if source[end] == UInt8(ascii: "`") { return nil }
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

  /// Its text, with whatever could be read as Markdown escaped; or code.
  private static func add(
    _ formula: ArraySlice<UInt8>, isMarked: Bool, to result: inout [UInt8]
  ) {
    let source = String(decoding: formula, as: UTF8.self)
    if !isMarked, let text = Formula.unicode(source) {
      for byte in text.utf8 {
        if byte.isPunctuation { result.append(.backslash) }
        result.append(byte)
      }
      return
    }
    let words =
      formula.contains(where: \.isBlank)
      ? source.split(whereSeparator: \.isWhitespace).joined(separator: " ") : source
    let line = isMarked ? String(Unicode.Scalar(formulaMark)) + words : words
    var longest = 0
    var run = 0
    for byte in line.utf8 {
      run = byte == UInt8(ascii: "`") ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: longest + 1)
    result += (longest > 0 ? "\(fence) \(line) \(fence)" : "\(fence)\(line)\(fence)").utf8
  }
}
