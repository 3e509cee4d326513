package import TelegramBotAPI

/// Who wrote, and where the answer goes.
package struct Address: Sendable {
  package var user: User
  package var chatID: Int64
  package var isPrivate: Bool
  /// The topic of a forum.
  package var threadID: Int64?
  /// The message to answer to, in a group; in a private chat it is plain which one is meant.
  package var replyTo: Int64?
  /// The message that the person has answered to with this one.
  package var inReplyTo: Int64?

  package init(
    user: User, chatID: Int64, isPrivate: Bool, threadID: Int64? = nil, replyTo: Int64? = nil,
    inReplyTo: Int64? = nil
  ) {
    self.user = user
    self.chatID = chatID
    self.isPrivate = isPrivate
    self.threadID = threadID
    self.replyTo = replyTo
    self.inReplyTo = inReplyTo
  }

  /// The person's private chat, whose id is theirs, for what is nobody else's business.
  package var inPrivate: Address { Address(user: user, chatID: user.id, isPrivate: true) }
}
