import Foundation
import Metering

/// An answer of Gemini's, or a part of it from an event stream; Gemini's names. Its enums are open:
/// new values come without notice.
struct GeminiResponse: Decodable {
  struct Candidate: Decodable {
    var content: Content?
    var finishReason: String?

    private enum CodingKeys: CodingKey {
      case content, finishReason
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      content = try container.decodeIfPresent(Content.self, forKey: .content)
      finishReason = container.name(.finishReason)
    }
  }

  struct Content: Decodable {
    var parts: [Part]?
  }

  struct Part: Decodable {
    struct InlineData: Decodable {}

    var text: String?
    var isThought: Bool
    var isImage: Bool

    private enum CodingKeys: CodingKey {
      case text, thought, inlineData
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      text = try container.decodeIfPresent(String.self, forKey: .text)
      isThought = container.lenient(.thought, as: Bool.self) ?? (container.name(.thought) == "true")
      isImage = container.lenient(.inlineData, as: InlineData.self) != nil
    }
  }

  private struct PromptFeedback: Decodable {
    var blockReason: String?
  }

  private struct Failure: Decodable {}

  private enum CodingKeys: CodingKey {
    case candidates, promptFeedback, usageMetadata, modelVersion, responseId, error
  }

  var candidates: [Candidate]?
  var blockReason: String?
  var usageMetadata: GeminiUsage?
  var modelVersion: String?
  var responseId: String?
  /// What the error says is for `GeminiFailure` to read.
  var isError: Bool

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    candidates = try container.decodeIfPresent([Candidate].self, forKey: .candidates)
    blockReason = container.lenient(.promptFeedback, as: PromptFeedback.self)?.blockReason
    usageMetadata = container.lenient(.usageMetadata)
    modelVersion = container.name(.modelVersion)
    responseId = container.name(.responseId)
    isError = container.lenient(.error, as: Failure.self) != nil
  }

  /// Each event of a stream has the form of a whole response: the parts of the text follow each
  /// other, and what is said again, the usage above all, stands for the whole.
  ///
  /// - Parameter outputCap: The `maxOutputTokens` of the request.
  static func read(_ reply: ProviderReply, outputCap: Int) -> ReceivedAnswer {
    var whole = ReceivedAnswer()
    var usage: GeminiUsage?
    var images = 0
    let (pieces, isStream) = reply.pieces
    for piece in pieces {
      guard let next = ProviderJSON.decode(GeminiResponse.self, from: piece), !next.isError else {
        let failure = GeminiFailure(inSuccess: piece)?.error.lookingForLength(in: piece)
        whole.failure = whole.failure ?? failure
        if failure == nil { whole.isUnreadable = true }
        continue
      }
      let candidate = next.candidates?.first
      let parts = candidate?.content?.parts ?? []
      whole.text += parts.filter { !$0.isThought }.compactMap(\.text).joined()
      images += parts.count(where: \.isImage)
      whole.endWord = candidate?.finishReason ?? whole.endWord
      whole.promptBlock = next.blockReason ?? whole.promptBlock
      whole.model = next.modelVersion ?? whole.model
      whole.requestID = whole.requestID ?? next.responseId
      if let told = next.usageMetadata { usage = usage?.raised(to: told) ?? told }
    }
    whole.isStream = isStream
    whole.usage = usage?.normalised(images: images, outputCap: outputCap)
    whole.countsText = usage?.countsText ?? false
    return whole
  }
}
