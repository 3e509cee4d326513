import TelegramBotAPI
import TestSupport
import Testing

@Suite("TextSplitter")
struct TextSplitterTests {
  @Test func leavesAShortTextWhole() {
    #expect(TextSplitter.split("Hello,\n\nworld") == ["Hello,\n\nworld"])
    #expect(TextSplitter.split("  Hello \n") == ["Hello"])
  }

  @Test(arguments: ["", " ", "\n\n\t \u{3000}\r\n"])
  func makesNothingOfABlankText(text: String) {
    #expect(TextSplitter.split(text, limit: 2).isEmpty)
  }

  @Test(arguments: [
    // A paragraph border, though a line end comes later.
    ("one\n\ntwo\nthree", 10, ["one", "two\nthree"]),
    ("one\n  \ntwo\nthree", 12, ["one", "two\nthree"]),
    ("one\r\n\r\ntwo\nthree", 12, ["one", "two\nthree"]),
    // A line end, though a space comes later.
    ("one\ntwo three", 9, ["one", "two three"]),
    ("one\r\ntwo three", 10, ["one", "two three"]),
    // The end of a sentence, though a space comes later.
    ("One. Two three", 9, ["One.", "Two three"]),
    ("one two three", 9, ["one two", "three"]),
    // White space that falls just behind the limit.
    ("one two", 3, ["one", "two"]),
    ("one\n\n\n\n\n\ntwo", 3, ["one", "two"]),
    // No white space at all.
    ("abcdef", 4, ["abcd", "ef"]),
    // A character of several code points stays whole where it fits.
    ("ab👩‍👩‍👧‍👦", 11, ["ab", "👩‍👩‍👧‍👦"]),
    ("abcde\u{301}f", 5, ["abcd", "e\u{301}f"]),
    ("🇩🇪🇫🇷🇯🇵", 9, ["🇩🇪🇫🇷", "🇯🇵"]),
    ("a🚀", 2, ["a", "🚀"]),
  ])
  func cutsAtTheBestBorderThatFits(text: String, limit: Int, parts: [String]) {
    #expect(TextSplitter.split(text, limit: limit) == parts)
  }

  @Test func splitsNoSurrogatePairEvenWhereACharacterIsTooLong() {
    let family = Array(repeating: "👩", count: 50).joined(separator: "\u{200D}")
    let parts = TextSplitter.split(family, limit: 4)
    #expect(parts.allSatisfy { $0.utf16.count <= 4 && !$0.contains("\u{FFFD}") })
    #expect(parts.joined() == family)
    let heap = "e" + String(repeating: "\u{301}", count: 100)
    #expect(
      TextSplitter.split(heap, limit: 7).joined().unicodeScalars.elementsEqual(heap.unicodeScalars))
  }

  @Test(arguments: 0..<200)
  func losesNothingButWhiteSpaceAndKeepsTheOrder(seed: Int) {
    var random = SplitMix(state: UInt64(seed))
    let pieces = [
      "a", "word", ". ", " ", "\n", "\n\n", "\r\n", "🚀", "👩‍👩‍👧‍👦", "e\u{301}", "\u{301}", "漢",
      "\u{3000}", "\t", "🇩🇪",
    ]
    let text = (0..<Int.random(in: 0...120, using: &random)).map { _ in
      pieces.randomElement(using: &random) ?? ""
    }.joined()
    let limit = Int.random(in: 2...40, using: &random)
    let parts = TextSplitter.split(text, limit: limit)
    let visible = { (text: String) in
      text.unicodeScalars.filter { !$0.properties.isWhitespace }
    }
    #expect(parts.flatMap(visible).elementsEqual(visible(text)))
    for part in parts {
      #expect(part.utf16.count <= limit)
      #expect(!visible(part).isEmpty)
      #expect(part.unicodeScalars.first?.properties.isWhitespace == false)
      #expect(part.unicodeScalars.last?.properties.isWhitespace == false)
    }
  }

  /// Were the work quadratic, eight times as much would take 64 times as long.
  @Test(arguments: ["a", "🚀", "word ", "line\n", "p\n\n", "e\u{301}", "\u{301}", " "])
  func takesAMegabyteInItsStride(piece: String) {
    func split(_ bytes: Int) -> Duration {
      let text = String(repeating: piece, count: bytes / piece.utf8.count)
      return processorTime {
        #expect(TextSplitter.split(text).allSatisfy { $0.utf16.count <= 4096 })
      }
    }
    let short = split(1 << 17)
    #expect(split(1 << 20) / short < 24)
  }
}

/// A small generator with a seed, so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
