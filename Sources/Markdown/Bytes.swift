extension UInt8 {
  static let newline = UInt8(ascii: "\n")
  static let space = UInt8(ascii: " ")
  static let tab = UInt8(ascii: "\t")
  static let backslash = UInt8(ascii: "\\")
  static let star = UInt8(ascii: "*")
  static let underscore = UInt8(ascii: "_")
  static let tilde = UInt8(ascii: "~")
  static let backtick = UInt8(ascii: "`")
  static let bar = UInt8(ascii: "|")

  var isBlank: Bool { self == .space || self == .tab || self == .newline }
  var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
  var isLetter: Bool {
    let lower = self | 0x20
    return UInt8(ascii: "a")...UInt8(ascii: "z") ~= lower
  }

  /// What a backslash makes an ordinary character. CommonMark, *Backslash escapes*.
  var isPunctuation: Bool {
    (0x21...0x7E) ~= self && !isDigit && !isLetter
  }
}

extension [UInt8] {
  var isBlank: Bool { allSatisfy(\.isBlank) }

  /// How many spaces it begins with; a tab counts as four.
  var indentation: Int {
    var count = 0
    for byte in self {
      if byte == .space { count += 1 } else if byte == .tab { count += 4 } else { break }
    }
    return Swift.min(count, self.count)
  }

  var trimmed: [UInt8] {
    guard let first = firstIndex(where: { !$0.isBlank }),
      let last = lastIndex(where: { !$0.isBlank })
    else { return [] }
    return Array(self[first...last])
  }

  func hasSuffix(_ end: [UInt8]) -> Bool { suffix(end.count).elementsEqual(end) }

  /// For two bytes.
  func contains(_ pair: [UInt8]) -> Bool {
    zip(self, dropFirst()).contains { $0 == (pair[0], pair[1]) }
  }

  /// Where its last character begins, in UTF-8.
  var lastCharacterStart: Int {
    var index = count - 1
    while index > 0, self[index] & 0xC0 == 0x80 { index -= 1 }
    return index
  }

  /// Whether it begins with the mark of a list's item.
  var isListItem: Bool {
    var index = 0
    while index < count, self[index] == .space || self[index] == .tab { index += 1 }
    guard index < count else { return false }
    if [UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "+")].contains(self[index]) {
      index += 1
    } else {
      let start = index
      while index < count, self[index].isDigit, index - start < 9 { index += 1 }
      guard index > start, index < count,
        self[index] == UInt8(ascii: ".") || self[index] == UInt8(ascii: ")")
      else { return false }
      index += 1
    }
    return index == count || self[index] == .space || self[index] == .tab
  }
}
