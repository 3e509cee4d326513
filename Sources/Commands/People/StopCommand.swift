import Assistant
import Ledger
import Messaging

/// `/stop`: ends the answer that is being made for whoever sends it; in a group, the one there.
struct StopCommand: Command {
  let name = "stop"
  let summary = "Stop the answer I am working on"
  let servesBlocked = true
  let readsOnly = true
  let isAtOnce = true
  let answers: AnswersUnderWay

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let isStopped = answers.stopAll(of: request.profile.telegramUserID, inChat: request.groupID)
    return .reply(
      Reply(
        isStopped ? "Stopped." : "I am not working on an answer, so there is nothing to stop."))
  }
}
