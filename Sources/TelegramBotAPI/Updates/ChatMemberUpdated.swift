/// The bot was blocked, unblocked, added or removed. Bot API, *ChatMemberUpdated*.
package struct ChatMemberUpdated: Decodable, Sendable, Equatable {
  package var chat: Chat
  /// Who did it.
  package var from: User
  /// Unix time, seconds.
  package var date: Int64
  package var oldStatus: String
  /// `member`, `administrator`, `left`, `kicked` (also: blocked by the user), …
  package var newStatus: String

  private enum CodingKeys: String, CodingKey {
    case chat, from, date
    case oldMember = "old_chat_member"
    case newMember = "new_chat_member"
  }

  private struct Member: Decodable {
    var status: String
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    chat = try values.decode(Chat.self, forKey: .chat)
    from = try values.decode(User.self, forKey: .from)
    date = try values.decode(Int64.self, forKey: .date)
    oldStatus = try values.decode(Member.self, forKey: .oldMember).status
    newStatus = try values.decode(Member.self, forKey: .newMember).status
  }
}
