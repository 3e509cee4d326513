extension String {
  /// As `String(decoding:as:)`, in a fraction of its time: what grows is read many times.
  init(units: ArraySlice<UInt16>) {
    self.init(unsafeUninitializedCapacity: units.count * 3) { utf8 in
      var count = 0
      func append(_ scalar: UInt32, lead: UInt32, continuations: Int) {
        for place in stride(from: continuations, through: 0, by: -1) {
          let bits = scalar >> UInt32(place * 6)
          utf8[count] = UInt8(place == continuations ? lead | bits : 0x80 | (bits & 0x3F))
          count += 1
        }
      }
      var index = units.startIndex
      while index < units.endIndex {
        let unit = units[index]
        index += 1
        switch unit {
        case ..<0x80: append(UInt32(unit), lead: 0, continuations: 0)
        case ..<0x800: append(UInt32(unit), lead: 0xC0, continuations: 1)
        case 0xD800..<0xDC00 where index < units.endIndex && UTF16.isTrailSurrogate(units[index]):
          let pair = UTF16.EncodedScalar([unit, units[index]])
          append(UTF16.decode(pair).value, lead: 0xF0, continuations: 3)
          index += 1
        case 0xD800..<0xE000: append(0xFFFD, lead: 0xE0, continuations: 2)
        default: append(UInt32(unit), lead: 0xE0, continuations: 2)
        }
      }
      return count
    }
  }
}

extension [UInt16] {
  /// With an eighth of room for more in place of as much again: what grows is kept for long.
  mutating func append(sparingly others: [UInt16]) {
    let needed = count + others.count
    if needed > capacity { reserveCapacity(needed + Swift.max(256, needed / 8)) }
    append(contentsOf: others)
  }

  /// Most text is ASCII, which needs no decoding.
  mutating func append(utf8 bytes: UnsafeRawBufferPointer) {
    if bytes.allSatisfy({ $0 < 0x80 }) {
      for byte in bytes { append(UInt16(byte)) }
    } else {
      append(contentsOf: String(decoding: bytes, as: UTF8.self).utf16)
    }
  }

  /// `nil` if there is nothing but white space.
  func trimmedOfBlanks(_ range: Range<Int>) -> Range<Int>? {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, self[start].isBlank { start += 1 }
    while end > start, self[end - 1].isBlank { end -= 1 }
    return start < end ? start..<end : nil
  }
}

extension UInt16 {
  /// All of Unicode's white space is in the basic plane.
  var isBlank: Bool {
    if self < 0x80 { return self == 0x20 || (0x09...0x0D).contains(self) }
    return Unicode.Scalar(self)?.properties.isWhitespace ?? false
  }
}

extension String {
  var trimmedOfBlanks: String {
    let scalars = unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(scalars[first...last])
  }
}

extension Block {
  /// Nothing lies within code, and code in no other style but a quote: what goes around it is
  /// shown before and behind it.
  mutating func keepCodeToItself() {
    let code = styles.filter(\.style.isCode).map(\.range).sorted { $0.lowerBound < $1.lowerBound }
    guard !code.isEmpty else { return }
    var result: [StyledRange] = []
    for styled in styles {
      guard !styled.style.isCode else {
        result.append(styled)
        continue
      }
      var start = styled.range.lowerBound
      // Behind the last one that ends before it; they do not overlap.
      let first = code.partition { $0.upperBound > start }
      for range in code[first...] where range.lowerBound < styled.range.upperBound {
        add(styled.style, start..<max(start, range.lowerBound), to: &result)
        start = max(start, range.upperBound)
      }
      add(styled.style, start..<max(start, styled.range.upperBound), to: &result)
    }
    styles = result
  }

  private func add(
    _ style: StyledRange.Style, _ range: Range<Int>, to result: inout [StyledRange]
  ) {
    if let range = units.trimmedOfBlanks(range) { result.append(StyledRange(style, range)) }
  }
}

extension [Range<Int>] {
  /// The first that meets a condition which all behind it meet.
  func partition(_ isBehind: (Range<Int>) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// What a link may lead to. A `javascript:` or relative address is none that a chat could open.
enum LinkAddress {
  private static let schemes = ["http://", "https://", "mailto:", "tg://"]

  static func isAllowed(_ address: String) -> Bool {
    let lower = address.prefix(8).lowercased()
    guard let scheme = schemes.first(where: { lower.hasPrefix($0) }) else { return false }
    return address.utf8.count > scheme.utf8.count && address.utf8.count <= 2_048
      && address.unicodeScalars.allSatisfy {
        // Nor may it turn the direction of what it stands in.
        !$0.properties.isWhitespace
          && ![.control, .format].contains($0.properties.generalCategory)
      }
  }
}

/// `&amp;` and the like.
enum CharacterReference {
  private static let named = [
    "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{A0}", "copy": "©",
    "reg": "®", "trade": "™", "hellip": "…", "mdash": "—", "ndash": "–", "lsquo": "‘",
    "rsquo": "’", "ldquo": "“", "rdquo": "”", "laquo": "«", "raquo": "»", "bull": "•",
    "middot": "·", "times": "×", "divide": "÷", "plusmn": "±", "deg": "°", "euro": "€",
    "pound": "£", "yen": "¥", "cent": "¢", "sect": "§", "para": "¶", "larr": "←", "rarr": "→",
    "uarr": "↑", "darr": "↓", "harr": "↔", "le": "≤", "ge": "≥", "ne": "≠", "infin": "∞",
    "sum": "∑", "radic": "√", "check": "✓", "micro": "µ", "frac12": "½", "frac14": "¼",
  ]

  /// As it is, if it names no character that may be shown.
  static func text(of reference: String) -> String {
    let name = reference.dropFirst().dropLast()
    guard name.first == "#" else { return named[String(name)] ?? reference }
    let digits = name.dropFirst()
    let isHexadecimal = digits.first == "x" || digits.first == "X"
    let value = UInt32(
      isHexadecimal ? digits.dropFirst() : digits, radix: isHexadecimal ? 16 : 10)
    guard let scalar = value.flatMap(Unicode.Scalar.init), scalar.value >= 0x20,
      scalar.properties.generalCategory != .control
    else { return reference }
    return String(scalar)
  }
}

extension String {
  var replacingCharacterReferences: String {
    guard utf8.contains(UInt8(ascii: "&")) else { return self }
    return replacing(/&#?[A-Za-z0-9]{1,47};/) { CharacterReference.text(of: String($0.output)) }
  }
}
