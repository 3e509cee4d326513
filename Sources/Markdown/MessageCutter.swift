/// Cuts a text into messages, one after the other: at the last border between blocks that fits,
/// else at a line's end, a sentence's, a space, or between two characters. What a cut goes through
/// goes on in the next message: a block of code with its language and its indentation.
struct MessageCutter: Sendable {
  private let limits: MessageLimits
  private(set) var start = 0
  private var nextStyle = 0
  private var nextBorder = 0
  /// Styles that began before `start`, and go on.
  private var carried: [StyledRange] = []

  init(_ limits: MessageLimits) {
    self.limits = limits
  }

  /// `nil` if nothing is left, or if the next message may still become another: what follows an
  /// unfinished text decides where a full message ends.
  mutating func next(of text: RenderedText, isWhole: Bool) -> FormattedText? {
    while true {
      skipBlanks(text)
      guard start < text.units.count else { return nil }
      guard isWhole || text.units.count > start + limits.units + 1 else { return nil }
      let (limit, candidates) = window(text)
      let end = limit >= text.units.count ? text.units.count : cut(text, limit)
      defer { move(to: end, text) }
      if let message = message(text, end, candidates) { return message }
    }
  }

  /// Takes away from the text what it has cut already.
  mutating func forgetCut(of text: inout RenderedText) {
    text.removeBeginning(start, nextStyle: nextStyle, nextBorder: nextBorder)
    // Of blanks that were skipped, a style may be left.
    carried = carried.filter { $0.range.upperBound > start }.map { $0.moved(by: -start) }
    (start, nextStyle, nextBorder) = (0, 0, 0)
  }

  /// How far a message may reach, and which styles may lie in it.
  private func window(_ text: RenderedText) -> (limit: Int, styles: [StyledRange]) {
    var limit = start + limits.units
    var candidates = carried.filter { $0.range.upperBound > start }
    for styled in text.styles[nextStyle...] {
      if styled.range.lowerBound >= limit { break }
      if styled.range.upperBound <= start { continue }
      if candidates.count == limits.styles {
        limit = max(styled.range.lowerBound, start + 1)
        break
      }
      candidates.append(styled)
    }
    return (limit, candidates)
  }

  private func message(
    _ text: RenderedText, _ end: Int, _ candidates: [StyledRange]
  ) -> FormattedText? {
    var last = end
    while last > start, text.units[last - 1].isBlank { last -= 1 }
    guard last > start else { return nil }
    let styles = candidates.compactMap { styled -> StyledRange? in
      let range = styled.range.clamped(to: start..<last)
      let inner =
        styled.style.isPreformatted
        ? (text.units.trimmedOfBlanks(range) == nil ? nil : range)
        : text.units.trimmedOfBlanks(range)
      return inner.map { StyledRange(styled.style, $0).moved(by: -start) }
    }
    // Code may begin with blanks, and a quote around it does not.
    return FormattedText(String(units: text.units[start..<last]), styles: styles.inOrder)
  }

  private mutating func move(to end: Int, _ text: RenderedText) {
    start = end
    carried = carried.filter { $0.range.upperBound > end }
    while nextStyle < text.styles.count, text.styles[nextStyle].range.lowerBound < end {
      if text.styles[nextStyle].range.upperBound > end { carried.append(text.styles[nextStyle]) }
      nextStyle += 1
    }
    while nextBorder < text.borders.count, text.borders[nextBorder].offset <= end {
      nextBorder += 1
    }
  }

  /// Telegram takes white space from the beginning of a message, except the indentation of code.
  private mutating func skipBlanks(_ text: RenderedText) {
    var first = start
    while first < text.units.count, text.units[first].isBlank { first += 1 }
    guard first > start else { return }
    let isCode =
      carried.contains { $0.style.isPreformatted && $0.range.upperBound > first }
      || text.styles[nextStyle...].prefix { $0.range.lowerBound < first }
        .contains { $0.style.isPreformatted && $0.range.upperBound > first }
    if isCode {
      // Whole lines that are empty go; the rest is indentation.
      while first > start, text.units[first - 1] != 0x0A { first -= 1 }
    }
    start = first
  }

  private func cut(_ text: RenderedText, _ limit: Int) -> Int {
    var weak: Int?
    var strong: Int?
    for border in text.borders[nextBorder...] {
      if border.offset > limit { break }
      guard border.offset > start else { continue }
      if border.isWeak { weak = border.offset } else { strong = border.offset }
    }
    return strong ?? weak ?? cutWithinBlock(text, limit)
  }

  private func cutWithinBlock(_ text: RenderedText, _ limit: Int) -> Int {
    let units = text.units
    var sentence: Int?
    var space: Int?
    for index in stride(from: limit, to: start + 1, by: -1) where units[index - 1].isBlank {
      if units[index - 1] == 0x0A { return index }
      if index > start + 1, units[index - 2].endsSentence { sentence = sentence ?? index }
      space = space ?? index
    }
    if units[limit].isBlank { return limit }
    return sentence ?? space ?? betweenCharacters(units, limit)
  }

  private func betweenCharacters(_ units: [UInt16], _ limit: Int) -> Int {
    // One code point more, on which it depends whether a character ends before it.
    let window = String(units: units[start..<min(limit + 2, units.count)])
    var length = 0
    for character in window {
      let longer = length + character.utf16.count
      if longer > limit - start { break }
      length = longer
    }
    if length > 0 { return start + length }
    // A single character that is longer than a message: a letter under a heap of accents.
    return limit - (UTF16.isTrailSurrogate(units[limit]) && limit - start > 1 ? 1 : 0)
  }
}

extension UInt16 {
  fileprivate var endsSentence: Bool {
    switch Unicode.Scalar(self) {
    case ".", "!", "?", "…", "。", "！", "？": true
    default: false
    }
  }
}
