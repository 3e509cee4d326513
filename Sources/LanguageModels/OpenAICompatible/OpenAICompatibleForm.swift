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
    LanguageModelError(reason(failure), mayHaveCost: failure.isInSuccess)
  }

  private static func reason(_ failure: ChatFailure) -> LanguageModelError.Reason {
    let (code, message) = (failure.error.code, failure.error.message)
    if code == "context_length_exceeded" || marksOfLength.contains(where: message.contains) {
      return .promptTooLong
    }
    return switch failure.status {
    case 400 where marksOfUnknownModel.contains(where: message.contains): .modelUnknown
    case 400 where code == "content_filter": .blocked(codeWord: code)
    // OpenAI's for an account without money.
    case 429 where code == "insufficient_quota": .providerOutOfFunds
    default: .init(status: failure.status, retryAfter: failure.retryAfter)
    }
  }

  /// OpenAI, vLLM and DeepSeek; llama.cpp; LiteLLM.
  private static let marksOfLength = [
    "maximum context length", "available context size", "ContextWindowExceededError",
  ]
  /// LiteLLM; DeepSeek.
  private static let marksOfUnknownModel = ["Invalid model name", "Model Not Exist"]
}
