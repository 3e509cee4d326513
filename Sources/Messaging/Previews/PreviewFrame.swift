import TelegramBotAPI

/// One look at a growing answer: what a part of it is to show next.
struct PreviewFrame: Sendable {
  /// How it is shown.
  enum Form: Sendable {
    /// As a message; its id, if it is known.
    case message(id: Int64?)
    case draft(id: Int64)
  }

  var updateID: Int64
  /// From 0 on.
  var part: Int
  var chatID: Int64
  var message: OutboxMessage
  var form: Form

  /// - Throws: `.invalidRequest` if a limit of the Bot API is broken.
  ///
  /// - Parameter newID: The chat's, if the group has become a supergroup.
  func request(movedTo newID: Int64? = nil) throws(TelegramError) -> BotRequest {
    let chatID = newID ?? chatID
    switch form {
    case .message(let id):
      var message = message
      message.edits = id
      return try message.request(to: chatID)
    case .draft(let id):
      return try .sendMessageDraft(
        chatID: chatID, draftID: id, text: message.text, entities: message.entities,
        threadID: message.threadID)
    }
  }

  /// What became of it.
  enum Outcome: Equatable {
    /// The id is that of its message, if it is one.
    case shown(messageID: Int64?)
    /// It gives way to something else.
    case waits
    /// The group has become a supergroup, in which nothing of it is shown yet.
    case moved
    /// Telegram wants nothing more in the chat for a while.
    case tooMany(Duration)
    /// No frame of the answer is to follow.
    case over
  }
}

/// Ids of drafts, which say whose answer they show: 256 parts for each update.
package enum DraftID {
  private static let parts: Int64 = 256

  static func of(_ part: Int, ofUpdate updateID: Int64) -> Int64 {
    updateID * parts + Int64(part) % parts
  }

  /// The update whose answer a draft shows; another one for an id that was made up.
  package static func updateID(of draftID: Int64) -> Int64 { draftID / parts }
}
