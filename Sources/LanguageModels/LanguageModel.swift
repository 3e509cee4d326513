package import Metering

/// One interface to every provider: prompt in, answer and token usage out.
package protocol LanguageModel: Sendable {
  /// Asks once, as soon as somebody reads. Only refusals that cost nothing (a key that is at its
  /// limit or rejected) are tried again, with another key, and only before there is any text.
  func stream(_ prompt: Prompt, model: String) -> AnswerStream

  /// The provider's own count of the prompt's tokens, which is free; `nil` if it offers none.
  func countTokens(_ prompt: Prompt, model: String) async throws(LanguageModelError) -> Int?

  /// What an earlier request used and cost, for one whose answer was lost; `nil` if the provider
  /// has no such look-up or does not know the id (yet).
  func usage(ofRequest id: String) async throws(LanguageModelError) -> TokenUsage?

  /// Whether there is such a look-up.
  var looksUpUsage: Bool { get }

  /// Whether the provider's own list says that the model takes a budget for its thinking, and no
  /// call has been refused for one; false as long as nothing is known.
  func takesThinkingBudget(_ model: String) -> Bool

  /// Reads the provider's list, which is free, for `takesThinkingBudget`. What is known is not
  /// asked for again.
  func learn(about models: [String]) async throws(LanguageModelError)

  /// Asks for something free with each key; empty if there is none to check.
  func checkKeys() async -> [KeyCheck]
}

extension LanguageModel {
  /// The answer as a whole, for whoever needs no pieces.
  ///
  /// - Parameter onRequestID: Called as soon as the provider's id of the request is known, at most
  ///   once for each id.
  package func answer(
    _ prompt: Prompt, model: String, onRequestID: (String) async -> Void = { _ in }
  ) async throws(LanguageModelError) -> Answer {
    try await stream(prompt, model: model).collected(onRequestID: onRequestID)
  }

  package var looksUpUsage: Bool { false }

  package func takesThinkingBudget(_ model: String) -> Bool { false }

  /// By default, there is no such list.
  package func learn(about models: [String]) async throws(LanguageModelError) {}
}

extension AnswerStream {
  /// Reads it to its end.
  package func collected(
    onRequestID: (String) async -> Void = { _ in }
  ) async throws(LanguageModelError) -> Answer {
    var iterator = makeAsyncIterator()
    while let piece = try await iterator.next() {
      switch piece {
      case .requestID(let id): await onRequestID(id)
      case .whole(let answer): return answer
      case .text, .usage: break
      }
    }
    throw LanguageModelError(.cancelled)
  }
}
