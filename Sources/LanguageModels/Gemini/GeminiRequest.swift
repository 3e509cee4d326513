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
    contents = prompt.messages.map { message in
      Content(role: message.role == .user ? "user" : "model", parts: [Part(text: message.text)])
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
