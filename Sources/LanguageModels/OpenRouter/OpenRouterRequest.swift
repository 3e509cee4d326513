/// The body of a chat completion; OpenRouter's names.
struct OpenRouterRequest: Encodable {
  /// Which of the providers behind OpenRouter may serve the call.
  struct Routing: Encodable {
    /// USD per million tokens, as strings.
    struct MaximumPrice: Encodable {
      var prompt: String
      var completion: String
    }

    enum CodingKeys: String, CodingKey {
      case maximumPrice = "max_price"
    }

    var maximumPrice: MaximumPrice
  }

  enum CodingKeys: String, CodingKey {
    case model, messages, stream, provider
    case maximumCompletionTokens = "max_completion_tokens"
  }

  var model: String
  var messages: [ChatMessage]
  var maximumCompletionTokens: Int
  var stream = true
  var provider: Routing?

  init(_ prompt: Prompt, model: String) {
    self.model = model
    messages = ChatMessage.all(of: prompt)
    maximumCompletionTokens = prompt.maximumOutputTokens
    provider = prompt.priceCeiling.map { ceiling in
      Routing(maximumPrice: .init(prompt: ceiling.input, completion: ceiling.output))
    }
  }
}
