/// Which runs of `*`, `_` and `~` are emphasis. Models write CommonMark, and beside it products,
/// powers, patterns of files and names, which nobody would want to lose their signs; and they set
/// words of Chinese and Japanese off where CommonMark asks for spaces that those do not have.
struct EmphasisMarks {
  enum Reading {
    /// As CommonMark takes it.
    case usual
    case text
    /// Though CommonMark would not have it open or close there.
    case opening, closing
  }

  private struct Run {
    var mark: UInt8
    var length: Int
    var end: Int
  }

  /// Those that are open, as far as it can be told without reading the whole block. More than
  /// these are no emphasis that somebody could see.
  private var open: [Run] = []
  private static let maximumOpen = 16
  /// Bytes of a word that is looked at, and of a name such as `__init__`.
  private static let maximumWord = 64

  /// Where another block begins, since no emphasis reaches into it.
  mutating func reset() { open.removeAll(keepingCapacity: true) }

  /// - Parameter isInAddress: Whether it stands at the end of an address.
  mutating func reading(
    of run: Range<Int>, in source: [UInt8], isInAddress: Bool
  ) -> Reading {
    let mark = source[run.lowerBound]
    let before = Neighbor(before: run.lowerBound, source)
    let after = Neighbor(at: run.upperBound, source)
    // A single one is "about", or somebody's home: those who strike out write two.
    if mark == .tilde, run.count != 2 { return run.count == 1 ? .text : .usual }
    let opened = open.lastIndex { $0.mark == mark && $0.length == run.count }
    if isInAddress ? opened == nil : isText(run, in: source, before, after, opened) { return .text }
    if mark == .underscore, before.kind == .letter, after.kind == .letter { return .usual }
    if let opened, !before.isBlank {
      let closes = before.kind != .punctuation || after.kind != .letter
      if closes || (mark == .star && (isInAddress || before.mayEndEmphasis)) {
        open.removeSubrange(opened...)
        return closes ? .usual : .closing
      }
    }
    guard !after.isBlank else { return .usual }
    let opens = after.kind != .punctuation || before.kind != .letter
    guard opens || (mark == .star && after.mayBeginEmphasis(behind: before)) else { return .usual }
    if open.count == Self.maximumOpen { open.removeFirst() }
    open.append(Run(mark: mark, length: run.count, end: run.upperBound))
    return opens ? .usual : .opening
  }

  private func isText(
    _ run: Range<Int>, in source: [UInt8], _ before: Neighbor, _ after: Neighbor, _ opened: Int?
  ) -> Bool {
    guard source[run.lowerBound] != .tilde, run.count <= 2 else { return false }
    if before.isWord, after.isWord, source[run.lowerBound] == .star {
      return run.count == 1
        ? !isWithinWord(run, in: source, before, after, opened)
        : opened == nil && isPower(run, in: source, before, after)
    }
    guard opened == nil else { return false }
    return Self.isSign(run, in: source, before.byte, after.byte)
  }

  /// `2*3` is a product, and the end of `*un*believable` is none.
  private func isWithinWord(
    _ run: Range<Int>, in source: [UInt8], _ before: Neighbor, _ after: Neighbor, _ opened: Int?
  ) -> Bool {
    guard let start = opened.map({ open[$0].end }), !before.byte.isDigit, !after.byte.isDigit
    else { return false }
    let word = source[start..<run.lowerBound]
    return word.count <= Self.maximumWord && word.allSatisfy { !$0.isBlank }
  }

  /// `x**2` and `a**n`, and not `talk**ed**`.
  private func isPower(
    _ run: Range<Int>, in source: [UInt8], _ before: Neighbor, _ after: Neighbor
  ) -> Bool {
    if before.byte.isDigit || after.byte.isDigit { return true }
    func isEnd(_ index: Int) -> Bool {
      guard source.indices.contains(index) else { return true }
      return !source[index].isLetter && source[index] < 0x80
    }
    return isEnd(run.lowerBound - 2) && isEnd(run.upperBound + 1)
  }

