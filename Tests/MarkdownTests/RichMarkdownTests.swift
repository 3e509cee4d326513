import Markdown
import Testing

/// Markdown as a tree of blocks.
@Suite("Markdown as blocks")
struct RichMarkdownTests {
  private static func blocks(_ source: String) -> [RichBlock] { RichMarkdown(source).blocks }

  private static func text(_ text: String) -> RichBlock { .paragraph(FormattedText(text)) }

  @Test func nestsListsWithTheirMarks() throws {
    let blocks = Self.blocks("3. three\n   on a line below\n4. four\n   - [x] done\n   - plain\n")
    guard case .list(let items)? = blocks.first, items.count == 2, blocks.count == 1 else {
      Issue.record("\(blocks)")
      return
    }
    #expect(items.map(\.mark.number) == [3, 4])
    #expect(items[0].blocks == [Self.text("three\non a line below")])
    #expect(items[1].blocks.first == Self.text("four"))
    guard case .list(let inner)? = items[1].blocks.last else {
      Issue.record("\(items)")
      return
    }
    #expect(inner.map(\.mark.isDone) == [true, nil])
    #expect(inner.map(\.blocks) == [[Self.text("done")], [Self.text("plain")]])
  }

  @Test func beginsAnotherListWhereNumbersFollowBullets() {
    let blocks = Self.blocks("- a\n\n1. b\n")
    #expect(blocks.count == 2)
  }

  @Test func keepsCodeInAnItemAsItIs() {
    let blocks = Self.blocks("- a\n  ```sh\n  ls\n    -l\n  ```\n- ```\n  b\n  ```\n")
    guard case .list(let items)? = blocks.first, items.count == 2 else {
      Issue.record("\(blocks)")
      return
    }
    #expect(items[0].blocks == [Self.text("a"), .code("ls\n  -l", language: "sh")])
    #expect(items[1].blocks == [.code("b", language: nil)])
  }

  @Test func putsQuotesAroundWhatTheyQuote() {
    #expect(
      Self.blocks("> # A\n> b\n> > c\n\nd")
        == [
          .quote([.heading(FormattedText("A"), level: 1), Self.text("b"), Self.text("c")]),
          Self.text("d"),
        ])
  }

  @Test func keepsFormulasAsTheyWereWritten() {
    let rich = RichMarkdown("So $x^2$ and **\\(\\alpha\\) too**, but `$y^2$` costs $5 and $6.")
    guard case .paragraph(let text)? = rich.blocks.first else {
      Issue.record("\(rich.blocks)")
      return
    }
    #expect(text.text == "So x^2 and \\alpha too, but $y^2$ costs $5 and $6.")
    #expect(
      text.styles == [
        StyledRange(.formula, 3..<6), StyledRange(.formula, 11..<17), StyledRange(.bold, 18..<21),
        StyledRange(.code, 27..<32),
      ])
    #expect(!rich.needsBlocks)
    #expect(RichMarkdown("$\\int_0^\\infty x$").needsBlocks)
  }

  @Test func styleCellsOfTables() {
    guard case .table(let table)? = Self.blocks("| **a** b | [c](https://d.e) |\n|---|---|\n").first
    else { return _ = Issue.record("no table") }
    #expect(
      table.rows == [
        [
          FormattedText("a b", styles: [StyledRange(.bold, 0..<1)]),
          FormattedText("c", styles: [StyledRange(.link(url: "https://d.e"), 0..<1)]),
        ]
      ])
  }

  @Test func joinsALineThatIsTooLongToBeReadAtOnce() {
    let line = (0..<4_000).map { "w\($0)" }.joined(separator: " ")
    #expect(Self.blocks(line) == [Self.text(line)])
  }

  @Test func takesNoCodeForAFormula() {
    #expect(
      RichMarkdown("`\u{1}a` `\u{1}` `&#1;b`").blocks == [
        .paragraph(
          FormattedText(
            "a   &#1;b",
            styles: [
              StyledRange(.code, 0..<1), StyledRange(.code, 2..<3), StyledRange(.code, 4..<9),
            ]))
      ])
  }
}
