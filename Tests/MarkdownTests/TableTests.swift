import Markdown
import Testing

/// Tables as text with styles.
@Suite("Tables")
struct TableTests {
  private static let limits = MessageLimits(units: 4_096, styles: 100)

  private static func shown(_ source: String) -> FormattedText {
    RenderedMarkdown(source, limits: limits).messages.first ?? FormattedText("")
  }

  private static func isAligned(_ source: String) -> Bool {
    shown(source).styles.map(\.style) == [.preformatted(language: nil)]
  }

  @Test func areAlignedWhereATelephoneHasRoomForThem() {
    func table(_ width: Int) -> String {
      let value = String(repeating: "x", count: width - 5 - " │ ".count)
      return "| Name | What |\n|---|---|\n| 12345 | \(value) |"
    }
    #expect(Self.isAligned(table(44)))
    #expect(Self.shown(table(44)).text.split(separator: "\n").map(\.count) == [12, 44, 44])
    #expect(Self.shown(table(45)).text.hasPrefix("Name: 12345\nWhat: x"))
    #expect(Self.shown(table(45)).styles.isEmpty)
    // Chinese characters take two columns.
    #expect(Self.isAligned("| a |\n|---|\n| \(String(repeating: "世", count: 22)) |"))
    #expect(!Self.isAligned("| a |\n|---|\n| \(String(repeating: "世", count: 22))x |"))
  }

  @Test(arguments: ["http://a.b/c?d=e", "https://a.b", "mailto:a@b.c", "tg://user?id=7"])
  func keepLinksThoughTheyWouldFit(address: String) {
    let shown = Self.shown("| Name | Docs |\n|---|---|\n| 🚀 a | [docs](\(address)) |\n| b | |")
    #expect(shown.text == "Name: 🚀 a\nDocs: docs\n\nName: b")
    #expect(shown.covered == ["link(url: \"\(address)\"): docs"])
  }

  @Test(arguments: [
    ("https://a.b/c", false), ("(see http://a.b)", false), ("`https://a.b/c`", true),
    ("a: b", true), ("https://", true), ("[x](javascript:y)", true),
    ("`https://a.b` https://c.d", false),
  ])
  func leaveAddressesToBeTapped(cell: String, isAligned: Bool) {
    #expect(Self.isAligned("| Name | Docs |\n|---|---|\n| a | \(cell) |") == isAligned)
  }

  private static let small = "x │ y\n──┼──\n1 │ 2"

  @Test(arguments: [
    "|-|-|", "| - | - |", "|--|--|", "-|-", ":-|:-", "|:-|:--", "| - | - |  ",
  ])
  func needOneDashForAColumn(delimiters: String) {
    #expect(Self.shown("| x | y |\n\(delimiters)\n| 1 | 2 |").text == Self.small)
    #expect(Self.shown("> x | y\n> \(delimiters)\n> 1 | 2").text == Self.small)
  }

  @Test func keepTheAlignmentOfShortDelimiters() {
    guard case .table(let table)? = RichMarkdown("|a|b|c|\n|:-|:-:|-:|\n|1|2|3|").blocks.first
    else { return _ = Issue.record("no table") }
    #expect(table.alignments == [.left, .center, .right])
  }

  @Test(arguments: [
    ("Text before:\n", "", "Text before:\n\n"), ("**A**\nb\n", "", "A\nb\n\n"),
    ("# A\n", "", "A\n"), ("1. **A**\n", "", "1. A\n\n"), ("1. **A**\n", "   ", "1. A\n\n"),
    ("- a | b\n", "  ", "• a | b\n\n"), ("> Text\n", "> ", "Text\n"),
    ("- a\n  - b\n", "    ", "• a\n\n   • b\n\n"), ("- ", "  ", "•\n"),
  ])
  func beginRightBelowAText(above: String, marks: String, shown: String) {
    let lines = ["| x | y |", "|---|---|", "| 1 | 2 |"]
    let first = above.hasSuffix("\n") ? marks : ""
    let source = above + first + lines.joined(separator: "\n" + marks)
    #expect(Self.shown(source).text == shown + Self.small)
    var growing = GrowingMarkdown(limits: Self.limits)
    for character in source {
      growing.append(String(character))
      #expect(growing.messages.count <= 1)
    }
    #expect(growing.messages == [Self.shown(source)])
  }

