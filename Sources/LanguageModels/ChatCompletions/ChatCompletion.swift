import Foundation
import JSONReading

/// A chat completion that came with status 200, or a chunk of one from an event stream. It may be
/// an error all the same; OpenAI's names.
struct ChatCompletion {
  var id: String?
  var model: String?
  /// Of the first choice: the message, or what a chunk adds to it.
  var content = ChatContent()
  var finishReason: String?
  /// As the provider behind OpenRouter calls it.
  var nativeFinishReason: String?
  var usage: ChatUsage?
  /// Of the whole, or of the choice.
  var error: ChatError?

  /// `nil` if it is not of that form.
  init?(_ json: Data) {
    guard let completion = JSONObject(json) else { return nil }
    id = completion["id"]?.name
    model = completion["model"]?.name
    usage = completion["usage"]?.object.map(ChatUsage.init)
    error = completion["error"].flatMap(ChatError.init)
    do {
      if let choice = try completion.expectObjects("choices").first { try take(choice) }
    } catch {
      return nil
    }
  }

  private mutating func take(_ choice: JSONObject) throws {
    if let message = try choice.expect("delta", \.object) ?? choice.expect("message", \.object) {
      content = try ChatContent(message)
    }
    finishReason = choice["finish_reason"]?.name
    nativeFinishReason = choice["native_finish_reason"]?.name
    error = error ?? choice["error"].flatMap(ChatError.init)
  }
}

/// What a message of an answer holds, or a chunk adds to it.
struct ChatContent {
  var text = ""
  /// How many of them.
  var images = 0

  init() {}

  /// The text is a string, or a list of parts of which some are text. Where a model declines, it
  /// says so in another field.
  ///
  /// - Throws: If it is something else.
  init(_ message: JSONObject) throws {
    images = message["images"]?.elements?.count ?? 0
    text =
      try message["content"]?.text
      ?? message.expectObjects("content").map(Self.text).joined()
    text += message["refusal"]?.text ?? ""
  }

  /// Empty for what is not for the reader: reasoning, above all.
  private static func text(of part: JSONObject) throws -> String {
    switch part["type"]?.name {
    case nil, "text", "output_text": try part.expect("text", \.text) ?? ""
    case "refusal": part["refusal"]?.name ?? ""
    default: ""
    }
  }
}
