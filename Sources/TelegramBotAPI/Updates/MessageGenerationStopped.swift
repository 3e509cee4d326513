package import JSONReading

/// The user stopped a draft that the bot was streaming. Telegram only stops to show the draft; the
/// work itself is the bot's to end. Bot API 10.3, *MessageGenerationStopped*.
package struct MessageGenerationStopped: JSONObjectReadable, Sendable, Equatable {
  package var chat: Chat
  package var messageThreadID: Int64?
  package var draftID: Int64

  package init(_ object: JSONObject) throws {
    chat = try object.read("chat")
    messageThreadID = try object.readIfPresent("message_thread_id")
    // A number by the documentation; the server sends its digits as a string.
    if let text = try? object.read("draft_id", as: String.self) {
      guard let id = Int64(text) else { throw JSONFlaw() }
      draftID = id
    } else {
      draftID = try object.read("draft_id")
    }
  }
}
