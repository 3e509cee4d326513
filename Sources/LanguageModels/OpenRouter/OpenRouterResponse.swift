import Foundation

/// A chat completion that came with status 200, or a chunk of one from an event stream. It may be
/// an error all the same; OpenRouter's names.
struct OpenRouterResponse: Decodable {
  struct Choice: Decodable {
    var message: Message?
    /// In the place of `message`, what a chunk adds to it.
    var delta: Message?
    var finishReason: String?
    var error: OpenRouterFailure.Details?
  }

  struct Message: Decodable {
    struct Image: Decodable {}

    var content: Content?
    var images: [Image]?
  }

  /// A string, or a list of parts of which some are text.
  struct Content: Decodable {
    private struct Part: Decodable {
      var text: String?
    }

    var text: String

    init(text: String) {
      self.text = text
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      text =
        try (try? container.decode(String.self))
        ?? container.decode([Part].self).compactMap(\.text).joined()
    }
  }

  var id: String?
  var model: String?
  var choices: [Choice]?
  var usage: OpenRouterUsage?
  var error: OpenRouterFailure.Details?

  /// Says that a stream has ended; it is no JSON.
  private static let endMark = Data("[DONE]".utf8)

  static func read(_ reply: ProviderReply) throws(LanguageModelError) -> OpenRouterResponse {
    if let events = reply.events { return try sum(of: events) }
    return try decode(reply.body)
  }

  /// Each chunk of a stream adds to the text. The usage comes with the last of them; what is told
  /// of it earlier is a part.
  private static func sum(of chunks: [Data]) throws(LanguageModelError) -> OpenRouterResponse {
    var whole = OpenRouterResponse()
    var choice = Choice()
    var (text, images): (String, [Message.Image]) = ("", [])
    for chunk in chunks where chunk != endMark {
      let next = try decode(chunk)
      let piece = next.choices?.first
      let message = piece?.delta ?? piece?.message
      text += message?.content?.text ?? ""
      images += message?.images ?? []
      choice.finishReason = piece?.finishReason ?? choice.finishReason
      choice.error = choice.error ?? piece?.error
      whole.id = whole.id ?? next.id
      whole.model = next.model ?? whole.model
      whole.usage = next.usage ?? whole.usage
      whole.error = whole.error ?? next.error
    }
    choice.message = Message(content: Content(text: text), images: images)
    whole.choices = [choice]
    // Without a reason for its end it has broken off, whatever usage it has told by then.
    guard choice.finishReason != nil || whole.failure != nil else {
      throw LanguageModelError(.connectionLost, requestID: whole.id, mayHaveCost: true)
    }
    return whole
  }

  private static func decode(_ json: Data) throws(LanguageModelError) -> OpenRouterResponse {
    do {
      return try JSONDecoder.openRouter.decode(OpenRouterResponse.self, from: json)
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
    if let failure { throw OpenRouterFailure(failure, reply.retryAfter).error }
    let text = choice?.message?.content?.text ?? ""
    guard let usage = usage?.normalised(images: choice?.message?.images?.count ?? 0) else {
      throw LanguageModelError(.answerMalformed, requestID: requestID, mayHaveCost: true)
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

  private var failure: OpenRouterFailure.Details? {
    let choice = choices?.first
    return error ?? choice?.error
      ?? (choice?.finishReason == "error" ? OpenRouterFailure.Details() : nil)
  }
}

extension JSONDecoder {
  static var openRouter: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }
}
