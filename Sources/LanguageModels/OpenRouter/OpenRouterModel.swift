import Foundation
package import HTTPTransport
package import Metering

/// OpenRouter's chat completions (openrouter.ai/docs/api-reference).
package struct OpenRouterModel: LanguageModel {
  let api: ProviderAPI
  private let thinkingModels = ThinkingModels()
  private let schemaModels = SchemaModels(unlessKnown: false)

  /// - Parameters:
  ///   - baseURL: As in `https://openrouter.ai/api/v1`.
  ///   - limits: For one call, however many keys it tries.
  package init(
    transport: HTTPTransport, baseURL: String, keys: KeyRing, limits: CallLimits = CallLimits()
  ) {
    api = ProviderAPI(
      transport: transport, baseURL: baseURL, keys: keys, limits: limits,
      keyHeader: ProviderAPI.bearer, requestIDHeader: "X-Generation-Id")
  }

  package func stream(_ prompt: Prompt, model: String) -> AnswerStream {
    AnswerStream { feed throws(LanguageModelError) in
      let start = ContinuousClock.now
      return try await schemaModels.answer(to: prompt, by: model) {
        prompt throws(LanguageModelError) in
        try await thinkingModels.answer(by: model, within: prompt.thinkingBudget) {
          budget throws(LanguageModelError) in
          try await ask(prompt, model, budget, begunAt: start, feed)
        }
      }
    }
  }

  /// `nil` if the model refuses the field that bounds its thinking, which is free.
  private func ask(
    _ prompt: Prompt, _ model: String, _ thinkingBudget: Int?,
    begunAt start: ContinuousClock.Instant, _ feed: AnswerFeed
  ) async throws(LanguageModelError) -> Answer? {
    let request = ProviderAPI.Request(
      method: .post, path: "/chat/completions",
      body: OpenRouterRequest(prompt, model: model, thinkingBudget: thinkingBudget),
      schema: prompt.schema.map { ("schema", $0) }, isBilled: true)
    let reader = ChatReader(OpenRouterForm.self)
    return try await api.answer(request, begunAt: start, feed: feed, reader: reader) {
      reply, received async throws(LanguageModelError) -> Answer? in
      guard reply.isSuccess else {
        let error = OpenRouterForm.error(ChatFailure(reply)).lookingForLength(in: reply.body)
        let isOfField =
          thinkingBudget != nil && error.reason == .refusedRequest(status: 400)
          && reply.refuses(field: "reasoning")
        if isOfField { return nil }
        throw error
      }
      let received = received()
      let id = reply.requestID ?? received.requestID?.asProvidersName
      if reply.requestID == nil, let id { await feed.tell(requestID: id) }
      return try await answer(received, to: prompt, model, reply, id)
    }
  }

  private func answer(
    _ received: ReceivedAnswer, to prompt: Prompt, _ model: String, _ reply: ProviderReply,
    _ id: String?
  ) async throws(LanguageModelError) -> Answer {
    do throws(LanguageModelError) {
      var answer = try received.answer(to: prompt, model, reply)
      if answer.usageIsEstimate, let usage = await lookUp(id) {
        (answer.usage, answer.usageIsEstimate) = (usage, false)
      }
      return answer
    } catch {
      var failure = error
      if error.mayHaveCost, error.usage == nil || error.usageIsEstimate,
        let usage = await lookUp(id)
      {
        (failure.usage, failure.usageIsEstimate) = (usage, false)
      }
      throw failure
    }
  }

  /// What a call of which not all was told has used, as soon as the provider knows. Who stops it
  /// does not wait for that: it is looked up later.
  private func lookUp(_ id: String?) async -> TokenUsage? {
    guard let id, !Task.isCancelled else { return nil }
    for pause in [.zero] + api.limits.lookUpPauses {
      if pause > .zero { try? await Task.sleep(for: pause) }
      do throws(LanguageModelError) {
        let usage = try await usage(ofRequest: id)
        if let usage, usage.tellsOfAnswer { return usage }
      } catch {
        // It may know the call, and not yet what it used.
        guard error.reason == .answerMalformed else { return nil }
      }
    }
    return nil
  }

  /// OpenRouter counts no tokens ahead of a call.
  package func countTokens(
    _ prompt: Prompt, model: String
  ) async throws(LanguageModelError) -> Int? {
    nil
  }

  package var looksUpUsage: Bool { true }

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

  package func takesThinkingBudget(_ model: String) -> Bool {
    thinkingModels[model] == true
  }

  package func learn(about models: [String]) async throws(LanguageModelError) {
    let models = models.filter { thinkingModels[$0] == nil }
    guard !models.isEmpty else { return }
    let catalog = OpenRouterCatalog(transport: api.transport, baseURL: api.baseURL)
    let listed = try await catalog.parameters()
    for model in models {
      thinkingModels[model] = listed[model]?.reasoning ?? false
      schemaModels[model] = listed[model]?.schema ?? false
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
