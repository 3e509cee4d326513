import Markdown
import Testing

/// What a terminal shows of Markdown. ECMA-48, *Select Graphic Rendition*.
@Suite("Markdown in a terminal")
struct TerminalTextTests {
  private static let bold = "\u{1B}[1m"
  private static let code = "\u{1B}[36m"
  private static let plain = "\u{1B}[0m"

  private static func shown(_ source: String) -> String {
    let limits = MessageLimits(units: 100_000, styles: 10_000)
    return RenderedMarkdown(source, limits: limits).messages.map(\.inTerminal)
      .joined(separator: "\n\n")
  }

  @Test func showsHeadingsBold() {
    #expect(
      Self.shown("# One *two*\n\nthree")
        == "\(Self.bold)One \(Self.plain)\u{1B}[1;3mtwo\(Self.plain)\n\nthree")
  }

  @Test func showsListsWithTheirMarks() {
    #expect(
      Self.shown("- a\n  - **b**\n- [x] c\n\n1. d\n")
        == "• a\n   • \(Self.bold)b\(Self.plain)\n☑ c\n\n1. d")
  }

  /// So that a terminal may break or cut off each of them.
  @Test func stylesEachLineOfCodeForItself() {
    #expect(
      Self.shown("Run `a`:\n```sh\nls\n\n  -l\n```")
        == """
        Run \(Self.code)a\(Self.plain):
        \(Self.code)ls\(Self.plain)

        \(Self.code)  -l\(Self.plain)
        """)
  }

  @Test func alignsTables() {
    let rows = ["Name │ Size", "─────┼─────", "a    │    1", "世界 │   20"]
    #expect(
      Self.shown("| Name | Size |\n|---|---:|\n| a | 1 |\n| 世界 | 20 |\n")
        == rows.map { "\(Self.code)\($0)\(Self.plain)" }.joined(separator: "\n"))
  }

  @Test func saysWhereALinkLeads() {
    #expect(
      Self.shown("See [the *page*](https://a.b/c).")
        == "See \u{1B}[4mthe \(Self.plain)\u{1B}[4;3mpage\(Self.plain) (https://a.b/c).")
    #expect(Self.shown("[x](javascript:y)") == "x (javascript:y)")
  }

  @Test func showsQuotesFaintAndWhatIsStruckOutAsThat() {
    #expect(
      Self.shown("> a ~~b~~")
        == "\u{1B}[2ma \(Self.plain)\u{1B}[2;9mb\(Self.plain)")
  }

  /// Cursor, colours, title, clipboard, and the two-byte forms of the same.
  @Test(arguments: [
    "\u{1B}[2J", "\u{1B}[31m", "\u{1B}]0;title\u{7}", "\u{1B}]52;c;YQ==\u{1B}\\", "\u{9B}2J",
    "\u{9D}0;t\u{9C}", "\u{90}q\u{9C}", "\u{8}\u{8}", "\u{7F}", "\u{E}", "&#27;[2J", "&#x9b;2J",
  ])
  func letsAModelStyleNothingByItself(hostile: String) {
    let sources = [
      "a \(hostile) b", "**\(hostile)**", "`\(hostile)`", "```\(hostile)\n\(hostile)\n```",
      "# \(hostile)", "- \(hostile)", "> \(hostile)", "[\(hostile)](https://a.b)",
      "[a](https://a.b/\(hostile))", "| a |\n|---|\n| \(hostile) |", "$\(hostile)^2$",
      "$$\n\(hostile)\n$$",
    ]
    for source in sources {
      var shown = Self.shown(source)
      for part in shown.matches(of: /\u{1B}\[[0-9;]+m/).map(\.output) {
        // Those of its styles.
        #expect(["0", "1", "4", "2", "36", "3"].contains(String(part.dropFirst(2).dropLast())))
      }
      shown.replace(/\u{1B}\[[0-9;]+m/, with: "")
      let isHarmless = shown.unicodeScalars.allSatisfy {
        $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control
      }
      #expect(isHarmless, "\(source.debugDescription) became \(shown.debugDescription)")
      #expect(!Self.shown(source).contains("\u{1B}[31m"))
    }
  }

  /// Else it might turn what stands behind it.
  @Test func takesNoAddressThatTurnsTheDirection() {
    let shown = Self.shown("[a](https://a.b/\u{202E}c)")
    #expect(!shown.contains("\u{1B}[4m"))
  }
}
