/// Makes of a piece of Markdown one that md4c reads quickly and as it was meant: formulas become
/// text or code, definitions of references become text, and nobody nests deeper than people do;
/// signs that are no emphasis stay, and tables need no empty line above them.
struct SourcePreparation {
  /// Lists and quotes that lie within each other, begun on one line.
  private static let maximumMarks = 16
  /// Bytes of the label of a definition (CommonMark: 999).
  private static let maximumLabel = 1_000

  /// Begins code that is a formula, where those are marked: a character that no piece has.
  static let formulaMark: UInt8 = 0x01

  /// Says that a line breaks: white space that no piece has.
  static let lineBreak: UInt8 = 0x0B
  /// Stand beside emphasis where CommonMark would not have it, as a letter and as white space do.
  private static let letter: UInt8 = 0x02
  private static let blank: UInt8 = 0x0C

  /// Whether it is no part of what was written.
  static func isAdded(_ byte: UInt8) -> Bool { byte == letter || byte == blank }

  /// - Parameter marksFormulas: Whether each becomes code that begins with the mark.
  static func prepared(_ source: [UInt8], marksFormulas: Bool = false) -> [UInt8] {
    var preparation = SourcePreparation(source: source, marksFormulas: marksFormulas)
    preparation.result.reserveCapacity(source.count + source.count / 8 + 64)
    while preparation.index < source.count {
      preparation.beginLine()
      preparation.copyLine()
    }
    return preparation.result
  }

  private let source: [UInt8]
  private let marksFormulas: Bool
  private var index = 0
  private var result: [UInt8] = []
  private var emphasis = EmphasisMarks()
  private var table = TableSource()
  /// Whether the line before is a block of its own, or a row of cells.
  private var isApart = true
  /// Where the marks behind an address end.
  private var addressEnd = 0

  private init(source: [UInt8], marksFormulas: Bool) {
    self.source = source
    self.marksFormulas = marksFormulas
  }

  private func byte(_ index: Int) -> UInt8 { index < source.count ? source[index] : .newline }

  // MARK: - The beginning of a line

  /// Copies what stands before its text, and all of it where it is code or delimits cells.
  private mutating func beginLine() {
    var (start, resultStart) = (index, result.count)
    var isItem = copyMarks()
    while copyFence(from: start) {
      (start, resultStart) = (index, result.count)
      isItem = copyMarks()
    }
    let wasApart = isApart
    isApart = [.newline, UInt8(ascii: "#")].contains(byte(index))
    if isItem || isApart || wasApart { emphasis.reset() }
    switch table.line(at: index, isItem: isItem, in: source) {
    case .other: break
    case .head:
      if !isItem, !wasApart { beginBlock(at: resultStart, quoted: source[start..<index]) }
      isApart = true
    case .delimiters(let delimiters):
      result += delimiters
      index = source[index...].firstIndex(of: .newline) ?? source.count
      isApart = true
    case .row: isApart = true
    case .behind:
      if !isItem { beginBlock(at: resultStart, quoted: source[start..<index]) }
    }
    if isApart { emphasis.reset() }
  }

  /// By an empty line within the same quotes.
  private mutating func beginBlock(at start: Int, quoted marks: ArraySlice<UInt8>) {
    let quotes = marks.filter { $0 == UInt8(ascii: ">") }
    result.insert(contentsOf: quotes + [.newline], at: start)
  }

  /// Returns whether an item begins.
  private mutating func copyMarks() -> Bool {
    var marks = 0
    var isItem = false
    let isRule = Self.isRule(source, index)
    while index < source.count {
      let byte = source[index]
      if byte == .space || byte == .tab {
        result.append(byte)
        index += 1
        continue
      }
      guard let length = Self.markLength(source, index) else { break }
      marks += 1
      isItem = isItem || byte != UInt8(ascii: ">")
      if marks > Self.maximumMarks, !isRule {
        // The end of a number is what makes it a mark.
        result += source[index..<(index + length - 1)] + [.backslash, source[index + length - 1]]
        index += length
        break
      }
      result += source[index..<(index + length)]
      index += length
    }
    if Self.isDefinition(source, index) {
      result += [.backslash, source[index]]
      index += 1
    }
    return isItem
  }

