package import TelegramBotAPI

/// Who wrote, and where the answer goes.
package struct Address: Sendable {
  package var user: User
  package var chatID: Int64
  package var isPrivate: Bool
  /// The topic of a forum.
  package var threadID: Int64?
  /// The message that a model's answer replies to, and in a group whatever is said to it.
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

  /// The person's private chat, whose id is theirs, for what is nobody else's business; in the same
  /// topic, if that is where they wrote.
  package var inPrivate: Address {
    isPrivate ? self : Address(user: user, chatID: user.id, isPrivate: true)
  }

  /// The chat, if it is a group.
  package var groupID: Int64? { isPrivate ? nil : chatID }

  /// The topic of the person's private chat in which they wrote, if there is one.
  package var privateTopic: Topic? {
    isPrivate ? threadID.map { Topic(chatID: chatID, threadID: $0) } : nil
  }
}

/// A topic of a private chat: whatever follows from a message or a press in it goes there.
package struct Topic: Sendable {
  package var chatID: Int64
  package var threadID: Int64

  package init(chatID: Int64, threadID: Int64) {
    self.chatID = chatID
    self.threadID = threadID
  }

  /// Where the button was that is pressed.
  init?(of message: MessageReference?) {
    guard let message, message.chat.isPrivate, let threadID = message.topicID else { return nil }
    self.init(chatID: message.chat.id, threadID: threadID)
  }

  /// - Parameter chatID: `nil` for what is sent to no chat, but has a message follow in the topic.
  func threadID(in chatID: Int64?) -> Int64? {
    chatID == nil || chatID == self.chatID ? threadID : nil
  }
}
