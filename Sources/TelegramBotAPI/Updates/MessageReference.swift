package import JSONReading

/// What is worth knowing of a message that another one or a button refers to. It holds for an
/// inaccessible message too, and does not nest. Bot API, *MaybeInaccessibleMessage*.
package struct MessageReference: JSONObjectReadable, Sendable, Equatable {
  package var messageID: Int64
  package var chat: Chat
  package var from: User?
  package var messageThreadID: Int64?
  package var isTopicMessage: Bool
  package var text: String?
  /// The words beside an attachment.
  package var caption: String?
  package var words: String? { text ?? caption }

  /// The topic that it is in, to which an answer must be sent.
  package var topicID: Int64? { isTopicMessage ? messageThreadID : nil }

  package init(_ object: JSONObject) throws {
    messageID = try object.read("message_id")
    chat = try object.read("chat")
    from = try object.readIfPresent("from")
    messageThreadID = try object.readIfPresent("message_thread_id")
    isTopicMessage = try object.readIfPresent("is_topic_message") ?? false
    text = try object.readIfPresent("text") ?? RichMessage.text(in: object)
    caption = try object.readIfPresent("caption")
  }
}
