import Foundation
import JSONReading
@testable import LanguageModels
import Metering
import Testing
import TestSupport

@Suite("Gemini's usage")
struct GeminiUsageTests {
  /// - Parameters:
  ///   - candidate: JSON between the braces.
  ///   - usage: JSON whose names lack the ending that all of them have.
  static func body(_ candidate: String, usage: String) -> LoopbackReply {
    .json(
      #"{"candidates": [{\#(candidate)}], "responseId": "r1", "usageMetadata": "#
        + usage.replacing("\":", with: "TokenCount\":") + "}")
  }

  static func text(_ text: String) -> String {
    #""content": {"parts": [{"text": "\#(text)"}]}, "finishReason": "STOP""#
  }

  @Test(arguments: [
    (
      "thoughts beside candidates",
      #"{"prompt":10,"candidates":5,"thoughts":7,"total":22}"#,
      TokenUsage(inputTokens: 10, outputTokens: 12, reasoningTokens: 7)
    ),
    (
      "thoughts among candidates",
      #"{"prompt":10,"candidates":12,"thoughts":7,"total":22}"#,
      TokenUsage(inputTokens: 10, outputTokens: 12, reasoningTokens: 7)
    ),
    (
      "no total",
      #"{"prompt":10,"candidates":5,"thoughts":7}"#,
      TokenUsage(inputTokens: 10, outputTokens: 12, reasoningTokens: 7)
    ),
    (
      "a total that is too small",
      #"{"prompt":10,"candidates":5,"thoughts":7,"total":3}"#,
      TokenUsage(inputTokens: 10, outputTokens: 12, reasoningTokens: 7)
    ),
    (
      "a total beyond what was asked for",
      #"{"prompt":10,"candidates":5,"thoughts":7,"total":999999999}"#,
      TokenUsage(inputTokens: 10, outputTokens: 12, reasoningTokens: 7)
    ),
    (
      "thoughts in the total alone",
      #"{"prompt":10,"candidates":5,"total":30}"#,
      TokenUsage(inputTokens: 10, outputTokens: 20)
    ),
    (
      "results of tools, which are input",
      #"{"prompt":10,"toolUsePrompt":4,"candidates":5,"total":19}"#,
      TokenUsage(inputTokens: 14, outputTokens: 5)
    ),
    (
      "more cached than sent, more thought than said",
      #"{"prompt":10,"cachedContent":11,"candidates":5,"thoughts":9,"total":15}"#,
      TokenUsage(inputTokens: 10, cachedInputTokens: 10, outputTokens: 5, reasoningTokens: 5)
    ),
  ])
  func isNormalised(what: String, metadata: String, usage: TokenUsage) async throws {
    #expect(
      try await ask(.gemini, replying: Self.body(Self.text("4"), usage: metadata)).usage == usage)
  }

  /// The question has 28 bytes, its answer one.
  @Test(arguments: [
    ("null", TokenUsage(inputTokens: 7, outputTokens: 1)),
    ("{}", TokenUsage(inputTokens: 7, outputTokens: 1)),
    ("[]", TokenUsage(inputTokens: 7, outputTokens: 1)),
    (#"{"prompt":0,"candidates":0}"#, TokenUsage(inputTokens: 7, outputTokens: 1)),
    (#"{"prompt":-1,"candidates":5}"#, TokenUsage(inputTokens: 7, outputTokens: 5)),
    (#"{"prompt":10,"candidates":-5}"#, TokenUsage(inputTokens: 10, outputTokens: 1)),
    (#"{"prompt":10}"#, TokenUsage(inputTokens: 10, outputTokens: 1)),
    (
      #"{"prompt":10,"thoughts":7,"total":17}"#,
      TokenUsage(inputTokens: 10, outputTokens: 8, reasoningTokens: 7)
    ),
    (#"{"prompt":1000000001,"candidates":5}"#, TokenUsage(inputTokens: 7, outputTokens: 5)),
    (
      #"{"prompt":9223372036854775807,"candidates":9223372036854775807}"#,
      TokenUsage(inputTokens: 7, outputTokens: 1)
    ),
    (#"{"prompt":10,"total":1e300}"#, TokenUsage(inputTokens: 10, outputTokens: 1)),
    (
      #"{"prompt":10,"total":-9223372036854775808}"#, TokenUsage(inputTokens: 10, outputTokens: 1)
    ),
    (#"{"prompt":99999999999999999999999999}"#, TokenUsage(inputTokens: 7, outputTokens: 1)),
    (#"{"prompt":"NaN"}"#, TokenUsage(inputTokens: 7, outputTokens: 1)),
    (#"{"prompt":1.5}"#, TokenUsage(inputTokens: 7, outputTokens: 1)),
  ])
  func isEstimatedAsFarAsItIsNotTold(metadata: String, usage: TokenUsage) async throws {
    let answer = try await ask(.gemini, replying: Self.body(Self.text("4"), usage: metadata))
    #expect(answer.usage == usage)
    #expect(answer.usageIsEstimate)
  }

  @Test(arguments: [
    (#"{"prompt":10,"cachedContent":-5,"candidates":5}"#, 0),
    (#"{"prompt":"10","cachedContent":"4","candidates":"5"}"#, 4),
  ])
  func isReadAsFarAsItCanBe(metadata: String, cached: Int) async throws {
    let answer = try await ask(.gemini, replying: Self.body(Self.text("4"), usage: metadata))
    #expect(
      answer.usage
        == TokenUsage(inputTokens: 10, cachedInputTokens: cached, outputTokens: 5))
    #expect(!answer.usageIsEstimate)
  }

  static let thoughts = #"{"prompt":10,"thoughts":7,"total":17}"#
  static let thoughtOnly = TokenUsage(inputTokens: 10, outputTokens: 7, reasoningTokens: 7)

  @Test(arguments: [
    ("MAX_TOKENS", LanguageModelError.Reason.emptyAnswer), ("STOP", .emptyAnswer),
    ("SOMETHING_NEW", .emptyAnswer), ("SAFETY", .blocked(reason: "SAFETY")),
    ("RECITATION", .blocked(reason: "RECITATION")),
    ("PROHIBITED_CONTENT", .blocked(reason: "PROHIBITED_CONTENT")),
    ("IMAGE_SAFETY", .blocked(reason: "IMAGE_SAFETY")),
    ("SAFETY because you said: secret", .blocked(reason: "OTHER")),
  ])
  func isKeptWhereNothingWasSaid(
    finishReason: String, reason: LanguageModelError.Reason
  ) async throws {
    let error = try await failure(
      .gemini,
      replying: Self.body(#""finishReason": "\#(finishReason)""#, usage: Self.thoughts))
    #expect(error?.reason == reason)
    #expect(error?.usage == Self.thoughtOnly)
    #expect(error?.mayHaveCost == false)
    #expect(error?.requestID == "r1")
    #expect(error?.keyIdentifier == "…abcd")
  }

  /// Each alone could be, for all we know.
  @Test func isNoneWhereTheSumOfItsCountsIsAbsurd() throws {
    let json = """
      {"promptTokenCount": 12, "candidatesTokenCount": 1000000000, "thoughtsTokenCount": 8}
      """
    let usage = GeminiUsage(try #require(JSONObject(json.utf8)))
    #expect(usage.normalised(images: 0, outputCap: 400) == nil)
  }

  @Test func isKeptWhereThePromptWasBlocked() async throws {
    let error = try await failure(
      .gemini,
      replying: .json(
        #"{"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 8}}"#
      ))
    #expect(error?.reason == .blocked(reason: "SAFETY"))
    #expect(error?.usage == TokenUsage(inputTokens: 8, outputTokens: 0))
  }

  /// It was read, and nothing was written.
  @Test func isThePromptsAloneWhereThatWasBlocked() async throws {
    let body = #"{"promptFeedback": {"blockReason": "JAILBREAK"}}"#
    for reply in [LoopbackReply.json(body), .events([body])] {
      let error = try await failure(.gemini, replying: reply)
      #expect(error?.reason == .blocked(reason: "JAILBREAK"))
      #expect(error?.usage == TokenUsage(inputTokens: 7, outputTokens: 0))
      #expect(error?.usageIsEstimate == true)
    }
  }

  @Test(arguments: [#""#, #" \n\t"#, #"\u200b\u2060\ufeff"#, #"\u00a0\u3000\u2028"#, #"\u0000"#])
  func isKeptWhereTheTextShowsNothing(text: String) async throws {
    let error = try await failure(
      .gemini, replying: Self.body(Self.text(text), usage: Self.thoughts))
    #expect(error?.reason == .emptyAnswer)
    #expect(error?.usage == Self.thoughtOnly)
  }
}
