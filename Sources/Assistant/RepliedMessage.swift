import LanguageModels

/// The message that a question replies to, or the part of it that was quoted. It goes along to the
/// model, marked as what it is.
package struct RepliedMessage: Sendable, Equatable {
  package enum Author: Sendable {
    case bot
    case asker
    case somebodyElse
  }

  package var text: String
  package var author: Author

  package init(_ text: String, by author: Author) {
    self.text = author == .bot ? AnswerFooter.removed(from: text) : text
    self.author = author
  }

  /// So much of a message that the model has before it anyway says which one is meant.
  private static let excerptLength = 100

  /// The words of a question with what they reply to. A message that is among `context` is only
  /// pointed at, and the last of them not even that: it is what one replies to without saying so.
  func question(_ words: String, after context: [Prompt.Message]) -> String {
    let essence = Self.essence(of: text)
    guard !essence.isEmpty else { return words }
    if let last = context.last, Self.essence(of: last.text) == essence, !words.isEmpty {
      return words
    }
    let isKnown = context.contains { Self.essence(of: $0.text).contains(essence) }
    let head =
      isKnown
      ? "\(Self.head)\(owner), where it says:)\n" + quoted(excerpt)
      : "\(Self.head)\(owner):)\n" + quoted(text)
    return words.isEmpty ? head : head + "\n\n" + words
  }

  private static let head = "(In reply to "

  /// The words of such a question alone; where it is nothing but a message, that one.
  package static func words(of question: String) -> String {
    let lines = question.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    guard let first = lines.first, first.hasPrefix(head), first.hasSuffix(":)") else {
      return question
    }
    let quoted = lines.dropFirst().prefix { $0.hasPrefix(">") }
    let words = lines.dropFirst(1 + quoted.count).filter { !$0.isEmpty }
    return (words.isEmpty ? quoted.map { $0.dropFirst(2) } : Array(words)).joined(separator: "\n")
  }

  private var owner: String {
    switch author {
    case .bot: "this message of yours"
    case .asker: "this earlier message of mine"
    case .somebodyElse: "this message, which somebody else wrote"
    }
  }

  private var excerpt: String {
    let text = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return text.count <= Self.excerptLength ? text : text.prefix(Self.excerptLength) + "…"
  }

  /// As mail quotes: no line of it can pass for the asker's.
  private func quoted(_ text: some StringProtocol) -> String {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map { $0.isEmpty ? ">" : "> \($0)" }.joined(separator: "\n")
  }

  /// Telegram trims what it shows, and a long answer is cut between lines.
  private static func essence(of text: String) -> String { text.filter { !$0.isWhitespace } }
}