  /// How many blanks and marks of quotes a line begins with, up to so many of these, and whether it
  /// has them all.
  private func skipMarks(of quotes: Int) -> (count: Int, hasAll: Bool) {
    var (end, missing) = (index, quotes)
    while end < source.count, source[end] != .newline {
      if source[end] == UInt8(ascii: ">"), missing > 0 {
        missing -= 1
      } else if !source[end].isBlank {
        break
      }
      end += 1
    }
    return (end - index, missing == 0)
  }

  /// Code between fences in an item or a quote, of which nothing is touched, closed or not. What
  /// is no part of that item or quote closes it.
  private mutating func copyFence(from lineStart: Int) -> Bool {
    let mark = byte(index)
    guard mark == .backtick || mark == .tilde, byte(index + 1) == mark, byte(index + 2) == mark
    else { return false }
    let text = source[index...].prefix { $0 != .newline }
    guard let fence = Fence(opening: Array(text)) else { return false }
    let marks = source[lineStart..<index]
    let quotes = marks.count { $0 == UInt8(ascii: ">") }
    copy(text.count)
    var isSurelyWithin = true
    while index < source.count {
      copy(1)
      let (column, isWithin) = skipMarks(of: quotes)
      let line = source[(index + column)...].prefix { $0 != .newline }
      guard line.isEmpty ? isWithin : isWithin && (quotes > 0 || marks.isEmpty || column > 0)
      else { break }
      // md4c may take it for the end of an item, and the code with it.
      if !line.isEmpty, column < marks.count { isSurelyWithin = false }
      copy(column)
      if !isSurelyWithin, Self.isDefinition(source, index) { result.append(.backslash) }
      copy(line.count)
      if fence.isClosed(by: Array(line)) {
        copy(1)
        break
      }
    }
    isApart = true
    table = TableSource()
    return true
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

  private mutating func copyLine() {
    while index < source.count {
      let byte = source[index]
      switch byte {
      case .newline:
        copy(1)
        return
      case .backtick: copyCode()
      case .backslash:
        if let end = FormulaSource.end(source, index) {
          add(source[(index + 2)..<(end - 2)])
          index = end
        } else {
          copy(2)
          if self.source[index - 1] == .newline { return }
        }
      case UInt8(ascii: "$"):
        if let (inner, end) = FormulaSource.betweenDollars(source, index) {
          add(source[inner])
          index = end
        } else {
          copy(1)
        }
      case .star, .underscore, .tilde: copyEmphasis()
      case UInt8(ascii: "<"): copyAngle()
      case UInt8(ascii: ":"): copyAddress()
      case .bar:
        if isApart { emphasis.reset() }
        copy(1)
      default:
        result.append(byte)
        index += 1
      }
    }
  }

  private mutating func copy(_ count: Int) {
    let end = min(index + count, source.count)
    result += source[index..<end]
    index = end
  }

  /// Behind whatever blanks and marks the line has.
  private func beginsDefinition(_ lineStart: Int) -> Bool {
    guard lineStart < source.count else { return false }
    let text = source[lineStart...].firstIndex { byte in
      !byte.isDigit && !" \t>-+*.)".utf8.contains(byte)
    }
    return text.map { Self.isDefinition(source, $0) } ?? false
  }

  private mutating func copyEmphasis() {
    let mark = source[index]
    var end = index + 1
    while byte(end) == mark { end += 1 }
    if mark == .underscore, end - index == 2, let name = EmphasisMarks.nameEnd(source, index) {
      return copyText(to: name)
    }
    let reading = emphasis.reading(of: index..<end, in: source, isInAddress: index < addressEnd)
    switch reading {
    case .text: copyText(to: end)
    case .usual: copy(end - index)
    case .opening:
      result.append(Self.blank)
      copy(end - index)
      result.append(Self.letter)
    case .closing:
      result.append(Self.letter)
      copy(end - index)
      result.append(Self.blank)
    }
  }

  /// With no mark of emphasis in it.
  private mutating func copyText(to end: Int) {
    while index < end {
      if [.star, .underscore, .tilde].contains(source[index]) { result.append(.backslash) }
      copy(source[index] == .backslash ? 2 : 1)
    }
  }

  /// An address in angle brackets is read as it is; so is all but a break of what looks like HTML.
  private mutating func copyAngle() {
    var end = index + 1
    while end < source.count, !source[end].isBlank, !"<>".utf8.contains(source[end]) { end += 1 }
    if let behind = breakEnd(from: end) {
      index = behind
      // A line that ends is a break already.
      if source[index...].first(where: { $0 != .space && $0 != .tab }) != .newline {
        result.append(Self.lineBreak)
      }
      return
    }
    let inner = source[(index + 1)..<end]
    let isAddress = byte(end) == UInt8(ascii: ">") && inner.contains { ":@".utf8.contains($0) }
    copy(isAddress ? end - index : 1)
  }

  /// Behind `<br>`, `<br/>` or `<br />`, where the name ends there.
  private func breakEnd(from nameEnd: Int) -> Int? {
    var name = source[(index + 1)..<nameEnd]
    if name.count <= 4, name.last == UInt8(ascii: "/") { name.removeLast() }
    if name.count <= 3, name.first == UInt8(ascii: "/") { name.removeFirst() }
    guard name.count == 2, name.elementsEqual("br".utf8, by: { $0 | 0x20 == $1 })
    else { return nil }
    if byte(nameEnd) == UInt8(ascii: ">") { return nameEnd + 1 }
    let isSpaced = byte(nameEnd) == .space && byte(nameEnd + 1) == UInt8(ascii: "/")
    return isSpaced && byte(nameEnd + 2) == UInt8(ascii: ">") ? nameEnd + 3 : nil
  }

  /// What follows `http:` or another scheme. Marks that it ends with may be emphasis around it.
  private mutating func copyAddress() {
    guard byte(index + 1) == UInt8(ascii: "/"), byte(index + 2) == UInt8(ascii: "/"), index > 0,
      source[index - 1].isLetter
    else { return copy(1) }
    var end = index
    var depth = 0
    while end < source.count, source[end] > .space, source[end] < 0x7F,
      !"<>\"`|".utf8.contains(source[end])
    {
      if "([".utf8.contains(source[end]) { depth += 1 }
      if ")]".utf8.contains(source[end]) { depth -= 1 }
      if depth < 0 { break }
      end += source[end] == .backslash ? 2 : 1
    }
    end = min(end, source.count)
    let core = source[index..<end].lastIndex { !".,;:!?'*_~\\".utf8.contains($0) } ?? index
    addressEnd = end
    copyText(to: core + 1)
  }

  /// With its marks, if they are closed.
  private mutating func copyCode() {
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
        // Code ends with its block at the latest.
        if byte(end) == .newline, beginsDefinition(end + 1) { break }
      }
      end += 1
    }
    let isClosed = run == length && end <= source.count
    copy(isClosed ? end - index : length)
  }

  /// Its text, with whatever could be read as Markdown escaped; or code.
  private mutating func add(_ formula: ArraySlice<UInt8>) {
    let source = String(decoding: formula, as: UTF8.self)
    if !marksFormulas, let text = Formula.unicode(source) {
      for byte in text.utf8 {
        if byte.isPunctuation { result.append(.backslash) }
        result.append(byte)
      }
      return
    }
    let words =
      formula.contains(where: \.isBlank)
      ? source.split(whereSeparator: \.isWhitespace).joined(separator: " ") : source
    let line = marksFormulas ? String(Unicode.Scalar(Self.formulaMark)) + words : words
    var longest = 0
    var run = 0
    for byte in line.utf8 {
      run = byte == .backtick ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: longest + 1)
    result += (longest > 0 ? "\(fence) \(line) \(fence)" : "\(fence)\(line)\(fence)").utf8
  }
}
