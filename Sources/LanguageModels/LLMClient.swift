package import Metering

/// All the models that can be called, whoever runs them.
package struct LLMClient: Sendable {
  private let models: [ModelProvider: any LanguageModel]

  /// - Parameter models: The providers that are set up, each by its client.
  package init(_ models: [ModelProvider: any LanguageModel]) {
    self.models = models
  }

  package func canCall(_ provider: ModelProvider) -> Bool {
    models[provider] != nil
  }

  /// An answer, piece by piece.
  ///
  /// - Throws: `modelUnknown` if the provider is not set up.
  package func stream(
    _ prompt: Prompt, model: ModelID
  ) throws(LanguageModelError) -> AnswerStream {
    try client(model.provider).stream(prompt, model: model.name)
  }

  /// The answer as a whole, for whoever needs no pieces.
  ///
  /// - Throws: `modelUnknown` if the provider is not set up, and what `LanguageModel` throws.
  package func answer(
    _ prompt: Prompt,
    model: ModelID,
    onRequestID: (String) async -> Void = { _ in }
  ) async throws(LanguageModelError) -> Answer {
    try await stream(prompt, model: model).collected(onRequestID: onRequestID)
  }

  package func countTokens(
    _ prompt: Prompt, model: ModelID
  ) async throws(LanguageModelError) -> Int? {
    try await client(model.provider).countTokens(prompt, model: model.name)
  }

  package func usage(
    ofRequest id: String, provider: ModelProvider
  ) async throws(LanguageModelError) -> TokenUsage? {
    try await client(provider).usage(ofRequest: id)
  }

  /// Whether the provider can be asked for the usage of an earlier request.
  package func looksUpUsage(_ provider: ModelProvider) -> Bool {
    models[provider]?.looksUpUsage ?? false
  }

  package func takesThinkingBudget(_ model: ModelID) -> Bool {
    models[model.provider]?.takesThinkingBudget(model.name) ?? false
  }

  /// Has the providers of those models say what they take. What was known stays where one fails.
  ///
  /// - Throws: The last failure.
  package func learn(about names: Set<ModelID>) async throws(LanguageModelError) {
    var failure: LanguageModelError?
    for (provider, client) in models {
      let names = names.filter { $0.provider == provider }.map(\.name).sorted()
      guard !names.isEmpty else { continue }
      do throws(LanguageModelError) { try await client.learn(about: names) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  private func client(_ provider: ModelProvider) throws(LanguageModelError) -> any LanguageModel {
    guard let client = models[provider] else { throw LanguageModelError(.modelUnknown) }
    return client
  }
}
