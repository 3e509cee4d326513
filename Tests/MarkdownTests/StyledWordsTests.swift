import Markdown
import Testing

/// Telegram counts UTF-16 units, and people write characters of many of them.
@Suite("Styled words among characters of several units")
struct StyledWordsTests {
  private static let words = [
    "👨‍👩‍👧‍👦", "**bold😀**", "e\u{301}a\u{308}o\u{302}", "*ita\u{301}lic*", "🇩🇪", "`co👍🏽de`", "世界",
    "[li👩‍🚀nk](https://a.b)", "z\u{335}\u{336}\u{337}", "~~go\u{308}ne~~", "👩🏾‍❤️‍💋‍👨🏻", "**b**",
  ]
  private static let covered = [
    "bold: bold😀", "italic: ita\u{301}lic", "code: co👍🏽de", "link(url: \"https://a.b\"): li👩‍🚀nk",
    "strikethrough: go\u{308}ne", "bold: b",
  ]
  private static let plain = words.joined(separator: " ").filter { !"*`~[]".contains($0) }
    .replacing("(https://a.b)", with: "")

  @Test(arguments: ["", "e\u{301} 👨‍👩‍👧‍👦\n\n", "- 👨‍👩‍👧‍👦 ", "1. ", "e\u{301}\u{327} "])
  func areTheWordsThatWereStyled(above: String) {
    let source = above + Self.words.joined(separator: " ")
    let messages = RenderedMarkdown(source, limits: MessageLimits(units: 4_096, styles: 100))
      .messages
    #expect(messages.map(\.covered) == [Self.covered])
    #expect(messages.first?.text.hasSuffix(Self.plain) == true)
  }

  /// Of any length, so that cuts come at every place of the words.
  @Test(arguments: 60..<110)
  func areTheSameWordsInSeveralMessages(units: Int) {
    let count = 12
    let source = Array(repeating: Self.words.joined(separator: " "), count: count)
      .joined(separator: " ")
    let messages = RenderedMarkdown(source, limits: MessageLimits(units: units, styles: 16))
      .messages
    #expect(messages.count > 5)
    #expect(
      messages.map(\.text).joined(separator: " ")
        == Array(repeating: Self.plain, count: count).joined(separator: " "))
    #expect(
      messages.flatMap(\.covered) == Array(repeating: Self.covered, count: count).flatMap { $0 })
  }

  /// What is cut goes on with the whole of its rest.
  @Test(arguments: ["👨‍👩‍👧‍👦", "e\u{301}\u{327}", "👍🏽", "🇩🇪"])
  func goOnBehindACut(character: String) {
    let run = String(repeating: character, count: 40)
    let source = "\(character) **\(run)** \(character)"
    let messages = RenderedMarkdown(source, limits: MessageLimits(units: 50, styles: 16)).messages
    #expect(messages.count > 2)
    #expect(
      messages.map(\.text).joined(separator: "").filter { $0 != " " } == character + run + character
    )
    let styled = messages.flatMap(\.covered)
    #expect(styled.map { $0.replacing("bold: ", with: "") }.joined() == run)
    #expect(styled.allSatisfy { $0.dropFirst(6).allSatisfy { String($0) == character } })
  }
}
