/// Finds tables in a source line by line, as GitHub takes them and somewhat more generously: a dash
/// is enough below a column, and no empty line is needed around a table.
struct TableSource {
  /// What a line is to a table.
  enum Line {
    case other
    /// The first of a table.
    case head
    /// Below the head, as md4c 0.4.8 takes it: with three dashes for each column.
    case delimiters([UInt8])
    case row
    /// The first that is no row any more.
    case behind
  }

  private enum State {
    case outside
    /// - Parameter text: Where the text of the delimiters begins.
    case belowHead(text: Int, delimiters: [UInt8])
    case inside
  }

  private var state = State.outside
  /// Columns that are added for rows that are longer than their head: md4c leaves the rest of
  /// those out.
  private static let maximumAdded = 8

  /// - Parameters:
  ///   - text: Where the line's text begins, behind the marks of quotes and items.
  ///   - isItem: Whether it is the first line of an item.
  mutating func line(at text: Int, isItem: Bool, in source: [UInt8]) -> Line {
    // Code that goes on in another line may have taken them away.
    if case .belowHead(text, let delimiters) = state {
      state = .inside
      return .delimiters(delimiters)
    }
    let isInside = if case .inside = state { true } else { false }
    let end = Self.end(text, source)
    guard source[text..<end].contains(.bar) else {
      state = .outside
      return isInside && end > text ? .behind : .other
    }
    if isInside, !isItem { return .row }
    state = .outside
    guard let (start, columns) = Self.delimiters(below: end, source) else { return .other }
    let cells = min(Self.longestRow(from: text, source), columns.count + Self.maximumAdded)
    let added = Array(repeating: Array("---".utf8), count: max(0, cells - columns.count))
    state = .belowHead(
      text: start, delimiters: [.bar] + (columns + added).joined(separator: [.bar]) + [.bar])
    return .head
  }

  private static func end(_ start: Int, _ source: [UInt8]) -> Int {
    source[start...].firstIndex(of: .newline) ?? source.count
  }

  /// Behind blanks and the marks of quotes.
  private static func textStart(_ start: Int, _ source: [UInt8]) -> Int {
    source[start...].firstIndex { $0 != .space && $0 != .tab && $0 != UInt8(ascii: ">") }
      ?? source.count
  }

  /// One for each column, if the line below the one that ends there has nothing but those.
  private static func delimiters(
    below end: Int, _ source: [UInt8]
  ) -> (start: Int, columns: [[UInt8]])? {
    guard end < source.count else { return nil }
    let start = textStart(end + 1, source)
    let line = Array(source[start..<Self.end(start, source)]).trimmed
    guard line.contains(.bar), !line.isListItem, line.contains(UInt8(ascii: "-")),
      line.allSatisfy({ $0.isBlank || "|-:".utf8.contains($0) })
    else { return nil }
    var columns: [[UInt8]] = []
    for cell in inner(line).split(separator: .bar, omittingEmptySubsequences: false) {
      let cell = Array(cell).trimmed
      let dashes = cell.drop { $0 == UInt8(ascii: ":") }.prefix { $0 == UInt8(ascii: "-") }
      let (left, right) = (dashes.startIndex, cell.count - dashes.endIndex)
      guard !dashes.isEmpty, left <= 1, right <= 1, right == 0 || cell.last == UInt8(ascii: ":")
      else { return nil }
      columns.append(Array(cell[..<left]) + Array("---".utf8) + Array(cell[dashes.endIndex...]))
    }
    return (start, columns)
  }

  /// Without the bars at both ends.
  private static func inner(_ line: [UInt8]) -> ArraySlice<UInt8> {
    let isOpen = line.first == .bar
    return line[(isOpen ? 1 : 0)..<max(isOpen ? 1 : 0, line.count - (line.last == .bar ? 1 : 0))]
  }

  /// How many cells the longest of the table's rows has.
  private static func longestRow(from text: Int, _ source: [UInt8]) -> Int {
    var longest = 0
    var start = text
    while start < source.count {
      let end = Self.end(start, source)
      let line = Array(source[start..<end]).trimmed
      guard line.contains(.bar), start == text || !line.isListItem else { break }
      longest = max(longest, cells(line))
      start = end < source.count ? textStart(end + 1, source) : end
    }
    return longest
  }

  /// Bars in code and behind a backslash are text.
  private static func cells(_ line: [UInt8]) -> Int {
    var count = 1
    var isCode = false
    var isEscaped = false
    for byte in inner(line) {
      if byte == .bar, !isCode, !isEscaped { count += 1 }
      if byte == .backtick, !isEscaped { isCode.toggle() }
      isEscaped = byte == .backslash && !isEscaped
    }
    return count
  }
}
