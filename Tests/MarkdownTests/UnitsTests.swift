@testable import Markdown
import Testing

@Suite("UTF-16 units")
struct UnitsTests {
  @Test(arguments: [
    "", "plain", "é ü ß", "世界 — “quoted” …", "👨‍👩‍👧‍👦 🚀",
    "\u{0}\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}",
  ])
  func becomeTheTextThatTheyAre(text: String) {
    #expect(String(units: Array(text.utf16)[...]) == text)
  }

  /// Also in the middle of others, and where a part begins or ends within a pair.
  @Test(
    arguments: [
      [0xD83D], [0xDE80], [0xDE80, 0xD83D], [0xD83D, 0xD83D, 0xDE80], [0x61, 0xDC00, 0x62],
      [0xDBFF, 0x61],
    ] as [[UInt16]])
  func areReplacedWhereTheyAreHalfACharacter(units: [UInt16]) {
    #expect(String(units: units[...]) == String(decoding: units, as: UTF16.self))
  }

  @Test func areReadFromAPart() {
    #expect(String(units: Array("a🚀b".utf16)[1..<3]) == "🚀")
  }
}
