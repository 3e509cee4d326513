import Markdown
import Testing

/// What people see of what a model writes.
@Suite("Markdown")
struct MarkdownTests {
  private static let limits = MessageLimits(units: 4_096, styles: 100)

  private func rendered(_ source: String) -> FormattedText {
    RenderedMarkdown(source, limits: Self.limits).messages.first ?? FormattedText("")
  }

  /// The styles, each with what it is of.
  private func styles(_ source: String) -> [String] {
    let formatted = rendered(source)
    let units = Array(formatted.text.utf16)
    return formatted.styles.map {
      "\($0.style): \(String(decoding: units[$0.range], as: UTF16.self))"
    }
  }

  @Test func showsHeadingsAndEmphasis() {
    let source = "# Title\n\nSome **bold**, *slanted*, ~~gone~~ and `x < 1` text."
    #expect(rendered(source).text == "Title\n\nSome bold, slanted, gone and x < 1 text.")
    #expect(
      styles(source) == [
        "bold: Title", "bold: bold", "italic: slanted", "strikethrough: gone", "code: x < 1",
      ])
  }

  @Test func keepsCodeToItself() {
    #expect(
      styles("**run `make` now**, [`f`](https://a.b)") == [
        "bold: run", "code: make", "bold: now", "link(url: \"https://a.b\"): f",
      ])
  }

  @Test func showsListsWithTheirIndentation() {
    let source = "1. One\n   - inner\n2. Two\n\n- [ ] open\n- [x] done"
    #expect(rendered(source).text == "1. One\n   • inner\n2. Two\n\n☐ open\n☑ done")
  }

  @Test func showsCodeWithItsLanguage() {
    let source = "Look:\n```swift\n  let a = 1\n\n    b()\n```\nDone."
    #expect(rendered(source).text == "Look:\n  let a = 1\n\n    b()\nDone.")
    #expect(
      styles(source) == ["preformatted(language: Optional(\"swift\")):   let a = 1\n\n    b()"])
  }

  @Test func showsLongQuotesInPart() {
    #expect(styles("> Short\n> quote") == ["quote: Short\nquote"])
    let long = Array(repeating: "> line", count: 9).joined(separator: "\n")
    #expect(rendered(long).styles.map(\.style) == [.expandableQuote])
  }

  @Test(arguments: [
    "javascript:alert(1)", "/etc/passwd", "file:///etc/passwd", "data:text/html,x", "https:",
  ])
  func showsTheAddressOfWhatIsNoLink(address: String) {
    let source = "See [here](\(address)) now."
    #expect(rendered(source).text == "See here (\(address)) now.")
    #expect(styles(source).isEmpty)
  }

  @Test(arguments: ["http://a.b/c?d=e", "https://a.b", "mailto:a@b.c", "tg://user?id=7"])
  func linksWhereAChatCanGo(address: String) {
    #expect(styles("See [here](\(address)).") == ["link(url: \"\(address)\"): here"])
  }

  @Test func alignsTablesThatFit() {
    let source = "| Name | n |\n|---|--:|\n| a | 1 |\n| 世界 | 22 |\n| e\u{301} | 3 |"
    #expect(
      rendered(source).text
        == "Name │  n\n─────┼───\na    │  1\n世界 │ 22\ne\u{301}    │  3")
    #expect(rendered(source).styles.map(\.style) == [.preformatted(language: nil)])
  }

  @Test func showsWideTablesRowByRow() {
    let long = String(repeating: "word ", count: 9) + "end"
    let source = "| Name | What |\n|---|---|\n| a | \(long) |\n| b | x |"
    #expect(rendered(source).text == "Name: a\nWhat: \(long)\n\nName: b\nWhat: x")
    #expect(rendered(source).styles.isEmpty)
  }

  @Test(arguments: [
    ("Costs $5 and $6.", "Costs $5 and $6."),
    ("Use $HOME/$USER and $PATH.", "Use $HOME/$USER and $PATH."),
    ("Let $x^2$ be \\(\\alpha + \\frac{a}{b}\\).", "Let x² be α + a/b."),
    ("\\[ x_1 \\le \\sqrt{y} \\]", "x₁ ≤ √y"),
    ("$$\nE = mc^2\n$$", "E = mc²"),
    ("`$x^2$` stays", "$x^2$ stays"),
    ("It is \\(\\begin{pmatrix} a \\end{pmatrix}\\).", "It is \\begin{pmatrix} a \\end{pmatrix}."),
  ])
  func showsFormulas(source: String, text: String) {
    #expect(rendered(source).text == text)
  }

  @Test func keepsHTMLAndDefinitionsAsTheyAre() {
    let source = "<b>x</b> &amp; y\n\n[1]: https://a.b \"t\"\n\nSee [x][1]."
    #expect(
      rendered(source).text == "<b>x</b> & y\n\n[1]: https://a.b \"t\"\n\nSee [x][1].")
  }

  @Test func isWhatWasWrittenWithoutMarkup() {
    let plain = "One line.\nAnother; 3 > 2, a_b_c, 5 * 3 * 2.\n\nA third — with 🎉 and «ümläut»."
    #expect(rendered(plain) == FormattedText(plain))
  }
}

