import Metering

/// OpenAI's chat completions, with what widespread servers do otherwise.
enum OpenAICompatibleForm: ChatForm {
  struct Usage: ChatUsage {
    /// Includes what came from the cache.
    var promptTokens: Int
    var completionTokens: Int
    var totalTokens: Int?
    var promptTokensDetails: ChatPromptDetails?
    var completionTokensDetails: ChatCompletionDetails?
    /// DeepSeek's name for the cached tokens (api-docs.deepseek.com, "Context Caching").
    var promptCacheHitTokens: Int?

    func normalised(images: Int) -> TokenUsage? {
      let reasoning = completionTokensDetails?.reasoningTokens ?? 0
      guard [promptTokens, completionTokens, reasoning].allSatisfy(TokenUsage.isSensible) else {
        return nil
      }
      // Reasoning is a part of the completion, but xAI counts it apart, as the total shows
      // (docs.x.ai, "Consumption and Rate Limits").
      let isApart = reasoning > 0 && totalTokens == promptTokens + completionTokens + reasoning
      return .checked(
        input: promptTokens,
        cached: promptTokensDetails?.cachedTokens ?? promptCacheHitTokens ?? 0,
        output: isApart ? completionTokens + reasoning : completionTokens, reasoning: reasoning,
        images: images)
    }
  }

  /// A refusal is free. Whoever fails after a good start may have worked and charge for it.
  static func error(_ failure: ChatFailure) -> LanguageModelError {
    let isDaily = failure.status == 429 && failure.words.contains { $0.contains("PerDay") }
    return failure.error(
      unlessKnown: isDaily
        ? .quotaExhausted : .init(status: failure.status, retryAfter: failure.retryAfter),
      mayHaveCost: failure.isInSuccess)
  }
}
