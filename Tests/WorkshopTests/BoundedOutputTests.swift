import Testing

@testable import Workshop

/// What a program writes, as what is shown and sent on.
@Suite("Bounded output")
struct BoundedOutputTests {
  private func text(of parts: [[UInt8]]) -> String {
    var output = BoundedOutput()
    for part in parts { part.withUnsafeBytes { output.append($0) } }
    return output.text
  }

  @Test(arguments: [
    ("plain\ttext\n", "plain\ttext\n"),
    ("\u{1B}[1;31mred\u{1B}[0m", "red"),
    ("\u{1B}]0;title\u{7}after", "after"),
    ("\u{1B}]0;title\u{1B}\\after", "after"),
    ("\u{1B}]never ended\nnext line", "\nnext line"),
    ("\u{1B}[12\nnext line", "\nnext line"),
    ("\u{1B}", ""), ("\u{1B}\u{1B}[1mx", "x"), ("\u{1B}cx", "x"),
    ("a\r\nb\rc\u{0}d\u{8}e\u{7F}f\u{9B}g", "a\nbcdefg"),
    ("right\u{202E}left\u{2066}\u{200F}", "rightleft"),
    ("Größe 👩‍💻", "Größe 👩‍💻"),
  ])
  func controlsAreTakenAway(_ written: String, _ shown: String) {
    #expect(text(of: [Array(written.utf8)]) == shown)
  }

  @Test func whatIsNoUTF8IsRepaired() {
    #expect(text(of: [[0x61, 0xFF, 0xC3, 0x28, 0x62]]) == "a\u{FFFD}\u{FFFD}(b")
  }

  @Test func aCharacterThatComesInTwoPiecesIsOne() {
    #expect(text(of: [[0xC3], [0xBC]]) == "ü")
  }

  @Test func ofLinesTheFirstAndTheLastAreKeptWhole() throws {
    let lines = (1...20_000).map { Array("line \($0)\n".utf8) }
    let shown = text(of: lines)
    let parts = shown.split(separator: "\n…\n")
    #expect(parts.count == 2)
    #expect(parts[0].hasPrefix("line 1\nline 2\n"))
    #expect(parts[1].hasSuffix("line 19999\nline 20000\n"))
    let numbers = shown.split(separator: "\n").filter { $0 != "…" }.map {
      Int($0.dropFirst(5)) ?? 0
    }
    #expect(numbers.allSatisfy { $0 > 0 } && numbers == numbers.sorted())
    #expect(shown.utf8.count <= 2 * BoundedOutput.keptBytes + 8)
    #expect(shown.utf8.count > 2 * BoundedOutput.keptBytes - 100)
  }

  @Test(arguments: 0..<4)
  func noCharacterIsCutWhereThereAreNoLines(_ offset: Int) {
    let bytes =
      Array(repeating: UInt8(ascii: "a"), count: offset)
      + Array(String(repeating: "👍", count: 20_000).utf8)
    let shown = text(of: [bytes])
    #expect(!shown.contains("\u{FFFD}"))
    #expect(shown.contains("👍\n…\n👍"))
  }

  @Test func howItComesInPiecesMakesNoDifference() {
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31 % 127) }
    let inPieces = stride(from: 0, to: bytes.count, by: 977).map {
      Array(bytes[$0..<min(bytes.count, $0 + 977)])
    }
    #expect(text(of: [bytes]) == text(of: inPieces))
  }
}
