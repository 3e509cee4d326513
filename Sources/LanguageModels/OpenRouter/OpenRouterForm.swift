import Metering

/// What OpenRouter adds to chat completions: what a call cost, and what an error means.
enum OpenRouterForm: ChatForm {
  /// In the native tokens that are billed.
  static func usage(_ told: ChatUsage, images: Int) -> TokenUsage {
    TokenUsage(
      inputTokens: told.prompt ?? 0, cachedInputTokens: told.cached ?? 0,
      outputTokens: told.completion ?? 0, reasoningTokens: told.reasoning ?? 0, images: images,
      imageTokens: told.imageTokens ?? 0, reportedCostUSD: told.cost?.description)
  }

  /// Free: a finish by error is never billed (openrouter.ai/docs, zero completion insurance).
  static func error(_ failure: ChatFailure) -> LanguageModelError {
    LanguageModelError(reason(failure))
  }

  private static func reason(_ failure: ChatFailure) -> LanguageModelError.Reason {
    let (message, metadata) = (failure.error.message, failure.error.metadata)
    let isTooLong =
      metadata?.errorType == "context_length_exceeded"
      // "This endpoint's maximum context length is 131072 tokens. However, you requested…"
      || (failure.status == 400 && message.contains("maximum context length"))
    if isTooLong { return .promptTooLong }
    return switch failure.status {
    // Our own calls under way hold all that is left; it comes back as they end.
    case 402 where metadata?.limitSource == "openrouter_in_flight_budget":
      .rateLimited(retryAfter: failure.retryAfter)
    // "Key limit exceeded (total limit)": what the operator lets this key spend.
    case 403 where message.hasPrefix("Key limit exceeded"): .providerOutOfFunds
    case 403: .blocked(codeWord: "moderation")
    default: .init(status: failure.status, retryAfter: failure.retryAfter)
    }
  }
}

struct OpenRouterErrorMetadata: Decodable {
  var errorType: String?
  var limitSource: String?
}
