import Metering

/// What providers of chat completions in OpenAI's form differ in.
protocol ChatForm {
  /// What it counts and charges for, where it tells anything of it.
  static func usage(_ told: ChatUsage, images: Int) -> TokenUsage

  /// What an error of the provider's means.
  static func error(_ failure: ChatFailure) -> LanguageModelError
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
