package import Foundation
package import GRDB
package import Ledger
package import TelegramBotAPI

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
  /// Whether it exists for administrators alone.
  var isForAdministrators: Bool { get }
  /// Whether it also serves those whom an administrator has blocked.
  var servesBlocked: Bool { get }

  func respond(to request: CommandRequest, in db: Database) throws -> CommandResponse

  /// Answers a press of one of the command's buttons.
  func press(_ argument: String, by request: CommandRequest, in db: Database) throws
    -> ButtonResponse
}

extension Command {
  package var isPersonal: Bool { false }
  package var isForAdministrators: Bool { false }
  package var servesBlocked: Bool { false }

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
  package var updateID: Int64
  package var isAdministrator = false
  /// Of the message whose button was pressed.
  package var pressedMessage: MessageReference?
  package var now: Date

  /// - Throws: `NoAccount`, upon which the person is asked to send `/start`.
  package func account() throws -> UserAccount {
    guard let existingAccount else { throw NoAccount() }
    return existingAccount
  }
}

package struct NoAccount: Error {}

package enum CommandResponse: Sendable {
  case reply(Reply, also: [Outgoing] = [])
  /// Have a model do it, and charge for it.
  case work(TaskType, String)
  /// Answer from much reading, for which nobody else's writes are to wait.
  case reading(@Sendable (Database) throws -> (Reply, also: [Outgoing]))
}

/// What the bot says, whatever the channel.
package struct Reply: Sendable, Equatable {
  package var text: String
  /// One button a row.
  package var buttons: [Button] = []
  /// Shown below the text in a fixed width.
  package var table: String?

  package init(_ text: String, table: String? = nil, buttons: [Button] = []) {
    self.text = text
    self.table = table
    self.buttons = buttons
  }
}

/// What the bot sends besides its answer, in the same transaction.
package enum Outgoing: Sendable, Equatable {
  case message(Reply, to: Int64, Purpose? = nil)
  /// To the chat, or to none.
  case request(BotRequest, chat: Int64?, Purpose? = nil)
}

package struct Button: Sendable, Equatable {
  package enum Action: Sendable, Equatable {
    /// `command:argument`, at most 64 bytes (Bot API, InlineKeyboardButton).
    case press(String)
    case open(url: String)
  }

  package var title: String
  package var action: Action

  package init(_ title: String, command: String, argument: String) {
    self.title = title
    action = .press("\(command):\(argument)")
  }

  package init(_ title: String, url: String) {
    self.title = title
    action = .open(url: url)
  }
}

package struct ButtonResponse: Sendable, Equatable {
  /// A short note over the chat, at most 200 characters (Bot API, answerCallbackQuery).
  package var notice: String
  /// What the message with the button is to become.
  package var replacement: Reply?
  package var also: [Outgoing] = []
}
