import Assistant
import Builds
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
    guard !isStopped else { return .reply(Reply("Stopped.")) }
    var text = "I am not working on an answer, so there is nothing to stop"
    if request.groupID == nil, let account = request.existingAccount,
      let build = try tx.builds.open(ofUser: account.id), build.goesOn
    {
      text += "; /cancel ends what I am \(build.doing)"
    }
    return .reply(Reply("\(text)."))
  }
}
