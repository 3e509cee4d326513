import GRDB
import Ledger
import Messaging
import Sales
import TelegramBotAPI

/// `/broadcast TEXT`: a message to everybody, after a look at it.
struct BroadcastCommand: Command {
  let name = "broadcast"
  let summary = "Write to everybody: /broadcast TEXT"
  let isPersonal = true
  let isForAdministrators = true
  let broadcasts: BroadcastService

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    guard !request.argument.isEmpty else {
      return .reply(
        Reply("Write the message after the command. You see it before anybody else does."))
    }
    guard request.argument.utf16.count <= TelegramLimits.messageText else {
      return .reply(
        Reply(
          """
          A broadcast is one message of at most \(TelegramLimits.messageText) characters; yours \
          has \(request.argument.utf16.count). Please shorten it.
          """))
    }
    let author = request.profile.telegramUserID
    let id = try broadcasts.draft(request.argument, by: author, in: tx)
    let count = try broadcasts.recipients(in: tx)
    let people = count == 1 ? "1 person" : "\(count) people"
    let question = Reply(
      "📣 The message above goes to \(people). People who have blocked the bot are left out.",
      buttons: [
        Button("Send it to \(people)", command: name, argument: "send \(id)"),
        Button("Discard it", command: name, argument: "stop \(id)"),
      ])
    return .reply(Reply(request.argument), also: [.message(question, to: author)])
  }

  func press(
    _ argument: String, by request: CommandRequest, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    let parts = argument.split(separator: " ")
    guard parts.count == 2, let id = Int64(parts[1]), let message = request.pressedMessage else {
      return ButtonResponse(notice: "This button has expired.")
    }
    switch parts[0] {
    case "send":
      guard try broadcasts.start(id, showing: message.messageID, in: tx) else {
        return ButtonResponse(notice: "That broadcast has already been sent or discarded.")
      }
      let progress = try broadcasts.find(id, in: tx).map { Reply($0.progress) }
      return ButtonResponse(notice: "It is on its way.", replacement: progress)
    default:
      guard try broadcasts.stop(id, in: tx) else {
        return ButtonResponse(notice: "That broadcast is over.")
      }
      let progress = try broadcasts.find(id, in: tx).map { Reply($0.progress) }
      return ButtonResponse(notice: "Stopped.", replacement: progress)
    }
  }
}
