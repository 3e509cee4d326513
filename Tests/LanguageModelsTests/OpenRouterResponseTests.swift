import LanguageModels
import Metering
import Testing
import TestSupport

@Suite("OpenRouter's responses")
struct OpenRouterResponseTests {
  static func body(_ choice: String, usage: String) -> LoopbackReply {
    .json(#"{"id": "gen-1", "model": "vendor/real", "choices": [\#(choice)], "usage": \#(usage)}"#)
  }

  static let four = #"{"message": {"content": "4"}, "finish_reason": "stop"}"#
  static let tokens = #""prompt_tokens": 10, "completion_tokens": 5"#

  /// All digits must come through, however many there are: no `Double` holds these.
  @Test(arguments: [
    ("0.1", "0.1"), ("7e-05", "0.00007"), ("7.1E-5", "0.000071"), ("0.000071", "0.000071"),
    ("0.1234567890123456789", "0.1234567890123456789"), ("0", "0"), ("12", "12"),
    ("1.2345678901234567e-09", "0.0000000012345678901234567"),
    ("0.30000000000000004", "0.30000000000000004"),
    ("1234567890.0123456789", "1234567890.0123456789"), ("-0.1", nil), ("null", nil),
    (#""NaN""#, nil), ("1e-400", nil), ("1e400", nil), ("{}", nil), ("true", nil),
  ])
  func keepEveryDigitOfTheCost(cost: String, exact: String?) async throws {
    let answer = try await ask(
      .openRouter, replying: Self.body(Self.four, usage: #"{\#(Self.tokens), "cost": \#(cost)}"#))
    #expect(answer.usage.reportedCostUSD == exact)
    #expect(answer.model == "vendor/real")
  }

  /// On one's own key the cost is the sum of both; if either is missing, it is not known.
  @Test(arguments: [
    (#""cost": 0.1, "is_byok": true, "cost_details": {"upstream_inference_cost": 0.2}"#, "0.3"),
    (
      #""cost": 7e-05, "is_byok": true, "cost_details": {"upstream_inference_cost": 1e-09}"#,
      "0.000070001"
    ),
    (#""cost": 0.1, "is_byok": true, "cost_details": {"upstream_inference_cost": null}"#, nil),
    (#""cost": 0.1, "is_byok": true"#, nil),
    (#""cost": 0.1, "is_byok": false, "cost_details": {"upstream_inference_cost": 0.2}"#, "0.1"),
    (#""cost": 0, "cost_details": {"upstream_inference_cost": 0.007}"#, "0.007"),
    (#""cost": 0, "is_byok": false, "cost_details": {"upstream_inference_cost": 0.007}"#, "0.007"),
    (#""cost": 0.0004, "cost_details": {"upstream_inference_cost": 0.007}"#, "0.0074"),
    (#""cost": 0.007, "cost_details": {"upstream_inference_cost": 0.007}"#, "0.007"),
    (#""cost": 0.007, "cost_details": {"upstream_inference_cost": "free"}"#, "0.007"),
    (#""is_byok": false"#, nil),
  ])
  func addWhatACallOnOnesOwnKeyCostUpstream(fields: String, cost: String?) async throws {
    let answer = try await ask(
      .openRouter, replying: Self.body(Self.four, usage: "{\(Self.tokens), \(fields)}"))
    #expect(answer.usage.reportedCostUSD == cost)
  }

  @Test func lowerAPartThatExceedsItsWhole() async throws {
    let usage = #"""
      {\#(Self.tokens), "prompt_tokens_details": {"cached_tokens": 11},
      "completion_tokens_details": {"reasoning_tokens": 6}, "new": []}
      """#
    let answer = try await ask(.openRouter, replying: Self.body(Self.four, usage: usage))
    #expect(
      answer.usage
        == TokenUsage(
          inputTokens: 10, cachedInputTokens: 10, outputTokens: 5, reasoningTokens: 5))
  }

  /// The question has 28 bytes, its answer one.
  @Test(arguments: [
    ("null", TokenUsage(inputTokens: 7, outputTokens: 1)),
    ("{}", TokenUsage(inputTokens: 7, outputTokens: 1)),
    (
      #"{"prompt_tokens": 0, "completion_tokens": 0, "cost": 0}"#,
      TokenUsage(inputTokens: 7, outputTokens: 1)
    ),
    (#"{"prompt_tokens": 10}"#, TokenUsage(inputTokens: 10, outputTokens: 1)),
    (
      #"{"prompt_tokens": -1, "completion_tokens": 5}"#,
      TokenUsage(inputTokens: 7, outputTokens: 5)
    ),
    (
      #"{"prompt_tokens": 10, "completion_tokens": 1000000001}"#,
      TokenUsage(inputTokens: 10, outputTokens: 1)
    ),
    (
      #"{"prompt_tokens": 1e300, "completion_tokens": 5}"#,
      TokenUsage(inputTokens: 7, outputTokens: 5)
    ),
  ])
  func areEstimatedAsFarAsNothingIsToldOrKnown(usage: String, counts: TokenUsage) async throws {
    let answer = try await ask(.openRouter, replying: Self.body(Self.four, usage: usage))
    #expect(answer.usage == counts)
    #expect(answer.usageIsEstimate)
  }

  @Test(arguments: [
    #"{\#(tokens), "prompt_tokens_details": {"cached_tokens": -3}}"#,
    #"{\#(tokens), "prompt_tokens_details": 5, "completion_tokens_details": []}"#,
    #"{"prompt_tokens": "10", "completion_tokens": "5", "is_byok": "no"}"#,
  ])
  func areReadAsFarAsTheyCanBe(usage: String) async throws {
    let answer = try await ask(.openRouter, replying: Self.body(Self.four, usage: usage))
    #expect(answer.usage == TokenUsage(inputTokens: 10, outputTokens: 5))
    #expect(!answer.usageIsEstimate)
  }

  @Test(arguments: [
    (#""4""#, "4"), (#"[{"type": "text", "text": "fo"}, {"type": "x"}, {"text": "ur"}]"#, "four"),
  ])
  func carryTextOrPartsOfText(content: String, text: String) async throws {
    let choice =
      #"{"message": {"content": \#(content), "images": [{}, {}]}, "finish_reason": "length"}"#
    let answer = try await ask(
      .openRouter, replying: Self.body(choice, usage: "{\(Self.tokens)}"))
    #expect(answer.text == text)
    #expect(answer.usage.images == 2)
    #expect(answer.ending == .lengthLimit)
  }

  @Test(arguments: [
    (
      #"{"message": {"content": null}, "finish_reason": "content_filter"}"#,
      LanguageModelError.Reason.blocked(reason: "content_filter")
    ),
    (#"{"message": {"content": null}, "finish_reason": "stop"}"#, .emptyAnswer),
    (#"{"message": {"content": " \n"}, "finish_reason": "length"}"#, .emptyAnswer),
    (#"{"message": {"content": []}, "finish_reason": null}"#, .emptyAnswer),
    (#"{"finish_reason": "a_new_one"}"#, .emptyAnswer),
    ("", .emptyAnswer),
  ])
  func keepTheUsageWhereNothingWasSaid(
    choice: String, reason: LanguageModelError.Reason
  ) async throws {
    let error = try await failure(
      .openRouter, replying: Self.body(choice, usage: #"{\#(Self.tokens), "cost": 0.1}"#))
    #expect(error?.reason == reason)
    #expect(
      error?.usage == TokenUsage(inputTokens: 10, outputTokens: 5, reportedCostUSD: "0.1"))
    #expect(error?.mayHaveCost == false)
    #expect(error?.requestID == "gen-1")
  }
}
