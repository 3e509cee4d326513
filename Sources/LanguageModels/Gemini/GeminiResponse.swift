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
}
