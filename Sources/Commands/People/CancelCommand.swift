import Assistant
import Builds
import Ledger
import Messaging

/// `/cancel`: ends what is being planned or built.
struct CancelCommand: Command {
  let name = "cancel"
  let summary = "End what I am planning or building"
  let isPersonal = true
  let servesBlocked = true
  let isAtOnce = true
  let desk: BuildDesk
  let answers: AnswersUnderWay

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let isAnswering = answers.isWorking(for: request.profile.telegramUserID)
    return .reply(
      try desk.cancel(by: try request.account(), isAnswering: isAnswering, in: tx))
  }
}
