import Metering

/// What providers of chat completions in OpenAI's form differ in.
protocol ChatForm {
  /// What it counts and charges for, where it tells anything of it.
  static func usage(_ told: ChatUsage, images: Int) -> TokenUsage

  /// What an error of the provider's means.
  static func error(_ failure: ChatFailure) -> LanguageModelError
}

/// One message of a request.
struct ChatMessage: Encodable {
  /// A text, or texts of which some are marked as ends of what is to be kept.
  enum Content: Encodable {
    case text(String)
    case parts([Part])

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .text(let text): try container.encode(text)
      case .parts(let parts): try container.encode(parts)
      }
    }
  }

  struct Part: Encodable {
    struct CacheControl: Encodable {
      /// For five minutes.
      var type = "ephemeral"
    }

    enum CodingKeys: String, CodingKey {
      case type, text
      case cacheControl = "cache_control"
    }

    var type = "text"
    var text: String
    var cacheControl: CacheControl?
  }

  var role: String
  var content: Content

  /// More marks are refused (docs.claude.com, "Prompt caching").
  private static let mostMarks = 4

  /// - Parameter marksCache: Whether the provider is told what to keep: the system prompt, and the
  ///   beginnings of the last messages that have one. A prompt without such beginnings asks for
  ///   nothing, as keeping it costs more than reading it once.
  static func all(of prompt: Prompt, marksCache: Bool = false) -> [ChatMessage] {
    let stable = prompt.messages.indices.filter { !prompt.messages[$0].stable.isEmpty }
    let marked = marksCache ? stable.suffix(mostMarks - 1) : []
    let system =
      prompt.system.isEmpty
      ? []
      : [
        ChatMessage(role: "system", content: content(prompt.system, isMarked: !marked.isEmpty))
      ]
    return system
      + prompt.messages.enumerated().map { index, message in
        ChatMessage(
          role: message.role == .user ? "user" : "assistant",
          content: marked.contains(index)
            ? content(message.stable, isMarked: true, message.rest) : .text(message.text))
      }
  }

  /// A provider may refuse a part without text.
  private static func content(
    _ text: String, isMarked: Bool, _ rest: String = ""
  ) -> Content {
    guard isMarked else { return .text(text) }
    let marked = Part(text: text, cacheControl: .init())
    return .parts(rest.isEmpty ? [marked] : [marked, Part(text: rest)])
  }
}
