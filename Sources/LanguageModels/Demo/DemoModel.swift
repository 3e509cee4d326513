package import Metering

extension ModelProvider {
  /// The built-in stand-in that calls nobody.
  package static let demo: ModelProvider = "demo"
}

/// Stands in if no provider is set up, so that the bot can be tried. It calls nobody, says so, and
/// takes its time like a model.
package struct DemoModel: LanguageModel {
  /// About a token each 30 ms, as models of middle size write.
  package static let pace: Duration = .milliseconds(30)

  private let pause: Duration

  /// - Parameter pause: Between two words; without one, all of them are there at once.
  package init(pause: Duration = .zero) {
    self.pause = pause
  }

  package func stream(_ prompt: Prompt, model: String) -> AnswerStream {
    AnswerStream { feed throws(LanguageModelError) in
      let start = ContinuousClock.now
      let full = DemoText.answer(to: prompt)
      let text = Self.cut(full, to: prompt.maximumOutputTokens)
      guard text.hasVisibleText else { throw LanguageModelError(.emptyAnswer) }
      let shown = try await show(text, feed)
      let isStopped = shown.utf8.count < text.utf8.count
      return Answer(
        text: shown,
        usage: TokenUsage(
          inputTokens: prompt.inputTokenEstimate,
          outputTokens: Prompt.estimatedTokens(of: shown)),
        ending: isStopped ? .stopped : text == full ? .complete : .lengthLimit, model: model,
        requestID: nil, keyIdentifier: "demo", responseTime: start.duration(to: .now))
    }
  }

  /// Word by word.
  ///
  /// - Returns: The text, or as much of it as was shown before somebody stopped it.
  private func show(
    _ text: String, _ feed: AnswerFeed
  ) async throws(LanguageModelError) -> String {
    var rest = text[...]
    while !rest.isEmpty {
      if Task.isCancelled {
        let shown = String(text[..<rest.startIndex])
        guard feed.isStopped, shown.hasVisibleText else { throw LanguageModelError(.cancelled) }
        return shown
      }
      let word = rest.prefix { !$0.isWhitespace }
      let space = rest[word.endIndex...].prefix(while: \.isWhitespace)
      feed.tell(text: String(rest[..<space.endIndex]))
      rest = rest[space.endIndex...]
      // Cancelled, it returns at once, and that is seen above.
      if pause > .zero, !rest.isEmpty { try? await Task.sleep(for: pause) }
    }
    return text
  }

  package func countTokens(
    _ prompt: Prompt, model: String
  ) async throws(LanguageModelError) -> Int? {
    prompt.inputTokenEstimate
  }

  package func usage(ofRequest id: String) async throws(LanguageModelError) -> TokenUsage? {
    nil
  }

  package func checkKeys() async -> [KeyCheck] {
    []
  }

  /// Whole characters of at most `tokens` tokens, by the same count as the usage.
  private static func cut(_ text: String, to tokens: Int) -> String {
    guard Prompt.estimatedTokens(of: text) > tokens else { return text }
    var bytes = 0
    let kept = text.prefix { character in
      bytes += character.utf8.count
      return bytes <= tokens * 4
    }
    return String(kept)
  }
}
