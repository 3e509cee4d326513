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
      inputTokens: input, cachedInputTokens: told.cached ?? 0, outputTokens: output,
      reasoningTokens: reasoning, images: images, imageTokens: told.imageTokens ?? 0)
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
