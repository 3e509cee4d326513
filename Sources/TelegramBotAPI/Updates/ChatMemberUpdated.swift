/// The bot was blocked, unblocked, added or removed. Bot API, *ChatMemberUpdated*.
package struct ChatMemberUpdated: Decodable, Sendable, Equatable {
  package var chat: Chat
  /// Who did it.
  package var from: User
  /// `member`, `administrator`, `left`, `kicked` (also: blocked by the user), …
  package var newStatus: String

  private enum CodingKeys: String, CodingKey {
    case chat, from
    case newMember = "new_chat_member"
  }

  private struct Member: Decodable {
    var status: String
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    chat = try values.decode(Chat.self, forKey: .chat)
    from = try values.decode(User.self, forKey: .from)
    newStatus = try values.decode(Member.self, forKey: .newMember).status
  }
}
