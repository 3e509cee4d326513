import Metering

/// OpenAI's chat completions, with what widespread servers do otherwise.
enum OpenAICompatibleForm: ChatForm {
  /// No cost of the server's own is believed.
  static func usage(_ told: ChatUsage, images: Int) -> TokenUsage {
    let (input, reasoning) = (told.prompt ?? 0, told.reasoning ?? 0)
    var output = told.completion ?? 0
    // Reasoning is a part of the completion, but xAI counts it apart, as the total shows
    // (docs.x.ai, "Consumption and Rate Limits").
    if reasoning > 0, told.total == input + output + reasoning { output += reasoning }
    return TokenUsage(
      inputTokens: input, cachedInputTokens: told.cached ?? 0,
      cacheWriteTokens: told.cacheWrite ?? 0, outputTokens: output, reasoningTokens: reasoning,
      images: images, imageTokens: told.imageTokens ?? 0)
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
