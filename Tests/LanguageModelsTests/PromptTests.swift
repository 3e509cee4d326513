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

  @Test(arguments: [(0, 1), (1, 1), (4, 1), (5, 2), (4000, 1000)])
  func estimatesATokenForFourBytes(bytes: Int, tokens: Int) {
    let prompt = Prompt(
      system: "", messages: [.init(.user, String(repeating: "x", count: bytes))],
      maximumOutputTokens: 1)
    #expect(prompt.inputTokenEstimate == tokens)
    #expect(prompt.inputTokenBound >= prompt.inputTokenEstimate)
  }
}
