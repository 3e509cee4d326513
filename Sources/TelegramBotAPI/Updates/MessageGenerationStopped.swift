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
}