  @Test func standInEachItem() {
    let table = "   | x | y |\n   |-|-|\n   | 1 | 2 |\n"
    #expect(
      Self.shown("1. A | B\n\(table)2. C | D\n\(table)").text
        == "1. A | B\n\n\(Self.small)\n\n2. C | D\n\n\(Self.small)")
  }

  @Test func endBeforeATextWithoutColumns() {
    let shown = Self.shown("| x | y |\n|---|---|\n| 1 | 2 |\nText *after*")
    #expect(shown.text == Self.small + "\n\nText after")
    #expect(shown.covered.last == "italic: after")
  }

  @Test(arguments: ["`a | b\n|---|---|` x", "a | b\n- | -", "a | b\n|--=|", "|\n|"])
  func areNoneWithoutAHeadAndDelimiters(source: String) {
    #expect(!Self.isAligned(source))
    #expect(Self.shown(source).text.filter { $0 == "|" } == source.filter { $0 == "|" })
  }

  @Test(arguments: [
    ("| a | b |\n|---|---|\n| 1 | 2 | 3 |", "a │ b │ \n──┼───┼──\n1 │ 2 │ 3"),
    ("| a | b | c |\n|---|---|\n| 1 | 2 | 3 |", "a │ b │ c\n──┼───┼──\n1 │ 2 │ 3"),
    ("| a | b |\n|---|---|\n| `x\\|y` | `\\|\\|` |", nil),
    ("| a | b |\n|---|---|\n| `x||y` | 2 |", "a    │ b\n─────┼──\nx||y │ 2"),
  ])
  func loseNoCell(source: String, text: String?) {
    let shown = Self.shown(source).text
    if let text { #expect(shown == text) }
    #expect(shown.split(separator: "\n").allSatisfy { $0.filter { "│┼".contains($0) }.count <= 2 })
  }

  @Test func breakLinesOfCells() {
    #expect(
      Self.shown("| a | b |\n|---|---|\n| x<br>y | `<br>` |").text
        == "a   │ b\n────┼─────\nx y │ <br>")
    let long = String(repeating: "word ", count: 9) + "end"
    let source = "| a | b |\n|---|---|\n| x<br>*y* | \(long) |"
    #expect(Self.shown(source).text == "a: x\ny\nb: \(long)")
    #expect(Self.shown(source).covered == ["italic: y"])
  }

  @Test func keepTheStylesOfValues() {
    let cell = "**b 👍🏽** *i* ~~s~~ `c` and **[l](https://a.b)** in a row that is too wide to fit"
    let shown = Self.shown("> | Name | **What** |\n> |---|---|\n> | e\u{301} **x** | \(cell) |")
    #expect(
      shown.text
        == "Name: e\u{301} x\nWhat: b 👍🏽 i s c and l in a row that is too wide to fit")
    #expect(
      shown.covered.sorted() == [
        "bold: b 👍🏽", "bold: l", "bold: x", "code: c", "italic: i", "link(url: \"https://a.b\"): l",
        "quote: \(shown.text)", "strikethrough: s",
      ])
  }

  /// Each row says them again.
  @Test func keepLinksOfNamesOnce() {
    let head = "| Name | [A](https://a.b) | **B** |\n|---|---|---|\n"
    let shown = Self.shown(head + "| x | | 1 |\n| y | 2 | 3 |\n| z | 4 | 5 |")
    #expect(shown.text == "Name: x\nB: 1\n\nName: y\nA: 2\nB: 3\n\nName: z\nA: 4\nB: 5")
    #expect(shown.covered == ["link(url: \"https://a.b\"): A"])
    #expect(
      Self.shown("| [A](https://a.b) | **B** |\n|---|---|").covered
        == ["link(url: \"https://a.b\"): A", "bold: B"])
  }

  @Test func sayInATerminalWhereTheirLinksLead() {
    #expect(
      Self.shown("| Name | Docs |\n|---|---|\n| **a** | [docs](https://a.b) |").inTerminal
        == "Name: \u{1B}[1ma\u{1B}[0m\nDocs: \u{1B}[4mdocs\u{1B}[0m (https://a.b)")
  }

  /// A message holds a hundred.
  @Test func keepAllLinksOverSeveralMessages() {
    let rows = (0..<130).map { "| 👩‍👩‍👦 \($0) | [docs\($0)](https://a.b/\($0)) |" }
    let source = "| Name | Docs |\n|---|---|\n" + rows.joined(separator: "\n")
    let messages = RenderedMarkdown(source, limits: Self.limits).messages
    #expect(messages.map(\.styles.count).max() == 100)
    #expect(
      messages.flatMap(\.covered)
        == (0..<130).map { "link(url: \"https://a.b/\($0)\"): docs\($0)" })
    var growing = GrowingMarkdown(limits: Self.limits)
    for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
      for part in [line.prefix(20), line.dropFirst(20)] { growing.append(String(part)) }
      #expect(growing.messages.allSatisfy { $0.styles.count <= 100 })
      growing.append("\n")
    }
    #expect(growing.messages == messages)
  }

  /// As the cells of a rich message do, whatever is in them.
  @Test(arguments: 0..<20)
  func keepEveryStyleOfEveryValue(seed: Int) {
    var random = UInt64(seed + 1)
    func next(_ count: Int) -> Int {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(random >> 33) % count
    }
    func cell() -> String {
      (0..<next(4)).map { _ in
        let word = ["é", "e\u{301}", "👨‍👩‍👧‍👦", "世界", "w", "🇩🇪"][next(6)] + "\(next(100))"
        return [
          word, "**\(word)**", "*\(word)*", "`\(word)`", "~~\(word)~~", "[\(word)](https://a.b)",
          "**a [\(word)](https://c.d) *b* `c`**",
        ][next(7)]
      }.joined(separator: " ")
    }
    let rows = (0..<12).map { _ in "| [x](https://a.b) | \(cell()) | \(cell()) |" }
    let source = "| A | B | C |\n|---|---|---|\n" + rows.joined(separator: "\n")
    guard case .table(let table)? = RichMarkdown(source).blocks.first else {
      return _ = Issue.record("no table")
    }
    let expected = table.rows.dropFirst().joined().flatMap(\.covered)
    let limits = MessageLimits(units: 4_096, styles: 40)
    let messages = RenderedMarkdown(source, limits: limits).messages
    #expect(messages.flatMap(\.covered) == expected, "\(source)")
  }
}

extension FormattedText {
  /// The styles, each with what it is of.
  var covered: [String] {
    let units = Array(text.utf16)
    return styles.map { "\($0.style): \(String(decoding: units[$0.range], as: UTF16.self))" }
  }
}