/// How it becomes messages.
@Suite("Markdown in messages")
struct MarkdownMessagesTests {
  private static let limits = MessageLimits(units: 100, styles: 16)

  private func messages(_ source: String) -> [FormattedText] {
    RenderedMarkdown(source, limits: Self.limits).messages
  }

  @Test func cutsBetweenBlocks() {
    let one = String(repeating: "a", count: 60)
    let two = String(repeating: "b", count: 70)
    #expect(messages("\(one)\n\n\(two)").map(\.text) == [one, two])
    // What is above belongs to what is below.
    #expect(messages("\(one)\n\n## H\n\n\(two)").map(\.text) == [one, "H\n\n\(two)"])
  }

  @Test func goesOnWithCodeAndItsLanguageAndIndentation() {
    let lines = (0..<12).map { "    line number \($0)" }
    let messages = messages("```swift\n\(lines.joined(separator: "\n"))\n```")
    #expect(messages.count > 1)
    #expect(messages.map(\.text).joined(separator: "\n") == lines.joined(separator: "\n"))
    for message in messages {
      #expect(message.text.hasPrefix("    line"))
      #expect(
        message.styles == [
          StyledRange(.preformatted(language: "swift"), 0..<message.text.utf16.count)
        ])
    }
  }

  @Test func cutsNoCharacterInTwo() {
    let family = "👨‍👩‍👧‍👦"
    let messages = messages(String(repeating: family, count: 40))
    #expect(messages.count > 1)
    #expect(messages.allSatisfy { $0.text.allSatisfy { String($0) == family } })
  }

  @Test func hasNoMoreStylesThanAMessageMay() {
    let messages = messages((0..<40).map { "*\($0)*" }.joined(separator: " "))
    #expect(messages.allSatisfy { $0.styles.count <= 16 })
    #expect(messages.map(\.styles.count).reduce(0, +) == 40)
  }

  @Test(arguments: [
    ("```swift\n", "code.swift"), ("Here is `src/main.py`:\n\n```python\n", "main.py"),
    ("```yaml title=\"compose.yaml\"\n", "compose.yaml"), ("```\n", "code.txt"),
    ("In ../../etc/passwd.conf:\n```\n", "passwd.conf"),
  ])
  func givesLongCodeAsAFile(head: String, name: String) {
    let code = (0..<20).map { "line \($0)" }.joined(separator: "\n")
    let rendered = RenderedMarkdown("\(head)\(code)\n```", limits: Self.limits)
    #expect(rendered.files.map(\.name) == [name])
    #expect(rendered.files.first?.content == code + "\n")
    #expect(RenderedMarkdown("```\nshort\n```", limits: Self.limits).files.isEmpty)
  }

  @Test func namesAnAnswerAfterItsHeading() {
    #expect(MarkdownFile(answer: "x", heading: "A plan: für /etc!").name == "a-plan-f-r-etc.md")
    #expect(MarkdownFile(answer: "x", heading: nil).name == "answer.md")
  }
}
