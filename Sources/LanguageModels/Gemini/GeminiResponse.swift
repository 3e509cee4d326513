import Foundation
import Metering

/// An answer of Gemini's, or a part of it from an event stream; Gemini's names. Its enums are open:
/// new values come without notice.
struct GeminiResponse: Decodable {
  struct Candidate: Decodable {
    var content: Content?
    var finishReason: String?
  }

  struct Content: Decodable {
    var parts: [Part]?
  }

  struct Part: Decodable {
    struct InlineData: Decodable {}

    var text: String?
    var thought: Bool?
    var inlineData: InlineData?
  }

  struct PromptFeedback: Decodable {
    var blockReason: String?
  }

  struct Failure: Decodable {}

  var candidates: [Candidate]?
  var promptFeedback: PromptFeedback?
  var usageMetadata: GeminiUsage?
  var modelVersion: String?
  var responseId: String?
  /// What it says is for `GeminiFailure` to read.
  var error: Failure?

  static func read(_ reply: ProviderReply) throws(LanguageModelError) -> GeminiResponse {
    if let events = reply.events { return try sum(of: events) }
    return try decode(reply.body)
  }

  /// Each event of a stream has the form of a whole response: the parts of the text follow each
  /// other, and what is said again, the usage above all, stands for the whole.
  private static func sum(of events: [Data]) throws(LanguageModelError) -> GeminiResponse {
    var whole = GeminiResponse()
    var parts: [Part] = []
    var finishReason: String?
    for event in events {
      let next = try decode(event)
      parts += next.parts
      finishReason = next.candidates?.first?.finishReason ?? finishReason
      whole.promptFeedback = next.promptFeedback ?? whole.promptFeedback
      whole.usageMetadata = next.usageMetadata ?? whole.usageMetadata
      whole.modelVersion = next.modelVersion ?? whole.modelVersion
      whole.responseId = next.responseId ?? whole.responseId
    }
    // There is no other mark of a stream's end.
    guard finishReason != nil || whole.promptFeedback?.blockReason != nil else {
      throw LanguageModelError(
        .connectionLost, requestID: whole.responseId, mayHaveCost: true)
    }
    whole.candidates = [Candidate(content: Content(parts: parts), finishReason: finishReason)]
    return whole
  }

  private static func decode(_ json: Data) throws(LanguageModelError) -> GeminiResponse {
    if let response = try? JSONDecoder().decode(GeminiResponse.self, from: json),
      response.error == nil
    {
      return response
    }
    throw GeminiFailure(inSuccess: json)?.error
      ?? LanguageModelError(.answerMalformed, mayHaveCost: true)
  }

  /// - Parameter model: The one asked for.
  func answer(
    to prompt: Prompt, _ model: String, _ reply: ProviderReply
  ) throws(LanguageModelError) -> Answer {
    let usage = usageMetadata?.normalised(
      images: images, outputCap: prompt.maximumOutputTokens)
    guard text.hasVisibleText else {
      throw LanguageModelError(
        reasonForSilence, usage: usage, requestID: responseId, mayHaveCost: usage == nil)
    }
    // Nobody can be charged for what isn't metered, and no prompt takes no tokens.
    guard let usage, usage.inputTokens > 0 else {
      throw LanguageModelError(.answerMalformed, requestID: responseId, mayHaveCost: true)
    }
    return Answer(
      text: text, usage: usage, isCutOff: candidates?.first?.finishReason == "MAX_TOKENS",
      model: modelVersion ?? model, requestID: responseId, keyIdentifier: reply.keyIdentifier,
      responseTime: reply.responseTime)
  }

  private var parts: [Part] { candidates?.first?.content?.parts ?? [] }

  private var text: String {
    parts.filter { $0.thought != true }.compactMap(\.text).joined()
  }

  private var images: Int {
    parts.count { $0.inlineData != nil }
  }

  private var reasonForSilence: LanguageModelError.Reason {
    if let blockReason = promptFeedback?.blockReason { return .blocked(codeWord: blockReason) }
    guard let candidates else {
      // Not even an empty answer: this is some other JSON.
      return usageMetadata == nil ? .answerMalformed : .emptyAnswer
    }
    let finishReason = candidates.first?.finishReason ?? ""
    let isBlock = Self.blockMarks.contains { finishReason.contains($0) }
    return isBlock ? .blocked(codeWord: finishReason) : .emptyAnswer
  }

  /// What the finish reasons that withhold an answer have in their names, among them
  /// `IMAGE_SAFETY` and `IMAGE_PROHIBITED_CONTENT`.
  private static let blockMarks = [
    "SAFETY", "RECITATION", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "LANGUAGE",
  ]
}
