import Markdown
import Testing

/// Whatever a model writes, and however it is cut.
@Suite("Markdown of any kind")
struct MarkdownPropertyTests {
  private static let pieces = [
    "# ", "## ", "**", "*", "_", "~~", "`", "```\n", "```swift\n", "~~~\n", "> ", "- ", "1. ",
    "  ", "    ", "\n", "\n\n", "[", "](", ")", "](https://a.b)", "![", "|", "| a | b |\n",
    "|---|:-:|\n", "$", "$$", "\\(", "\\)", "\\[", "\\]", "\\", "x^2", "\\alpha", "&amp;",
    "&#0;", "<b>", "word", "two words", "é", "e\u{301}", "世界", "👨‍👩‍👧‍👦", "\u{202E}", "\0", "\r\n",
    "\t", "---\n", "[1]: x\n", "- [x] ", "javascript:x", "a.b", ":", "5",
    "~", "<br>", "https://a.b/_c_", "|-|-|\n", "。", "「", "__init__", "/",
  ]

  /// Any, and the same for the same seed.
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
      return value ^ (value >> 31)
    }
  }

  private static func source(_ seed: UInt64) -> String {
    var generator = Seeded(state: seed)
    return (0..<Int.random(in: 1...60, using: &generator)).map { _ in
      pieces.randomElement(using: &generator) ?? ""
    }.joined()
  }

  @Test(arguments: 0..<20)
  func makesNothingThatTelegramRefuses(block: Int) {
    for seed in (block * 50)..<(block * 50 + 50) {
      let source = Self.source(UInt64(seed))
      for units in [40, 4_096] {
        let limits = MessageLimits(units: units, styles: 16)
        for message in RenderedMarkdown(source, limits: limits).messages {
          #expect(message.fault(limits) == nil, "\(source.debugDescription)")
        }
      }
    }
  }

  @Test(arguments: 0..<20)
  func growsToWhatItIsAsAWhole(seed: Int) {
    // Of several messages, so that what is full is let go of.
    let source = (0..<3).map { Self.source(UInt64(seed + 5_000 + 100 * $0)) }.joined()
    let limits = MessageLimits(units: 40, styles: 16)
    var growing = GrowingMarkdown(limits: limits)
    for character in source.unicodeScalars {
      growing.append(String(character))
      for message in growing.messages {
        #expect(message.fault(limits) == nil, "\(source.debugDescription)")
      }
    }
    #expect(growing.messages == RenderedMarkdown(source, limits: limits).messages)
  }

  /// A message that is full stays as it is while later ones grow.
  @Test func keepsFullMessagesAsTheyAre() {
    let limits = MessageLimits(units: 200, styles: 16)
    let source = (0..<40).map { "Paragraph \($0) is *about* something.\n\n" }.joined()
    let whole = RenderedMarkdown(source, limits: limits).messages
    var growing = GrowingMarkdown(limits: limits)
    var seen: [FormattedText] = []
    for character in source {
      growing.append(String(character))
      let messages = growing.messages
      // Until the next has some words, a cut may still move.
      let full = messages.count >= 3 ? Array(messages.dropLast(2)) : []
      #expect(Array(full.prefix(seen.count)) == seen)
      seen = full
    }
    #expect(Array(whole.prefix(seen.count)) == seen)
    #expect(seen.count >= 5)
  }

  /// The blank end of code is skipped between two messages, and its style ends there.
  @Test func skipsTheBlankEndOfCodeThatIsCut() {
    let limits = MessageLimits(units: 40, styles: 16)
    let lines = String(repeating: "word word word word word word word word\n\n", count: 4)
    let code = "```\n\(String(repeating: "a", count: 39))\n  \n  \n```\n\n"
    var growing = GrowingMarkdown(limits: limits)
    growing.append(lines + code + "The end.\n\n")
    #expect(growing.messages.count == 6)
    #expect(growing.messages.last == FormattedText("The end."))
  }

  /// A quote around code has its style before that, though code may begin with a space.
  @Test(arguments: ["> `  a`", "> `  a ` b", "- > `  a`\n  > b"])
  func keepsStylesInOrderAroundCodeThatBeginsBlank(source: String) {
    let limits = MessageLimits(units: 40, styles: 16)
    for message in RenderedMarkdown(source, limits: limits).messages {
      #expect(message.fault(limits) == nil)
      #expect(message.styles.map(\.style) == [.quote, .code])
    }
  }

  /// Words that are nested, quoted, listed or set off are all there, in order.
  @Test(arguments: 0..<20)
  func losesNoWord(seed: Int) {
    var generator = Seeded(state: UInt64(seed))
    var words: [String] = []
    func word() -> String {
      words.append("w\(words.count)")
      return words[words.count - 1]
    }
    let source = (0..<20).map { _ in
      switch Int.random(in: 0..<9, using: &generator) {
      case 0: "# \(word())\n\n"
      case 1: "\(word()) **\(word()) *\(word())* `\(word())`** \(word())\n\n"
      case 2: "- \(word())\n  - \(word())\n\n    \(word())\n- \(word())\n\n"
      case 3: "> \(word())\n> > \(word())\n>\n> - \(word())\n\n"
      case 4: "```\n\(word())\n\n\(word())\n```\n\n"
      case 5: "| \(word()) | \(word()) |\n|---|---|\n| \(word()) | \(word()) |\n\n"
      case 6: "1. \(word())\n   ```sh\n   \(word())\n   ```\n2. \(word())\n\n"
      case 7: "[\(word())](https://a.b) ~~\(word())~~ $\(word())^2$\n\n"
      default: "\(word())\n\(word())\n\n---\n\n"
      }
    }.joined()
    let limits = MessageLimits(units: 60, styles: 16)
    let text = RenderedMarkdown(source, limits: limits).messages.map(\.text).joined(separator: " ")
    let found = text.split { !$0.isASCII || !($0.isLetter || $0.isNumber) }.map(String.init)
      .filter { $0.hasPrefix("w") }
    #expect(found == words, "\(source)")
  }

  /// None of these may need a deep stack; how long they take, the benchmarks say.
  @Test(arguments: [
    ">", "> ", "- ", "+ ", "[", "[a](", "![", "*", "**a ", "`", "<", "$", "\\(", "1. ", "|",
  ])
  func readsWhatIsMeantToBreakIt(piece: String) {
    let limits = MessageLimits(units: 4_096, styles: 100)
    let source = String(repeating: piece, count: 40_000 / piece.utf8.count)
    for message in RenderedMarkdown(source, limits: limits).messages {
      #expect(message.fault(limits) == nil)
    }
  }
}

