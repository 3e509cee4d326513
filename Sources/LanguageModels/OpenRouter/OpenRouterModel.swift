import Foundation
package import HTTPTransport
package import Metering

/// OpenRouter's chat completions (openrouter.ai/docs/api-reference).
package struct OpenRouterModel: LanguageModel {
  let api: ProviderAPI

  /// - Parameters:
  ///   - baseURL: As in `https://openrouter.ai/api/v1`.
  ///   - timeout: For one call, however many keys it tries.
  package init(
    transport: HTTPTransport, baseURL: String, keys: KeyRing, timeout: Duration = .seconds(180)
  ) {
    api = ProviderAPI(
      transport: transport, baseURL: baseURL, keys: keys, timeout: timeout,
      keyHeader: ProviderAPI.bearer, requestIDHeader: "X-Generation-Id")
  }

  package func answer(
    _ prompt: Prompt, model: String, onRequestID: @Sendable (String) async -> Void
  ) async throws(LanguageModelError) -> Answer {
    let request = ProviderAPI.Request(
      method: .post, path: "/chat/completions", body: OpenRouterRequest(prompt, model: model),
      isBilled: true)
    return try await api.call(request, onRequestID: onRequestID) {
      reply async throws(LanguageModelError) -> Answer in
      guard reply.isSuccess else { throw OpenRouterForm.error(ChatFailure(reply)) }
      let answer = try ChatCompletion<OpenRouterForm>.read(reply).answer(to: model, reply)
      if reply.requestID == nil, let id = answer.requestID { await onRequestID(id) }
      return answer
    }
  }

  /// OpenRouter counts no tokens ahead of a call.
  package func countTokens(
    _ prompt: Prompt, model: String
  ) async throws(LanguageModelError) -> Int? {
    nil
  }

  /// A generation may take some seconds to be known after it has ended.
  package func usage(ofRequest id: String) async throws(LanguageModelError) -> TokenUsage? {
    let request = ProviderAPI.Request(
      method: .get, path: "/generation?id=\(id.percentEncoded)", isBilled: false)
    return try await api.call(request) { reply async throws(LanguageModelError) -> TokenUsage? in
      if reply.status == 404 { return nil }
      guard reply.isSuccess else { throw OpenRouterForm.error(ChatFailure(reply)) }
      guard let usage = OpenRouterGeneration.read(reply)?.usage else {
        throw LanguageModelError(.answerMalformed)
      }
      return usage
    }
  }

  private struct KeyInfo: Decodable {
    struct Limits: Decodable {
      /// In US dollars; null if the key has no limit.
      var limitRemaining: Double?
    }
    var data: Limits
  }

  /// Has OpenRouter describe each key (openrouter.ai/docs/api-reference, limits).
  package func checkKeys() async -> [KeyCheck] {
    await api.checkKeys("/key") { reply throws(LanguageModelError) in
      guard reply.isSuccess else { throw OpenRouterForm.error(ChatFailure(reply)) }
      guard let info = try? JSONDecoder.snakeCase.decode(KeyInfo.self, from: reply.body) else {
        throw LanguageModelError(.answerMalformed)
      }
      if let left = info.data.limitRemaining, left <= 0 {
        throw LanguageModelError(.providerOutOfFunds)
      }
      return .accepted
    }
  }
}
