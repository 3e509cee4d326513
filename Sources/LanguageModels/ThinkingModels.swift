import Synchronization

/// What is known of a provider's models: whether one takes a bounded budget for its thinking.
final class ThinkingModels: Sendable {
  private let known = Mutex<[String: Bool]>([:])

  /// `nil` for a model of which the provider's list has not been read.
  subscript(model: String) -> Bool? {
    get { known.withLock { $0[model] } }
    set { known.withLock { $0[model] = newValue } }
  }

  /// Asks with the budget if the model takes one; once more without it if it refuses it after all,
  /// which is free.
  ///
  /// - Parameter ask: `nil` if the model refuses the field.
  func answer<Budget>(
    by model: String, within budget: Budget?,
    ask: (Budget?) async throws(LanguageModelError) -> Answer?
  ) async throws(LanguageModelError) -> Answer {
    if let budget, self[model] == true {
      if let answer = try await ask(budget) { return answer }
      self[model] = false
    }
    guard let answer = try await ask(nil) else {
      throw LanguageModelError(.refusedRequest(status: 400))
    }
    return answer
  }
}
