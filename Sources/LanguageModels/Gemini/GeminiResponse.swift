import Foundation
import JSONReading
import Metering

/// An answer of Gemini's, or a part of it from an event stream; Gemini's names. Its enums are open:
/// new values come without notice.
struct GeminiResponse {
  /// Of the first candidate, without its thoughts.
  var text = ""
  var images = 0
  var finishReason: String?
  var blockReason: String?
  var usageMetadata: GeminiUsage?
  var modelVersion: String?
  var responseId: String?

  /// `nil` if it is not of that form, or an error, which is for `GeminiFailure` to read.
  init?(_ json: Data) {
    guard let response = JSONObject(json), response["error"] == nil else { return nil }
    do {
      if let candidate = try response.expectObjects("candidates").first { try take(candidate) }
    } catch {
      return nil
    }
    blockReason = response["promptFeedback"]?.object?["blockReason"]?.text
    usageMetadata = response["usageMetadata"]?.object.map(GeminiUsage.init)
    modelVersion = response["modelVersion"]?.name
    responseId = response["responseId"]?.name
  }

  private mutating func take(_ candidate: JSONObject) throws {
    finishReason = candidate["finishReason"]?.name
    let content = try candidate.expect("content", \.object)
    for part in try content?.expectObjects("parts") ?? [] {
      let text = try part.expect("text", \.text) ?? ""
      let isThought = part["thought"]?.boolean ?? (part["thought"]?.text == "true")
      if !isThought { self.text += text }
      if part["inlineData"]?.object != nil { images += 1 }
    }
  }
}
