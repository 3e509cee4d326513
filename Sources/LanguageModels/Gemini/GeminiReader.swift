import Foundation
import Metering

/// Reads Gemini's answers. Each event of a stream has the form of a whole response: the parts of
/// the text follow each other, and what is said again, the usage above all, stands for the whole.
struct GeminiReader: AnswerReader {
  private let outputCap: Int
  private var whole = ReceivedAnswer()
  private var told: GeminiUsage?
  private var images = 0

  /// - Parameter outputCap: The `maxOutputTokens` of the request.
  init(outputCap: Int) {
    self.outputCap = outputCap
  }

  var usage: TokenUsage? { told?.normalised(images: images, outputCap: outputCap) }

  mutating func take(_ piece: Data) -> String {
    guard let next = GeminiResponse(piece) else {
      let failure = GeminiFailure(inSuccess: piece)?.error.lookingForLength(in: piece)
      whole.failure = whole.failure ?? failure
      if failure == nil { whole.isUnreadable = true }
      return ""
    }
    whole.text += next.text
    images += next.images
    whole.endWord = next.finishReason ?? whole.endWord
    whole.promptBlock = next.blockReason ?? whole.promptBlock
    whole.model = next.modelVersion ?? whole.model
    whole.requestID = whole.requestID ?? next.responseId
    if let usage = next.usageMetadata {
      told = told?.raised(to: usage) ?? usage
      // They are running totals, of what came with them too.
      whole.bytesCounted = whole.text.utf8.count
    }
    return next.text
  }

  func received(_ reply: ProviderReply, isStream: Bool) -> ReceivedAnswer {
    var whole = whole
    whole.isStream = isStream
    whole.usage = usage
    whole.countsText = told?.countsText ?? false
    return whole
  }
}
