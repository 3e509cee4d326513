import Assistant
import GRDB
import Ledger
import Messaging

/// `/reset`: forgets what was said, in the active project or outside of any. What it cost stays in
/// the journal.
struct ResetCommand: Command {
  let name = "reset"
  let summary = "Forget our conversation and begin a fresh one"
  let isPersonal = true
  let outbox: Outbox

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let account = try request.account()
    let project = try account.activeProjectID.flatMap { try tx.projects.find($0) }
    let conversation = Conversation(userID: account.id, projectID: project?.id)
    // What they stand under is known as long as it is not forgotten.
    try AnswerMessages.takeButtons(from: conversation, outbox: outbox, in: tx)
    let place = project.map { " in \"\($0.title)\"" } ?? ""
    guard try conversation.reset(in: tx) else {
      return .reply(Reply("There is nothing to forget\(place): your next question starts afresh."))
    }
    return .reply(
      Reply("I have forgotten our conversation\(place); your next question starts afresh."))
  }
}
