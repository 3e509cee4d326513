import Foundation

// What a model writes is shown to people, stored, and given to other models.

extension String {
  /// One line of at most `limit` characters, without what would move a cursor, turn the direction
  /// of writing or show nothing. Emoji keep what joins them.
  func line(upTo limit: Int) -> String {
    let words = String(UnicodeScalarView(unicodeScalars.map { $0.isHarmless ? $0 : " " }))
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return words.cut(toCharacters: limit)
  }

  /// Lines without blank ones at the ends, of at most `limit` characters.
  func paragraphs(upTo limit: Int) -> String {
    var scalars = UnicodeScalarView()
    for scalar in unicodeScalars where scalar != "\r" {
      scalars.append(scalar.isHarmless || scalar == "\n" || scalar == "\t" ? scalar : " ")
    }
    return String(scalars).trimmingCharacters(in: .whitespacesAndNewlines)
      .cut(toCharacters: limit)
  }

  /// A character can be thousands of marks upon one letter, so bytes are bounded as well.
  private func cut(toCharacters limit: Int) -> String {
    var bytes = 0
    let kept = prefix(limit).prefix { character in
      bytes += character.utf8.count
      return bytes <= limit * 4
    }
    guard kept.endIndex < endIndex else { return self }
    return kept.dropLast().trimmingCharacters(in: .whitespacesAndNewlines) + "…"
  }

  /// As code in Markdown, whatever backticks it has.
  var asCode: String {
    guard utf8.contains(UInt8(ascii: "`")) else { return "`\(self)`" }
    let fence = String(repeating: "`", count: longestRun(of: "`") + 1)
    return "\(fence) \(self) \(fence)"
  }

  /// How many of a character stand in a row at most.
  func longestRun(of character: Unicode.Scalar) -> Int {
    var (longest, run) = (0, 0)
    for scalar in unicodeScalars {
      run = scalar == character ? run + 1 : 0
      longest = max(longest, run)
    }
    return longest
  }

  /// Its lines, cut at bytes: a line's end and an accent after it are one character to Swift, or
  /// none. Of CRLF, the CR goes.
  var lines: [String] {
    let newline = UInt8(ascii: "\n")
    return utf8.split(separator: newline, omittingEmptySubsequences: false).map { line in
      let end = line.lastIndex { $0 != UInt8(ascii: "\r") }
      return end.map { String(decoding: line[...$0], as: UTF8.self) } ?? ""
    }
  }

  /// Whether it is there as a word of its own, not as a part of a longer name.
  func mentions(_ name: String) -> Bool {
    var start = startIndex
    while let range = range(of: name, options: .literal, range: start..<endIndex) {
      let before = range.lowerBound == startIndex ? nil : self[index(before: range.lowerBound)]
      let after = range.upperBound == endIndex ? nil : self[range.upperBound]
      if before?.isPartOfName != true, after?.isPartOfName != true { return true }
      start = range.upperBound
    }
    return false
  }
}

extension Character {
  fileprivate var isPartOfName: Bool { isLetter || isNumber || self == "_" }
}

extension Unicode.Scalar {
  fileprivate var isHarmless: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: false
    case .format: value == 0x200C || value == 0x200D
    default: true
    }
  }
}
