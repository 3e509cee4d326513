import Foundation

/// A chat completion that came with status 200, or a chunk of one from an event stream. It may be
/// an error all the same; OpenAI's names.
struct ChatCompletion<Form: ChatForm>: Decodable {
  struct Choice: Decodable {
    var message: ChatContent?
    /// In the place of `message`, what a chunk adds to it.
    var delta: ChatContent?
    var finishReason: String?
    var error: ChatError?
  }

  var id: String?
  var model: String?
  var choices: [Choice]?
  var usage: Form.Usage?
  var error: ChatError?

  static func read(_ reply: ProviderReply) throws(LanguageModelError) -> ChatCompletion {
    if let events = reply.events { return try sum(of: events) }
    return try decode(reply.body)
  }

  /// Each chunk of a stream adds to the text. The usage comes with the last of them; what is told
  /// of it earlier is a part.
  private static func sum(of chunks: [Data]) throws(LanguageModelError) -> ChatCompletion {
    var whole = ChatCompletion()
    var choice = Choice()
    var content = ChatContent()
    for chunk in chunks where chunk != endMark {
      let next = try decode(chunk)
      let piece = next.choices?.first
      if let added = piece?.delta ?? piece?.message { content.add(added) }
      if let reason = piece?.finishReason, !reason.isEmpty { choice.finishReason = reason }
      choice.error = choice.error ?? piece?.error
      whole.id = whole.id ?? next.id
      whole.model = next.model ?? whole.model
      whole.usage = next.usage ?? whole.usage
      whole.error = whole.error ?? next.error
    }
    choice.message = content
    whole.choices = [choice]
    // Without a reason for its end it has broken off, whatever usage it has told by then.
    guard choice.finishReason != nil || whole.failure != nil else {
      throw LanguageModelError(.connectionLost, requestID: whole.id, mayHaveCost: true)
    }
    return whole
  }

  private static func decode(_ json: Data) throws(LanguageModelError) -> ChatCompletion {
    do {
      return try JSONDecoder.snakeCase.decode(ChatCompletion.self, from: json)
    } catch {
      throw LanguageModelError(.answerMalformed, mayHaveCost: true)
    }
  }

  /// - Parameter model: The one asked for.
  func answer(
    to model: String, _ reply: ProviderReply
  ) throws(LanguageModelError) -> Answer {
    let choice = choices?.first
    let requestID = reply.requestID ?? id
    if let failure { throw Form.error(ChatFailure(inSuccess: failure, reply.retryAfter)) }
    let text = choice?.message?.text ?? ""
    guard let usage = usage?.normalised(images: choice?.message?.images ?? 0) else {
      throw LanguageModelError(.answerMalformed, requestID: requestID, mayHaveCost: true)
    }
    // DeepSeek's word for an answer that breaks off in the middle.
    if choice?.finishReason == "insufficient_system_resource" {
      throw LanguageModelError(.providerOverloaded, usage: usage, requestID: requestID)
    }
    guard text.hasVisibleText else {
      throw LanguageModelError(
        choice?.finishReason == "content_filter"
          ? .blocked(codeWord: "content_filter") : .emptyAnswer,
        usage: usage, requestID: requestID)
    }
    return Answer(
      text: text, usage: usage, isCutOff: choice?.finishReason == "length",
      model: self.model ?? model, requestID: requestID, keyIdentifier: reply.keyIdentifier,
      responseTime: reply.responseTime)
  }

  private var failure: ChatError? {
    let choice = choices?.first
    return error ?? choice?.error ?? (choice?.finishReason == "error" ? ChatError() : nil)
  }
}

/// Says that a stream has ended; it is no JSON.
private let endMark = Data("[DONE]".utf8)

/// What a message of an answer holds, or a chunk adds to it.
struct ChatContent: Decodable {
  private enum CodingKeys: CodingKey {
    case content, images
  }

  private struct Part: Decodable {
    var text: String?
  }

  private struct Image: Decodable {}

  var text = ""
  /// How many of them.
  var images = 0

  init() {}

  /// The text is a string, or a list of parts of which some are text.
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    images = try container.decodeIfPresent([Image].self, forKey: .images)?.count ?? 0
    text =
      try (try? container.decodeIfPresent(String.self, forKey: .content))
      ?? container.decodeIfPresent([Part].self, forKey: .content)?.compactMap(\.text).joined() ?? ""
  }

  mutating func add(_ other: ChatContent) {
    text += other.text
    images += other.images
  }
}

extension JSONDecoder {
  static var snakeCase: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }
}
