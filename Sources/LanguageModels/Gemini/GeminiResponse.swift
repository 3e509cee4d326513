import Foundation

/// A response of `generateContent` with status 200; Gemini's names. Its enums are open: new values
/// come without notice.
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

  var candidates: [Candidate]?
  var promptFeedback: PromptFeedback?
  var usageMetadata: GeminiUsage?
  var modelVersion: String?
  var responseId: String?

  static func read(_ reply: ProviderReply) throws(LanguageModelError) -> GeminiResponse {
    do {
      return try JSONDecoder().decode(GeminiResponse.self, from: reply.body)
    } catch {
      throw LanguageModelError(.answerMalformed, mayHaveCost: true)
    }
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
