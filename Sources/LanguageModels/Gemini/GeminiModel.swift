import Foundation
package import HTTPTransport
package import Metering

/// Google's Gemini API, `v1beta`, over REST (ai.google.dev/api/generate-content).
package struct GeminiModel: LanguageModel {
  let api: ProviderAPI
  private let thinkingModels = ThinkingModels()
  private let schemaModels = SchemaModels(unlessKnown: true)

  /// - Parameters:
  ///   - baseURL: Without a path, as in `https://generativelanguage.googleapis.com`.
  ///   - limits: For one call, however many keys it tries.
  package init(
    transport: HTTPTransport, baseURL: String, keys: KeyRing, limits: CallLimits = CallLimits()
  ) {
    api = ProviderAPI(
      transport: transport, baseURL: baseURL, keys: keys, limits: limits,
      keyHeader: { ("x-goog-api-key", $0) }, requestIDHeader: nil)
  }

  package func stream(_ prompt: Prompt, model: String) -> AnswerStream {
    AnswerStream { feed throws(LanguageModelError) in
      let start = ContinuousClock.now
      return try await schemaModels.answer(to: prompt, by: model) {
        prompt throws(LanguageModelError) in
        try await thinkingModels.answer(
          by: model, within: GeminiRequest.ThinkingConfig(prompt, model)
        ) { thinking throws(LanguageModelError) in
          try await ask(prompt, model, thinking, begunAt: start, feed)
        }
      }
    }
  }

  /// `nil` if the model refuses the field that bounds its thinking, which is free.
  private func ask(
    _ prompt: Prompt, _ model: String, _ thinking: GeminiRequest.ThinkingConfig?,
    begunAt start: ContinuousClock.Instant, _ feed: AnswerFeed
  ) async throws(LanguageModelError) -> Answer? {
    try await api.answer(
      request(prompt, model, thinking), begunAt: start, feed: feed,
      reader: GeminiReader(outputCap: prompt.maximumOutputTokens)
    ) { reply, received async throws(LanguageModelError) -> Answer? in
      guard reply.isSuccess else {
        let error = GeminiFailure(reply).error.lookingForLength(in: reply.body)
        let isOfField =
          thinking != nil && error.reason == .refusedRequest(status: 400)
          && reply.refuses(field: "thinking")
        if isOfField { return nil }
        throw error
      }
      let answer = try received().answer(to: prompt, model, reply)
      if let id = answer.requestID { await feed.tell(requestID: id) }
      return answer
    }
  }

  /// Has a frame of its own, as that of its caller is kept for as long as the call is under way.
  @inline(never)
  private func request(
    _ prompt: Prompt, _ model: String, _ thinking: GeminiRequest.ThinkingConfig?
  ) -> ProviderAPI.Request {
    let config = GeminiRequest.GenerationConfig(prompt, thinkingConfig: thinking)
    return ProviderAPI.Request(
      method: .post, path: path(model, "streamGenerateContent?alt=sse"),
      body: GeminiRequest(prompt, generationConfig: config),
      schema: prompt.schema.map { ("responseJsonSchema", $0) }, isBilled: true)
  }

  package func countTokens(
    _ prompt: Prompt, model: String
  ) async throws(LanguageModelError) -> Int? {
    let request = ProviderAPI.Request(
      method: .post, path: path(model, "countTokens"),
      body: GeminiCountRequest(
        generateContentRequest: GeminiRequest(prompt, model: "models/\(model)")),
      isBilled: false)
    return try await api.call(request) { reply async throws(LanguageModelError) -> Int in
      guard reply.isSuccess else { throw GeminiFailure(reply).error }
      let response = try? JSONDecoder().decode(GeminiCountResponse.self, from: reply.body)
      guard let count = response?.totalTokens, TokenUsage.isSensible(count) else {
        throw LanguageModelError(.answerMalformed)
      }
      return count + prompt.schemaTokenBound
    }
  }

  /// Gemini has no look-up by request.
  package func usage(ofRequest id: String) async throws(LanguageModelError) -> TokenUsage? {
    nil
  }

  package func takesThinkingBudget(_ model: String) -> Bool {
    thinkingModels[model] == true && GeminiRequest.ThinkingConfig.Form(model) != nil
  }

  private struct Model: Decodable {
    var thinking: Bool?
  }

  /// Asks for each of them (ai.google.dev/api/models, "thinking").
  package func learn(about models: [String]) async throws(LanguageModelError) {
    for model in models where thinkingModels[model] == nil {
      let request = ProviderAPI.Request(
        method: .get, path: "/v1beta/models/\(model.percentEncoded)", isBilled: false)
      thinkingModels[model] = try await api.call(request) {
        reply async throws(LanguageModelError) -> Bool? in
        // A server in between may have no such list.
        if reply.status == 404 { return false }
        guard reply.isSuccess else { throw GeminiFailure(reply).error }
        return ProviderJSON.decode(Model.self, from: reply.body)?.thinking ?? false
      }
    }
  }

  /// Lists one model with each key (ai.google.dev/api/models).
  package func checkKeys() async -> [KeyCheck] {
    await api.checkKeys("/v1beta/models?pageSize=1") { reply throws(LanguageModelError) in
      guard reply.isSuccess else { throw GeminiFailure(reply).error }
      return .accepted
    }
  }

  private func path(_ model: String, _ method: String) -> String {
    "/v1beta/models/\(model.percentEncoded):\(method)"
  }
}
