import Foundation
package import HTTPTransport
package import Metering

/// Google's Gemini API, `v1beta`, over REST (ai.google.dev/api/generate-content).
package struct GeminiModel: LanguageModel {
  let api: ProviderAPI

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

  package func answer(
    _ prompt: Prompt, model: String, onRequestID: @Sendable (String) async -> Void
  ) async throws(LanguageModelError) -> Answer {
    let request = ProviderAPI.Request(
      method: .post, path: path(model, "streamGenerateContent?alt=sse"),
      body: GeminiRequest(
        prompt,
        generationConfig: GeminiRequest.GenerationConfig(
          maxOutputTokens: prompt.maximumOutputTokens)),
      isBilled: true)
    return try await api.call(request) { reply async throws(LanguageModelError) -> Answer in
      guard reply.isSuccess else { throw GeminiFailure(reply).error }
      let answer = try GeminiResponse.read(reply, outputCap: prompt.maximumOutputTokens)
        .answer(to: prompt, model, reply)
      if let id = answer.requestID { await onRequestID(id) }
      return answer
    }
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
      return count
    }
  }

  /// Gemini has no look-up by request.
  package func usage(ofRequest id: String) async throws(LanguageModelError) -> TokenUsage? {
    nil
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
