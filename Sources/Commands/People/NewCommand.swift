import Assistant
import Builds
import Foundation
import GRDB
import Ledger
import Messaging

/// `/new IDEA`: opens a project, and has it planned, priced and built.
struct NewCommand: Command {
  let name = "new"
  let summary = "Have software built: /new and your idea"
  let isPersonal = true
  let changesActiveProject = true
  let takesLines = true
  let desk: BuildDesk

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let account = try request.account()
    let idea = request.argument.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !idea.onOneLine.trimmingCharacters(in: .whitespaces).isEmpty else {
      return .reply(
        Reply(
          "Tell me what you would like to have, for example:\n/new a to-do list for the terminal"))
    }
    return .reply(try desk.begin(idea: idea, by: account, topic: request.topic, in: tx).reply)
  }

  func press(
    _ argument: String, by request: CommandRequest, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    let account = try request.account()
    if let id = AnswerButtons.answerToBuild(argument) {
      guard let exchange = try Exchange.find(id, ofUser: account.id, in: tx) else {
        return ButtonResponse(notice: "That answer is no longer in our conversation.")
      }
      return try desk.begin(from: exchange, by: account, topic: request.topic, in: tx)
    }
    return try desk.press(argument, by: account, in: tx)
      ?? ButtonResponse(notice: "This button has expired. Send /status for new ones.")
  }
}
