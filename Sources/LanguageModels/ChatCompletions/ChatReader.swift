import Foundation
import Metering

/// Reads chat completions. Each chunk of a stream adds to the text; what is said again stands for
/// the whole.
struct ChatReader<Form: ChatForm>: AnswerReader {
  private var whole = ReceivedAnswer()
  private var told: ChatUsage?
  private var failure: (error: ChatError, piece: Data)?
  private var images = 0

  init(_ form: Form.Type) {}

  var usage: TokenUsage? {
    told.flatMap { $0.tellsAnything ? Form.usage($0, images: images).ifSensible : nil }
  }

  mutating func take(_ piece: Data) -> String {
    guard piece != endMark else { return "" }
    guard let next = ChatCompletion(piece) else {
      whole.isUnreadable = true
      return ""
    }
    whole.text += next.content.text
    images += next.content.images
    whole.endWord = next.finishReason ?? whole.endWord
    whole.nativeEndWord = next.nativeFinishReason ?? whole.nativeEndWord
    if failure == nil, let error = next.error { failure = (error, piece) }
    whole.requestID = whole.requestID ?? next.id
    whole.model = next.model ?? whole.model
    if let usage = next.usage {
      told = told?.raised(to: usage) ?? usage
      whole.bytesCounted = whole.text.utf8.count
    }
    return next.content.text
  }

  func received(_ reply: ProviderReply, isStream: Bool) -> ReceivedAnswer {
    var whole = whole
    let failure = whole.endWord == "error" ? failure ?? (ChatError(), Data()) : failure
    whole.failure = failure.map { error, piece in
      Form.error(ChatFailure(inSuccess: error, reply.retryAfter)).lookingForLength(in: piece)
    }
    whole.isStream = isStream
    whole.usage = usage
    return whole
  }
}

/// Says that a stream has ended; it is no JSON.
private let endMark = Data("[DONE]".utf8)
