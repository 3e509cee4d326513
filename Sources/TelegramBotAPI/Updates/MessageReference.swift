/// What is worth knowing of a message that another one or a button refers to. It holds for an
/// inaccessible message too, and does not nest. Bot API, *MaybeInaccessibleMessage*.
package struct MessageReference: Decodable, Sendable, Equatable {
  package var messageID: Int64
  package var chat: Chat
  package var from: User?
  package var messageThreadID: Int64?
  package var isTopicMessage: Bool
  package var text: String?
  /// The words beside an attachment.
  package var caption: String?

  /// The topic that it is in, to which an answer must be sent.
  package var topicID: Int64? { isTopicMessage ? messageThreadID : nil }

  private enum CodingKeys: String, CodingKey {
    case chat, from, text, caption
    case messageID = "message_id"
    case messageThreadID = "message_thread_id"
    case isTopicMessage = "is_topic_message"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    messageID = try values.decode(Int64.self, forKey: .messageID)
    chat = try values.decode(Chat.self, forKey: .chat)
    from = try values.decodeIfPresent(User.self, forKey: .from)
    messageThreadID = try values.decodeIfPresent(Int64.self, forKey: .messageThreadID)
    isTopicMessage = try values.decodeIfPresent(Bool.self, forKey: .isTopicMessage) ?? false
    text = try values.decodeIfPresent(String.self, forKey: .text) ?? RichMessage.text(in: decoder)
    caption = try values.decodeIfPresent(String.self, forKey: .caption)
  }
}
