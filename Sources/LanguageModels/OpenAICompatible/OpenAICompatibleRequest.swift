/// The body of a chat completion; OpenAI's names.
struct OpenAICompatibleRequest: Encodable {
  /// What the cap of an answer is called: OpenAI's newer models refuse the old name, and most other
  /// servers know no other.
  enum CapName {
    case maxTokens
    case maxCompletionTokens
  }

  struct StreamOptions: Encodable {
    var includeUsage = true

    enum CodingKeys: String, CodingKey {
      case includeUsage = "include_usage"
    }
  }

  enum CodingKeys: String, CodingKey {
    case model, messages, stream
    case streamOptions = "stream_options"
    case maxTokens = "max_tokens"
    case maxCompletionTokens = "max_completion_tokens"
  }

  var model: String
  var messages: [ChatMessage]
  var stream = true
  var streamOptions = StreamOptions()
  var maxTokens: Int?
  var maxCompletionTokens: Int?

  init(_ prompt: Prompt, model: String, cap: CapName) {
    self.model = model
    messages = ChatMessage.all(of: prompt)
    switch cap {
    case .maxTokens: maxTokens = prompt.maximumOutputTokens
    case .maxCompletionTokens: maxCompletionTokens = prompt.maximumOutputTokens
    }
  }
}
