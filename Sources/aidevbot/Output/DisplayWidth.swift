// What a terminal makes of text that people have chosen.

extension String {
  /// In columns of a terminal.
  var displayWidth: Int { reduce(0) { $0 + $1.displayWidth } }

  /// With spaces in place of tabs, to the next eighth column.
  var withoutTabs: String {
    guard contains("\t") else { return self }
    return reduce(into: "") { line, character in
      line +=
        character == "\t"
        ? String(repeating: " ", count: 8 - line.displayWidth % 8) : String(character)
    }
  }

  /// In lines of at most `width` columns, broken between words if that can be.
  func wrapped(to width: Int) -> [String] {
    guard displayWidth > width, width > 1 else { return [self] }
    var lines: [String] = []
    var line = ""
    for character in self {
      if line.displayWidth + character.displayWidth > width {
        if character != " ", let space = line.lastIndex(of: " ") {
          lines.append(String(line[..<space]))
          line = String(line[line.index(after: space)...])
        } else {
          lines.append(line)
          line = ""
        }
      }
      if !(line.isEmpty && character == " " && !lines.isEmpty) { line.append(character) }
    }
    return line.isEmpty ? lines : lines + [line]
  }

  /// With an ellipsis for what goes beyond `width` columns.
  func shortened(to width: Int) -> String {
    guard displayWidth > width, width > 0 else { return self }
    var text = ""
    for character in self {
      guard text.displayWidth + character.displayWidth < width else { break }
      text.append(character)
    }
    return text + "…"
  }
}

extension Character {
  /// Two for what East Asian scripts and emoji take, by Unicode's annex 11.
  fileprivate var displayWidth: Int {
    guard let scalar = unicodeScalars.first else { return 0 }
    if scalar.properties.isEmojiPresentation || unicodeScalars.contains("\u{FE0F}") { return 2 }
    return Self.wide.contains { $0.contains(scalar.value) } ? 2 : 1
  }

  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
    0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF,
    0x20000...0x3FFFD,
  ]
}