  /// Between two marks: `(a)*(b)`, `src/*.py`, `/*`, `(*)`, `"*"`, `lib/_x`.
  private static func isSign(
    _ run: Range<Int>, in source: [UInt8], _ before: UInt8, _ after: UInt8
  ) -> Bool {
    let isStar = source[run.lowerBound] == .star
    let isAfterMark = after.isPunctuation
    switch before {
    case UInt8(ascii: "/"):
      let outer = run.lowerBound > 1 ? source[run.lowerBound - 2] : .space
      // A comment begins behind a space, and a path goes on.
      return isAfterMark || (isStar ? outer.isBlank : !outer.isBlank)
    case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
      guard isStar else { return false }
      return opening.contains(after) || after.isDigit || (run.count == 1 && after.isLetter)
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return after == before
    case UInt8(ascii: "`"): return isStar && run.count == 1 && after == before
    default: return opening.contains(before) && closing.contains(after)
    }
  }

  private static let opening = Array("([{".utf8)
  private static let closing = Array(")]}".utf8)

  /// Behind a name that begins and ends with two underscores, as Python has them; emphasis that is
  /// marked so has a capital letter or several words.
  static func nameEnd(_ source: [UInt8], _ start: Int) -> Int? {
    var end = start + 2
    guard end < source.count, source[end].isLetter else { return nil }
    while end < source.count, end - start < maximumWord {
      let byte = source[end]
      guard byte == .underscore || byte.isDigit || byte.isLetter && byte & 0x20 != 0 else { break }
      end += 1
    }
    guard end - start > 4, source[end - 3] != .underscore else { return nil }
    return source[(end - 2)..<end].allSatisfy { $0 == .underscore } ? end : nil
  }
}

/// What stands beside a run, in the three kinds that CommonMark tells apart.
private struct Neighbor {
  enum Kind {
    case blank, punctuation, letter
  }

  var kind: Kind
  /// The nearest one of the character.
  var byte: UInt8
  /// Whether it is a letter or digit of a script that does not set words off by emphasis alone.
  var isWord: Bool
  private var category: Unicode.GeneralCategory?

  var isBlank: Bool { kind == .blank }

  init(before index: Int, _ source: [UInt8]) {
    var start = index - 1
    while start > 0, index - start < 4, source[start] & 0xC0 == 0x80 { start -= 1 }
    self.init(source[max(0, start)..<index], byte: index > 0 ? source[index - 1] : .newline)
  }

  init(at index: Int, _ source: [UInt8]) {
    var end = index + 1
    while end < source.count, end - index < 4, source[end] & 0xC0 == 0x80 { end += 1 }
    self.init(
      source[index..<max(index, min(end, source.count))],
      byte: index < source.count ? source[index] : .newline)
  }

  private init(_ character: ArraySlice<UInt8>, byte: UInt8) {
    self.byte = byte
    if byte < 0x80 {
      kind = byte.isBlank ? .blank : byte.isPunctuation ? .punctuation : .letter
      isWord = kind == .letter
      return
    }
    let category = String(decoding: character, as: UTF8.self).unicodeScalars.first?.properties
      .generalCategory
    self.category = category
    switch category {
    case .spaceSeparator: kind = .blank
    case .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
      .otherPunctuation, .dashPunctuation, .connectorPunctuation:
      kind = .punctuation
    default: kind = .letter
    }
    // Latin and Greek ones, and raised digits: up to U+03FF.
    isWord = kind == .letter && character.count == 2 && character.first.map { $0 < 0xD0 } == true
  }

  /// `**Key:**value`, `**重要。**次`: it is no punctuation that something begins behind.
  var mayEndEmphasis: Bool {
    guard kind == .punctuation else { return false }
    switch category {
    case nil: return ")]}.,:;!?%\"'`".utf8.contains(byte)
    case .openPunctuation, .initialPunctuation, .dashPunctuation: return false
    default: return true
    }
  }

  /// `これは**「重要」**`, `使用**`f`**`: one of both is no ASCII, since `2**(n)` is a power.
  func mayBeginEmphasis(behind before: Neighbor) -> Bool {
    guard kind == .punctuation, before.byte >= 0x80 || byte >= 0x80 else { return false }
    switch category {
    case nil: return "([{<\"'`$#@&+-".utf8.contains(byte)
    case .openPunctuation, .initialPunctuation: return true
    default: return false
    }
  }
}
