package import JSONReading

/// The bot was blocked, unblocked, added or removed. Bot API, *ChatMemberUpdated*.
package struct ChatMemberUpdated: JSONObjectReadable, Sendable, Equatable {
  package var chat: Chat
  /// Who did it.
  package var from: User
  /// `member`, `administrator`, `left`, `kicked` (also: blocked by the user), …
  package var newStatus: String

  package init(_ object: JSONObject) throws {
    chat = try object.read("chat")
    from = try object.read("from")
    guard let member = object["new_chat_member"]?.object else { throw JSONFlaw() }
    newStatus = try member.read("status")
  }
}
