import Metering

/// What providers of chat completions in OpenAI's form differ in.
protocol ChatForm {
  associatedtype Usage: ChatUsage

  /// What an error of the provider's means.
  static func error(_ failure: ChatFailure) -> LanguageModelError
}

/// The `usage` of a chat completion, as one provider counts.
protocol ChatUsage: Decodable {
  /// - Returns: `nil` if a count is negative or absurd.
  func normalised(images: Int) -> TokenUsage?
}

struct ChatPromptDetails: Decodable {
  var cachedTokens: Int?
}

struct ChatCompletionDetails: Decodable {
  var reasoningTokens: Int?
}

/// One message of a request.
struct ChatMessage: Encodable {
  var role: String
  var content: String

  static func all(of prompt: Prompt) -> [ChatMessage] {
    let system = prompt.system.isEmpty ? [] : [ChatMessage(role: "system", content: prompt.system)]
    return system
      + prompt.messages.map { message in
        ChatMessage(role: message.role == .user ? "user" : "assistant", content: message.text)
      }
  }
}
