import Metering

/// What OpenRouter adds to chat completions: what a call cost, and what an error means.
enum OpenRouterForm: ChatForm {
  /// In the native tokens that are billed.
  static func usage(_ told: ChatUsage, images: Int) -> TokenUsage {
    TokenUsage(
      inputTokens: told.prompt ?? 0, cachedInputTokens: told.cached ?? 0,
      cacheWriteTokens: told.cacheWrite ?? 0, outputTokens: told.completion ?? 0,
      reasoningTokens: told.reasoning ?? 0, images: images,
      imageTokens: told.imageTokens ?? 0, reportedCostUSD: told.cost?.description)
  }

  /// Free: a finish by error is never billed (openrouter.ai/docs, zero completion insurance).
  static func error(_ failure: ChatFailure) -> LanguageModelError {
    let metadata = failure.metadata
    // Our own calls under way hold all that is left; it comes back as they end.
    if failure.status == 402, metadata?.limitSource == "openrouter_in_flight_budget" {
      var error = LanguageModelError(.rateLimited(retryAfter: failure.retryAfter))
      error.report = .init(status: 402, words: failure.words)
      return error
    }
    let isModerated = failure.status == 403 && metadata?.reasons != nil
    return failure.error(
      unlessKnown: isModerated
        ? .blocked(codeWord: "moderation")
        : .init(status: failure.status, retryAfter: failure.retryAfter))
  }
}

struct OpenRouterErrorMetadata: Decodable {
  private enum CodingKeys: CodingKey {
    case errorType, limitSource, reasons, raw
  }

  private struct Wrapped: Decodable {
    var data: String?
  }

  var errorType: String?
  var limitSource: String?
  /// Why the prompt was held back.
  var reasons: [String]?
  /// What the provider behind OpenRouter said, mostly JSON.
  var raw: String?

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    errorType = try? container.decode(String.self, forKey: .errorType)
    limitSource = try? container.decode(String.self, forKey: .limitSource)
    reasons = try? container.decode([String].self, forKey: .reasons)
    raw =
      (try? container.decode(String.self, forKey: .raw))
      ?? (try? container.decode(Wrapped.self, forKey: .raw))?.data
  }
}
