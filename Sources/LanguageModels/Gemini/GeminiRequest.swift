/// The body of `streamGenerateContent`; Gemini's names.
struct GeminiRequest: Encodable {
  struct Content: Encodable {
    var role: String?
    var parts: [Part]
  }

  struct Part: Encodable {
    var text: String
  }

  struct GenerationConfig: Encodable {
    /// Thoughts and answer together.
    var maxOutputTokens: Int
    var thinkingConfig: ThinkingConfig?
    var responseMimeType: String?
    /// Where `ProviderAPI` puts the schema.
    var responseJsonSchema: String?

    /// With the schema, if the prompt has one (ai.google.dev/gemini-api/docs/structured-output).
    /// Its newer form, `responseFormat`, is not known to all models and servers that know this one.
    init(_ prompt: Prompt, thinkingConfig: ThinkingConfig?) {
      maxOutputTokens = prompt.maximumOutputTokens
      self.thinkingConfig = thinkingConfig
      guard prompt.schema != nil else { return }
      responseMimeType = "application/json"
      responseJsonSchema = ""
    }
  }

  /// How much a model may think: in tokens or by a level, as its generation takes it. Both at once
  /// are refused (ai.google.dev/gemini-api/docs/thinking).
  struct ThinkingConfig: Encodable {
    enum Form {
      case budget
      case level

      /// `nil` for a model whose name does not tell: `gemini-2.5-pro` takes a budget, and the third
      /// generation and later ones a level.
      init?(_ model: String) {
        guard let number = model.prefixMatch(of: /gemini-(\d+)(\.(\d+))?/) else { return nil }
        switch (Int(number.1) ?? 0, number.3.flatMap { Int($0) } ?? 0) {
        case (3..., _): self = .level
        case (2, 5...): self = .budget
        default: return nil
        }
      }
    }

    var thinkingBudget: Int?
    var thinkingLevel: String?

    /// `nil` if the prompt sets no bound, or the model's name does not tell which form it takes.
    init?(_ prompt: Prompt, _ model: String) {
      guard let budget = prompt.thinkingBudget else { return nil }
      switch Form(model) {
      case .budget: thinkingBudget = budget
      // The one below the usual that all of them have.
      case .level: thinkingLevel = "LOW"
      case nil: return nil
      }
    }
  }

  /// Only inside a `countTokens` request; elsewhere the path has it.
  var model: String?
  var systemInstruction: Content?
  var contents: [Content]
  var generationConfig: GenerationConfig?

  init(_ prompt: Prompt, model: String? = nil, generationConfig: GenerationConfig? = nil) {
    self.model = model
    systemInstruction =
      prompt.system.isEmpty ? nil : Content(parts: [Part(text: prompt.system)])
    // A beginning that is the same is a part of its own: Gemini finds by itself what it has read
    // before (ai.google.dev/gemini-api/docs/caching, "Implicit caching").
    contents = prompt.messages.map { message in
      Content(role: message.role == .user ? "user" : "model", parts: message.parts.map(Part.init))
    }
    self.generationConfig = generationConfig
  }
}

/// The body of `countTokens` in the form that counts the system prompt too.
struct GeminiCountRequest: Encodable {
  var generateContentRequest: GeminiRequest
}

struct GeminiCountResponse: Decodable {
  var totalTokens: Int?
}
