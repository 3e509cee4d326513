package import Metering

extension ModelProvider {
  /// The built-in stand-in that calls nobody.
  package static let demo: ModelProvider = "demo"
}

/// Stands in if no provider is set up, so that the bot can be tried. It calls nobody, and says
/// so.
package struct DemoModel: LanguageModel {
  /// In characters; enough to recognise one's own message.
  private static let maximumQuoteLength = 200

  package init() {}

  package func answer(
    _ prompt: Prompt, model: String, onRequestID: @Sendable (String) async -> Void
  ) async throws(LanguageModelError) -> Answer {
    let start = ContinuousClock.now
    let full = text(for: prompt)
    let text = Self.cut(full, to: prompt.maximumOutputTokens)
    guard text.hasVisibleText else { throw LanguageModelError(.emptyAnswer) }
    return Answer(
      text: text,
      usage: TokenUsage(
        inputTokens: prompt.inputTokenEstimate,
        outputTokens: Prompt.estimatedTokens(of: text)),
      ending: text == full ? .complete : .lengthLimit, model: model, requestID: nil,
      keyIdentifier: "demo",
      responseTime: start.duration(to: .now))
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

  private func text(for prompt: Prompt) -> String {
    """
    This is the demo: no real model was called, so nobody has thought about this yet.

    \(opening(for: prompt)) A real model would answer here; I can only show how the bot works.

    To get real answers, whoever runs this bot sets \(Self.whatToSet) and starts it again.
    """
  }

  private static var whatToSet: String {
    Provider.all.map { provider in
      let page = provider.keysPage.map { " (\($0.trimmingPrefix("https://")))" } ?? ""
      return provider.essentialSetting + page
    }.joined(separator: ", ", last: " or ")
  }

  private func opening(for prompt: Prompt) -> String {
    let questions = prompt.messages.filter { $0.role == .user }
    let words = questions.last?.text.split(whereSeparator: \.isWhitespace) ?? []
    guard !words.isEmpty else { return "You haven't asked anything yet." }
    let quote = words.joined(separator: " ")
    let shown = quote.prefix(Self.maximumQuoteLength)
    let verb = quote.hasSuffix("?") ? "asked" : "wrote"
    let again = questions.count > 1 ? "This time you" : "You"
    return "\(again) \(verb): “\(shown)\(shown.count < quote.count ? "…" : "")”."
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
