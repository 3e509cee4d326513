/// A table as text: aligned in a fixed width where a telephone has room for that and nothing leads
/// anywhere, else row by row.
enum TableLayout {
  /// Columns of a fixed width that fit a telephone.
  static let maximumWidth = 44
  private static let gap = " │ "

  /// Lines in a fixed width, or `nil` if they would be too wide, or hold a link: what is shown in
  /// a fixed width can be copied, and not followed.
  static func grid(_ table: Table) -> String? {
    guard let head = table.rows.first, !head.isEmpty,
      !table.rows.joined().contains(where: \.leadsSomewhere)
    else { return nil }
    let columns = head.count
    // A table of one column needs no more than its text.
    guard columns + (columns - 1) * gap.count <= maximumWidth else { return nil }
    var widths = [Int](repeating: 1, count: columns)
    let cells = table.rows.map { row in
      row.prefix(columns).map { cell in
        let isOneLine = !cell.text.utf8.contains(.newline)
        let text = isOneLine ? cell.text : cell.text.replacing("\n", with: " ")
        return (text, text.columnWidth)
      }
    }
    for row in cells {
      for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.1) }
    }
    guard widths.reduce(0, +) + (columns - 1) * gap.count <= maximumWidth else { return nil }
    var lines = cells.map { row in
      (0..<columns).map { column in
        let (text, width) = column < row.count ? row[column] : ("", 0)
        return padded(
          text, by: widths[column] - width,
          column < table.alignments.count ? table.alignments[column] : .left,
          isLast: column == columns - 1)
      }.joined(separator: gap)
    }
    lines.insert(
      widths.map { String(repeating: "─", count: $0) }.joined(separator: "─┼─"), at: 1)
    return lines.joined(separator: "\n")
  }

  /// `column: value` lines; a row begins with its first cell. Values keep their styles. Of the
  /// names, which each row repeats, the links alone are kept, and once: a message holds a hundred
  /// styles.
  static func lines(_ table: Table) -> StyledUnits {
    guard var names = table.rows.first else { return StyledUnits() }
    var lines = StyledUnits()
    guard table.rows.count > 1 else {
      lines.append(names.filter { !$0.text.isEmpty }, separator: "\n")
      return lines
    }
    for index in names.indices { names[index].styles.removeAll { !$0.style.isLink } }
    for row in table.rows.dropFirst() {
      var separator = lines.units.isEmpty ? "" : "\n\n"
      for (column, value) in zip(names.indices, row) where !value.text.isEmpty {
        let name = names[column]
        lines.append(separator)
        lines.append(name.text.isEmpty ? [value] : [name, value], separator: ": ")
        names[column].styles = []
        separator = "\n"
      }
    }
    return lines
  }

  private static func padded(
    _ text: String, by count: Int, _ alignment: Table.Alignment, isLast: Bool
  ) -> String {
    func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }
    switch alignment {
    case .left: return isLast ? text : text + spaces(count)
    case .right: return spaces(count) + text
    case .center:
      return spaces(count / 2) + text + (isLast ? "" : spaces(count - count / 2))
    }
  }
}

/// A text in the making.
struct StyledUnits {
  private(set) var units: [UInt16] = []
  private(set) var styles: [StyledRange] = []

  mutating func append(_ text: String) { units += Array(text.utf16) }

  mutating func append(_ parts: [FormattedText], separator: String) {
    for (index, part) in parts.enumerated() {
      if index > 0 { append(separator) }
      styles += part.styles.map { $0.moved(by: units.count) }
      append(part.text)
    }
  }
}

extension FormattedText {
  /// Whether a chat makes a link of some of it: of an address as well, unless it is code.
  fileprivate var leadsSomewhere: Bool {
    if styles.contains(where: \.style.isLink) { return true }
    guard text.utf8.contains(UInt8(ascii: ":")) else { return false }
    var units = Array(text.utf16)
    for code in styles where code.style.isCode {
      units.replaceSubrange(code.range, with: repeatElement(0x20, count: code.range.count))
    }
    return String(units: units[...]).split(separator: " ").contains { word in
      LinkAddress.isAllowed(String(word.drop { !$0.isLetter }))
    }
  }
}

extension String {
  /// In a fixed width: Chinese characters and emoji take two columns, accents none.
  package var columnWidth: Int {
    if utf8.allSatisfy({ $0 < 0x80 }) { return utf8.count }
    return reduce(0) { $0 + $1.columnWidth }
  }
}

extension Character {
  var columnWidth: Int {
    let scalars = unicodeScalars
    guard let first = scalars.first else { return 0 }
    switch first.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: break
    }
    let isEmoji = scalars.contains { $0.value == 0xFE0F } || first.properties.isEmojiPresentation
    return isEmoji || first.isWide ? 2 : 1
  }
}

extension Unicode.Scalar {
  /// East Asian Wide and Fullwidth (Unicode, UAX #11), in ranges without small gaps.
  fileprivate var isWide: Bool {
    switch value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F,
      0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
      0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      true
    default: false
    }
  }
}
