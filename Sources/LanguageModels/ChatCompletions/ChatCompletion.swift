import Foundation

/// A chat completion that came with status 200, or a chunk of one from an event stream. It may be
/// an error all the same; OpenAI's names.
struct ChatCompletion: Decodable {
  struct Choice: Decodable {
    private enum CodingKeys: CodingKey {
      case message, delta, finishReason, nativeFinishReason, error
    }

    /// The message, or what a chunk adds to it.
    var content: ChatContent?
    var finishReason: String?
    /// As the provider behind OpenRouter calls it.
    var nativeFinishReason: String?
    var error: ChatError?

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      content =
        try container.decodeIfPresent(ChatContent.self, forKey: .delta)
        ?? container.decodeIfPresent(ChatContent.self, forKey: .message)
      finishReason = container.name(.finishReason)
      nativeFinishReason = container.name(.nativeFinishReason)
      error = container.lenient(.error)
    }
  }

  private enum CodingKeys: CodingKey {
    case id, model, choices, usage, error
  }

  var id: String?
  var model: String?
  var choices: [Choice]?
  var usage: ChatUsage?
  var error: ChatError?

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    id = container.name(.id)
    model = container.name(.model)
    choices = try container.decodeIfPresent([Choice].self, forKey: .choices)
    usage = container.lenient(.usage)
    error = container.lenient(.error)
  }
}

/// What a message of an answer holds, or a chunk adds to it.
struct ChatContent: Decodable {
  private enum CodingKeys: CodingKey {
    case content, refusal, images
  }

  private struct Part: Decodable {
    private enum CodingKeys: CodingKey {
      case type, text, refusal
    }

    /// Empty for what is not for the reader: reasoning, above all.
    var text: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      text =
        switch container.name(.type) {
        case nil, "text", "output_text":
          try container.decodeIfPresent(String.self, forKey: .text) ?? ""
        case "refusal": container.name(.refusal) ?? ""
        default: ""
        }
    }
  }

  private struct Image: Decodable {}

  var text = ""
  /// How many of them.
  var images = 0

  /// The text is a string, or a list of parts of which some are text. Where a model declines, it
  /// says so in another field.
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    images = container.lenient(.images, as: [Image].self)?.count ?? 0
    text =
      try (try? container.decodeIfPresent(String.self, forKey: .content))
      ?? container.decodeIfPresent([Part].self, forKey: .content)?.map(\.text).joined() ?? ""
    text += container.lenient(.refusal, as: String.self) ?? ""
  }
}
