import Synchronization

/// What is known of a provider's models: whether one answers by a JSON Schema.
final class SchemaModels: Sendable {
  private let known = Mutex<[String: Bool]>([:])
  private let unlessKnown: Bool

  /// - Parameter unlessKnown: Whether a model does of which nothing is known.
  init(unlessKnown: Bool) {
    self.unlessKnown = unlessKnown
  }

  /// `nil` for a model of which nothing is known.
  subscript(model: String) -> Bool? {
    get { known.withLock { $0[model] } }
    set { known.withLock { $0[model] = newValue } }
  }

  /// Asks with the prompt's schema if the model takes one. A refusal is free, and need not name
  /// what it does not like, so once more without: if that is answered, it was the schema.
  func answer(
    to prompt: Prompt, by model: String,
    ask: (Prompt) async throws(LanguageModelError) -> Answer
  ) async throws(LanguageModelError) -> Answer {
    guard prompt.schema != nil else { return try await ask(prompt) }
    var plain = prompt
    plain.schema = nil
    guard self[model] ?? unlessKnown else { return try await ask(plain) }
    do {
      return try await ask(prompt)
    } catch {
      guard !error.isFinal, Self.refusals.contains(error.reason) else { throw error }
    }
    let answer = try await ask(plain)
    self[model] = false
    return answer
  }

  private static let refusals: [LanguageModelError.Reason] = [
    .refusedRequest(status: 400), .refusedRequest(status: 422),
  ]
}