extension FormattedText {
  /// Which rule of the Bot API it breaks, if it breaks one. Bot API, *Formatting options*.
  fileprivate func fault(_ limits: MessageLimits) -> String? {
    let units = Array(text.utf16)
    if text.allSatisfy(\.isWhitespace) { return "blank" }
    if units.count > limits.units { return "too long" }
    if styles.count > limits.styles { return "too many styles" }
    if String(decoding: units, as: UTF16.self) != text { return "half a character" }
    var open: [StyledRange] = []
    for styled in styles {
      let range = styled.range
      if range.isEmpty || range.lowerBound < 0 || range.upperBound > units.count {
        return "outside: \(styled)"
      }
      for bound in [range.lowerBound, range.upperBound] where bound < units.count {
        if UTF16.isTrailSurrogate(units[bound]) { return "within a character: \(styled)" }
      }
      open.removeAll { $0.range.upperBound <= range.lowerBound }
      for outer in open {
        if range.upperBound > outer.range.upperBound { return "overlap: \(outer), \(styled)" }
        if !outer.style.mayHold(styled.style) { return "\(outer) holds \(styled)" }
      }
      open.append(styled)
    }
    return nil
  }
}

extension StyledRange.Style {
  private var isCode: Bool {
    switch self {
    case .code, .preformatted: true
    default: false
    }
  }

  private var isQuote: Bool { self == .quote || self == .expandableQuote }

  fileprivate func mayHold(_ inner: Self) -> Bool {
    if isCode || inner.isQuote { return false }
    return isQuote || !inner.isCode
  }
}
