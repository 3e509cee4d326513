package import Assistant
import Foundation
import GRDB
package import Ledger
package import Messaging
package import Sales
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
  /// Whether the answer takes much reading and no writing: then nobody's writes wait for it.
  var readsMuch: Bool { get }
  /// Whether it only reads, or at least changes nothing that other messages depend on: then it
  /// waits for no answer of a model that the person asked for before.
  var readsOnly: Bool { get }
  /// Whether it waits for nothing that the person has sent before.
  var isAtOnce: Bool { get }
  /// Whether it may change which project is the active one.
  var changesActiveProject: Bool { get }
  /// Whether a model does it, and is paid for.
  var isPaidWork: Bool { get }
  /// Whether a photo, or anything else that the bot cannot see, is of use to it.
  var takesAttachments: Bool { get }
  /// Whether what follows it is a text, of several lines perhaps.
  var takesLines: Bool { get }

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse

  /// Answers a press of one of the command's buttons.
  func press(_ argument: String, by request: CommandRequest, in tx: LedgerTransaction) throws
    -> ButtonResponse
}

extension Command {
  package var isPersonal: Bool { false }
  package var isForAdministrators: Bool { false }
  package var servesBlocked: Bool { false }
  package var readsMuch: Bool { false }
  package var readsOnly: Bool { false }
  package var isAtOnce: Bool { false }
  package var changesActiveProject: Bool { false }
  package var isPaidWork: Bool { false }
  package var takesAttachments: Bool { false }
  package var takesLines: Bool { isPaidWork }

  package func press(
    _ argument: String, by request: CommandRequest, in tx: LedgerTransaction
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
  /// The group in which it was sent; `nil` in private.
  package var groupID: Int64?
  /// `@name` of the bot, without which a command in a group is not for it; `nil` in private.
  package var mention: String?
  /// The topic of the private chat in which it was sent.
  package var topic: Topic?
  package var isAdministrator = false
  /// Of the message whose button was pressed.
  package var pressedMessage: MessageReference?
  /// What the command, or the question, was sent in reply to.
  package var replied: RepliedMessage?
  /// What came with the command.
  package var attachment: SupportRequests.Words?

  package init(
    profile: Profile, existingAccount: UserAccount?, argument: String, updateID: Int64,
    groupID: Int64? = nil, mention: String? = nil, topic: Topic? = nil,
    isAdministrator: Bool = false,
    pressedMessage: MessageReference? = nil,
    replied: RepliedMessage? = nil, attachment: SupportRequests.Words? = nil
  ) {
    self.profile = profile
    self.existingAccount = existingAccount
    self.argument = argument
    self.updateID = updateID
    self.groupID = groupID
    self.mention = mention
    self.topic = topic
    self.isAdministrator = isAdministrator
    self.pressedMessage = pressedMessage
    self.replied = replied
    self.attachment = attachment
  }

  /// The command as it is to be written where this one was.
  package func typed(_ name: String) -> String { "/\(name)\(mention ?? "")" }

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
}
