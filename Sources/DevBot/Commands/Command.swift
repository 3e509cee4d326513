package import Foundation
package import GRDB
package import Ledger

/// A command of the chat. It answers from local data within one transaction, together with which
/// its reply is queued and its update finished; or it asks for the work of a model.
///
/// A new command is a type in a file of its own and a line in `CommandList`.
package protocol Command: Sendable {
  /// Without the slash: 1–32 of `a-z0-9_` (Bot API, BotCommand).
  var name: String { get }
  /// One line for `/help` and for Telegram's own menu.
  var summary: String { get }
  /// Whether the answer is nobody else's business, so that it is given in a private chat alone.
  var isPersonal: Bool { get }

  func respond(to request: CommandRequest, in db: Database) throws -> CommandResponse

  /// Answers a press of one of the command's buttons.
  func press(_ argument: String, by request: CommandRequest, in db: Database) throws
    -> ButtonResponse
}

extension Command {
  package var isPersonal: Bool { false }

  package func press(
    _ argument: String, by request: CommandRequest, in db: Database
  ) throws -> ButtonResponse {
    ButtonResponse(notice: "This button has expired. Send /\(name) for new ones.")
  }
}

package struct CommandRequest: Sendable {
  package var profile: Profile
  /// `nil` for a person who has not sent `/start` yet.
  package var existingAccount: UserAccount?
  /// What follows the command, trimmed.
  package var argument: String
  package var now: Date

  /// - Throws: `NoAccount`, upon which the person is asked to send `/start`.
  package func account() throws -> UserAccount {
    guard let existingAccount else { throw NoAccount() }
    return existingAccount
  }
}

package struct NoAccount: Error {}

package enum CommandResponse: Sendable {
  case reply(Reply)
  /// Have a model do it, and charge for it.
  case work(TaskType, String)
}

/// What the bot says, whatever the channel.
package struct Reply: Sendable, Equatable {
  package var text: String
  /// One button a row.
  package var buttons: [Button] = []

  package init(_ text: String, buttons: [Button] = []) {
    self.text = text
    self.buttons = buttons
  }
}

package struct Button: Sendable, Equatable {
  package var title: String
  /// `command:argument`, at most 64 bytes (Bot API, InlineKeyboardButton).
  package var data: String

  package init(_ title: String, command: String, argument: String) {
    self.title = title
    data = "\(command):\(argument)"
  }
}

package struct ButtonResponse: Sendable, Equatable {
  /// A short note over the chat, at most 200 characters (Bot API, answerCallbackQuery).
  package var notice: String
  /// What the message with the button is to become.
  package var replacement: Reply?
}
