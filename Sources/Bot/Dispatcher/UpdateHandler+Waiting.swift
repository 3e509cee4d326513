import Assistant
import Messaging
import TelegramBotAPI

/// A message that waits for the answer to an earlier one.
package struct WaitingMessage: Sendable, Equatable {
  package var chatID: Int64
  package var messageID: Int64
}

extension UpdateHandler {
  /// The message of an update; `nil` for what nobody said to the bot, or for what is left in the
  /// file.
  func waitingMessage(_ stored: StoredUpdate) -> WaitingMessage? {
    guard case .message(let message)? = stored.update?.content else { return nil }
    switch Route(asking: message, bot: environment.bot) {
    case .text, .command, .unseen, .unreadable:
      return WaitingMessage(chatID: message.chat.id, messageID: message.messageID)
    default: return nil
    }
  }
}
