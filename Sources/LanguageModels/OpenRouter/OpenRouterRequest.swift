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

  /// How much a model may think (openrouter.ai/docs, "Reasoning Tokens").
  struct Reasoning: Encodable {
    enum CodingKeys: String, CodingKey {
      case maximumTokens = "max_tokens"
    }

    var maximumTokens: Int
  }

  enum CodingKeys: String, CodingKey {
    case model, messages, stream, provider, reasoning
    case maximumCompletionTokens = "max_completion_tokens"
  }

  var model: String
  var messages: [ChatMessage]
  var maximumCompletionTokens: Int
  var stream = true
  var reasoning: Reasoning?
  var provider: Routing?

  init(_ prompt: Prompt, model: String, thinkingBudget: Int?) {
    self.model = model
    messages = ChatMessage.all(of: prompt)
    maximumCompletionTokens = prompt.maximumOutputTokens
    reasoning = thinkingBudget.map { Reasoning(maximumTokens: $0) }
    provider = prompt.priceCeiling.map { ceiling in
      Routing(maximumPrice: .init(prompt: ceiling.input, completion: ceiling.output))
    }
  }
}
