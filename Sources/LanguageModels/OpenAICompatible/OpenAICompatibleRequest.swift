/// The body of a chat completion; OpenAI's names.
struct OpenAICompatibleRequest: Encodable {
  /// What servers differ in.
  struct Fields {
    /// What the cap of an answer is called: OpenAI's newer models refuse the old name, and most
    /// other servers know no other.
    var capIsNamedMaxTokens = true
    /// Whether usage is asked for; many servers tell it in a stream only then, and some know no
    /// such field.
    var hasStreamOptions = true

    /// "Unsupported parameter: 'max_tokens' is not supported with this model. Use
    /// 'max_completion_tokens' instead."
    ///
    /// - Returns: Whether the refusal names a field that can be done without.
    mutating func leaveOut(refusedBy reply: ProviderReply) -> Bool {
      if capIsNamedMaxTokens, reply.refuses(field: "max_tokens") {
        capIsNamedMaxTokens = false
      } else if hasStreamOptions, reply.refuses(field: "stream_options") {
        hasStreamOptions = false
      } else {
        return false
      }
      return true
    }
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
  var streamOptions: StreamOptions?
  var maxTokens: Int?
  var maxCompletionTokens: Int?

  init(_ prompt: Prompt, model: String, _ fields: Fields) {
    self.model = model
    messages = ChatMessage.all(of: prompt)
    streamOptions = fields.hasStreamOptions ? StreamOptions() : nil
    if fields.capIsNamedMaxTokens {
      maxTokens = prompt.maximumOutputTokens
    } else {
      maxCompletionTokens = prompt.maximumOutputTokens
    }
  }
}
