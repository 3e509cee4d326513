import Foundation

/// A chat completion that came with status 200, which may still be an error; OpenRouter's names.
struct OpenRouterResponse: Decodable {
  struct Choice: Decodable {
    var message: Message?
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

  static func read(_ reply: ProviderReply) throws(LanguageModelError) -> OpenRouterResponse {
    do {
      return try JSONDecoder.openRouter.decode(OpenRouterResponse.self, from: reply.body)
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
