import LanguageModels
import Testing

@Suite("Prompt")
struct PromptTests {
  @Test func boundsItsTokensByItsBytesAndAnOverheadForEachMessage() {
    let prompt = Prompt(
      system: "abc", messages: [.init(.user, "é"), .init(.assistant, "🙂")],
      maximumOutputTokens: 1)
    // Two messages, the system prompt and the opening of the answer.
    #expect(prompt.inputTokenBound == 3 + 2 + 4 + 4 * Prompt.tokensAroundMessage)
  }

  /// Tokenizers that normalise first see more bytes than were sent: eighteen letters for U+FDFA in
  /// NFKC; three scalars of a note for U+1D160 and two letters for U+FB2C in NFC.
  @Test(arguments: [
    ("\u{FDFA}", 1_000, 33_000), ("\u{1D160}", 500, 6_000), ("\u{FB2C}", 500, 3_000),
    ("a\u{308}", 500, 1_500), ("x", 500, 500),
  ])
  func boundsItsTokensInEveryFormToWhichTheTextMayBeBrought(
    character: String, count: Int, bytes: Int
  ) {
    let text = String(repeating: character, count: count)
    let overhead = 3 * Prompt.tokensAroundMessage
    let asked = Prompt(system: "", messages: [.init(.user, text)], maximumOutputTokens: 1)
    #expect(asked.inputTokenBound == bytes + overhead)
    let instructed = Prompt(system: text, messages: [.init(.user, "")], maximumOutputTokens: 1)
    #expect(instructed.inputTokenBound == bytes + overhead)
  }

  @Test(arguments: [(0, 1), (1, 1), (4, 1), (5, 2), (4000, 1000)])
  func estimatesATokenForFourBytes(bytes: Int, tokens: Int) {
    let prompt = Prompt(
      system: "", messages: [.init(.user, String(repeating: "x", count: bytes))],
      maximumOutputTokens: 1)
    #expect(prompt.inputTokenEstimate == tokens)
    #expect(prompt.inputTokenBound >= prompt.inputTokenEstimate)
  }
}
