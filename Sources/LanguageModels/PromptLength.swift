import Foundation

extension LanguageModelError {
  /// The same, or that the prompt is too long, if that is what the provider's words say: they stand
  /// in other places with each server, in a status that means something else, or within what a
  /// server behind the server has said.
  ///
  /// - Parameter body: What the error was made of.
  func lookingForLength(in body: Data) -> LanguageModelError {
    switch self.reason {
    case .refusedRequest, .providerFailed: break
    default: return self
    }
    let words = String(decoding: body.prefix(Self.maximumLength), as: UTF8.self).lowercased()
    guard Self.marksOfLength.contains(where: words.contains) else { return self }
    var error = self
    error.reason = .promptTooLong
    return error
  }

  /// In bytes. Errors are short; what is longer holds something else.
  private static let maximumLength = 16_384

  private static let marksOfLength = [
    // OpenAI, vLLM, DeepSeek; their code words.
    "maximum context length", "context_length_exceeded", "string_above_max_length",
    // llama.cpp; LiteLLM; SGLang.
    "available context size", "exceed_context_size", "contextwindowexceedederror",
    "model's context length",
    // Anthropic; Bedrock; Google.
    "prompt is too long", "exceed context limit", "input is too long",
    "exceeds the maximum number of tokens", "request payload size exceeds",
    // Mistral, xAI, Groq.
    "prompt too long", "too large for model with", "maximum prompt length",
    "reduce the length of the messages",
  ]
}
