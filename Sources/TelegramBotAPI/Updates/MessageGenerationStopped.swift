/// The user stopped a draft that the bot was streaming. Telegram only stops to show the draft; the
/// work itself is the bot's to end. Bot API 10.3, *MessageGenerationStopped*.
package struct MessageGenerationStopped: Decodable, Sendable, Equatable {
  package var chat: Chat
  package var messageThreadID: Int64?
  package var draftID: Int64

  private enum CodingKeys: String, CodingKey {
    case chat
    case messageThreadID = "message_thread_id"
    case draftID = "draft_id"
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    chat = try fields.decode(Chat.self, forKey: .chat)
    messageThreadID = try fields.decodeIfPresent(Int64.self, forKey: .messageThreadID)
    // A number by the documentation; the server sends its digits as a string.
    if let text = try? fields.decode(String.self, forKey: .draftID) {
      guard let id = Int64(text) else {
        throw DecodingError.dataCorruptedError(
          forKey: .draftID, in: fields, debugDescription: "draft_id is no number")
      }
      draftID = id
    } else {
      draftID = try fields.decode(Int64.self, forKey: .draftID)
    }
  }
}
