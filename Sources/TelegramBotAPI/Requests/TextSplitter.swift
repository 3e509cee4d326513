/// Cuts a text into parts that a message can hold.
///
/// A cut is made at the last paragraph border that fits, else at the last line end, the last end of
/// a sentence, the last white space, or between two characters. White space at the ends of parts is
/// dropped (Telegram drops it too), and nothing else. Each part that is cut short leaves a window
/// without that border, so the work is linear in the length of the text.
package enum TextSplitter {
  /// - Parameters:
  ///   - limit: UTF-16 units a part, at least 2, so that a surrogate pair fits.
  /// - Returns: The parts in order, none of them blank: nothing for a blank text.
  package static func split(_ text: String, limit: Int = TelegramLimits.messageText) -> [String] {
    precondition(limit >= 2, "a surrogate pair takes two units")
    if text.utf16.count <= limit { return trimmed(text).map { [$0] } ?? [] }
    let units = Array(text.utf16)
    var parts: [String] = []
    var start = 0
    while true {
      while start < units.count, isSpace(units[start]) { start += 1 }
      guard start < units.count else { return parts }
      let cut = units.count - start <= limit ? units.count : self.cut(units, start, limit)
      var end = cut
      while isSpace(units[end - 1]) { end -= 1 }
      parts.append(String(decoding: units[start..<end], as: UTF16.self))
      start = cut
    }
  }

  /// A short text is not taken apart: most are.
  private static func trimmed(_ text: String) -> String? {
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return nil }
    return String(scalars[first...last])
  }

  /// Where the part that begins at `start` with something to see ends.
  private static func cut(_ units: [UInt16], _ start: Int, _ limit: Int) -> Int {
    var line: Int?
    var sentence: Int?
    var space: Int?
    // White space just behind the limit is as good a place.
    for index in stride(from: start + limit, to: start, by: -1) where isSpace(units[index]) {
      if isLineEnd(units[index]) {
        if isParagraphEnd(units, at: index) { return index }
        line = line ?? index
      }
      if isSentenceEnd(units[index - 1]) { sentence = sentence ?? index }
      space = space ?? index
    }
    return line ?? sentence ?? space ?? betweenCharacters(units, start, limit)
  }

  private static func betweenCharacters(_ units: [UInt16], _ start: Int, _ limit: Int) -> Int {
    // One code point more, on which it depends whether a character ends before it.
    let window = String(
      decoding: units[start..<min(start + limit + 2, units.count)], as: UTF16.self)
    var length = 0
    for character in window {
      let longer = length + character.utf16.count
      if longer > limit { break }
      length = longer
    }
    if length > 0 { return start + length }
    // A single character, longer than a part: a base under a heap of combining marks.
    let splitsPair = UTF16.isTrailSurrogate(units[start + limit])
    return start + limit - (splitsPair ? 1 : 0)
  }

  /// Whether only white space is left of the line after the one that ends at `index`.
  private static func isParagraphEnd(_ units: [UInt16], at index: Int) -> Bool {
    var next = index + 1
    if units[index] == 0x0D, next < units.count, units[next] == 0x0A { next += 1 }
    while next < units.count, isSpace(units[next]) {
      if isLineEnd(units[next]) { return true }
      next += 1
    }
    return false
  }

  private static func isSentenceEnd(_ unit: UInt16) -> Bool {
    switch Unicode.Scalar(unit) {
    case ".", "!", "?", "…", "。", "！", "？": true
    default: false
    }
  }

  private static func isLineEnd(_ unit: UInt16) -> Bool {
    unit == 0x0A || unit == 0x0D
  }

  private static func isSpace(_ unit: UInt16) -> Bool {
    // All of Unicode's white space is in the basic plane.
    Unicode.Scalar(unit)?.properties.isWhitespace ?? false
  }
}
