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

  /// (openrouter.ai/docs, "Structured Outputs")
  struct ResponseFormat: Encodable {
    struct Schema: Encodable {
      var name = "answer"
      var strict = true
      /// Where `ProviderAPI` puts it.
      var schema = ""
    }

    enum CodingKeys: String, CodingKey {
      case type
      case schema = "json_schema"
    }

    var type = "json_schema"
    var schema = Schema()
  }

  enum CodingKeys: String, CodingKey {
    case model, messages, stream, provider, reasoning
    case responseFormat = "response_format"
    case maximumCompletionTokens = "max_completion_tokens"
  }

  var model: String
  var messages: [ChatMessage]
  var maximumCompletionTokens: Int
  var stream = true
  var reasoning: Reasoning?
  var provider: Routing?
  var responseFormat: ResponseFormat?

  init(_ prompt: Prompt, model: String, thinkingBudget: Int?) {
    self.model = model
    messages = ChatMessage.all(of: prompt, marksCache: Self.takesMarks(model))
    maximumCompletionTokens = prompt.maximumOutputTokens
    reasoning = thinkingBudget.map { Reasoning(maximumTokens: $0) }
    provider = prompt.priceCeiling.map { ceiling in
      Routing(maximumPrice: .init(prompt: ceiling.input, completion: ceiling.output))
    }
    responseFormat = prompt.schema.map { _ in ResponseFormat() }
  }

  /// Anthropic's models keep what is marked; those of others keep by themselves, or not at all
  /// (openrouter.ai/docs, "Prompt Caching").
  private static func takesMarks(_ model: String) -> Bool {
    model.hasPrefix("anthropic/") || model.hasPrefix("~anthropic/")
  }
}
