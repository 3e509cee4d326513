import Foundation
package import HTTPTransport
package import Metering
import Synchronization

/// The chat completions of a server that speaks as OpenAI's does
/// (platform.openai.com/docs/api-reference/chat).
package final class OpenAICompatibleModel: LanguageModel {
  private let api: ProviderAPI
  /// The models that have refused `max_tokens`.
  private let modelsOfTheNewCapName = Mutex<Set<String>>([])

  /// - Parameters:
  ///   - baseURL: As in `http://localhost:11434/v1`.
  ///   - limits: For one call, however many keys it tries.
  package init(
    transport: HTTPTransport, baseURL: String, keys: KeyRing, limits: CallLimits = CallLimits()
  ) {
    api = ProviderAPI(
      transport: transport, baseURL: baseURL, keys: keys, limits: limits,
      keyHeader: ProviderAPI.bearer, requestIDHeader: nil)
  }

  /// Nothing can be looked up by a request's id, so that nobody needs it before the answer.
  package func answer(
    _ prompt: Prompt, model: String, onRequestID: @Sendable (String) async -> Void
  ) async throws(LanguageModelError) -> Answer {
    let start = ContinuousClock.now
    if !modelsOfTheNewCapName.withLock({ $0.contains(model) }) {
      let answer = try await api.call(
        Self.request(prompt, model, .maxTokens), begunAt: start
      ) { reply async throws(LanguageModelError) -> Answer? in
        Self.refusesMaxTokens(reply) ? nil : try Self.answer(to: prompt, model, reply)
      }
      if let answer { return answer }
      _ = modelsOfTheNewCapName.withLock { $0.insert(model) }
    }
    return try await api.call(
      Self.request(prompt, model, .maxCompletionTokens), begunAt: start
    ) { reply async throws(LanguageModelError) in try Self.answer(to: prompt, model, reply) }
  }

  private static func request(
    _ prompt: Prompt, _ model: String, _ cap: OpenAICompatibleRequest.CapName
  ) -> ProviderAPI.Request {
    ProviderAPI.Request(
      method: .post, path: "/chat/completions",
      body: OpenAICompatibleRequest(prompt, model: model, cap: cap), isBilled: true)
  }

  /// "Unsupported parameter: 'max_tokens' is not supported with this model. Use
  /// 'max_completion_tokens' instead." It costs nothing.
  private static func refusesMaxTokens(_ reply: ProviderReply) -> Bool {
    reply.status == 400 && reply.body.range(of: Data("max_tokens".utf8)) != nil
      && OpenAICompatibleForm.error(ChatFailure(reply)).reason == .refusedRequest(status: 400)
  }

  private static func answer(
    to prompt: Prompt, _ model: String, _ reply: ProviderReply
  ) throws(LanguageModelError) -> Answer {
    guard reply.isSuccess else { throw OpenAICompatibleForm.error(ChatFailure(reply)) }
    return try ChatCompletion.read(reply, as: OpenAICompatibleForm.self)
      .answer(to: prompt, model, reply)
  }

  /// There is no usual way to count tokens ahead of a call.
  package func countTokens(
    _ prompt: Prompt, model: String
  ) async throws(LanguageModelError) -> Int? {
    nil
  }

  /// Nor to look up what an earlier request used.
  package func usage(ofRequest id: String) async throws(LanguageModelError) -> TokenUsage? {
    nil
  }

  /// Lists the models with each key; not all servers have a list.
  package func checkKeys() async -> [KeyCheck] {
    await api.checkKeys("/models") { reply throws(LanguageModelError) in
      if reply.status == 404 { return .notOffered }
      guard reply.isSuccess else { throw OpenAICompatibleForm.error(ChatFailure(reply)) }
      return .accepted
    }
  }
}
