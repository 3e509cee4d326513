import Foundation
package import HTTPTransport
package import Metering
import Synchronization

/// The chat completions of a server that speaks as OpenAI's does
/// (platform.openai.com/docs/api-reference/chat).
package final class OpenAICompatibleModel: LanguageModel {
  private let api: ProviderAPI
  /// Of the models that have refused some.
  private let fields = Mutex<[String: OpenAICompatibleRequest.Fields]>([:])

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

  /// Nothing can be looked up by a request's id, so that nobody needs it before the answer. A
  /// server that refuses a field by its name, which is free, is asked once more without it, and
  /// never again with it.
  package func stream(_ prompt: Prompt, model: String) -> AnswerStream {
    AnswerStream { feed throws(LanguageModelError) in try await self.ask(prompt, model, feed) }
  }

  private func ask(
    _ prompt: Prompt, _ model: String, _ feed: AnswerFeed
  ) async throws(LanguageModelError) -> Answer {
    let start = ContinuousClock.now
    while true {
      var taken = fields.withLock { $0[model] ?? OpenAICompatibleRequest.Fields() }
      let request = ProviderAPI.Request(
        method: .post, path: "/chat/completions",
        body: OpenAICompatibleRequest(prompt, model: model, taken), isBilled: true)
      let reader = ChatReader(OpenAICompatibleForm.self)
      let answer = try await api.answer(request, begunAt: start, feed: feed, reader: reader) {
        reply, received async throws(LanguageModelError) -> Answer? in
        guard !reply.isSuccess else { return try received().answer(to: prompt, model, reply) }
        let error = OpenAICompatibleForm.error(ChatFailure(reply)).lookingForLength(in: reply.body)
        guard error.reason == .refusedRequest(status: 400), taken.leaveOut(refusedBy: reply)
        else { throw error }
        return nil
      }
      if let answer { return answer }
      fields.withLock { $0[model] = taken }
    }
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
