import Foundation

/// What a provider says to a key, asked for something that is free.
package struct KeyCheck: Sendable {
  /// At most the last four characters of the key, as in `…abcd`.
  package var keyIdentifier: String
  package var failure: LanguageModelError?

  static let deadline = Duration.seconds(10)
}

extension GeminiModel {
  /// Lists one model with each key (ai.google.dev/api/models).
  package func checkKeys() async -> [KeyCheck] {
    await api.checkKeys("/v1beta/models?pageSize=1") { reply throws(LanguageModelError) in
      guard reply.isSuccess else { throw GeminiFailure(reply).error }
    }
  }
}

extension OpenRouterModel {
  private struct Info: Decodable {
    struct Limits: Decodable {
      /// In US dollars; null where the key has no limit.
      var limitRemaining: Double?
    }
    var data: Limits
  }

  /// Has OpenRouter describe each key (openrouter.ai/docs/api-reference, limits).
  package func checkKeys() async -> [KeyCheck] {
    await api.checkKeys("/key") { reply throws(LanguageModelError) in
      guard reply.isSuccess else { throw OpenRouterForm.error(ChatFailure(reply)) }
      guard let info = try? JSONDecoder.snakeCase.decode(Info.self, from: reply.body) else {
        throw LanguageModelError(.answerMalformed)
      }
      if let left = info.data.limitRemaining, left <= 0 {
        throw LanguageModelError(.providerOutOfFunds)
      }
    }
  }
}
