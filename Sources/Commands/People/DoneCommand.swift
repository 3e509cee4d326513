import Assistant
import Builds
import GRDB
import Ledger
import Messaging

/// `/done`: completes the active project.
struct DoneCommand: Command {
  let name = "done"
  let summary = "Mark the active project as done"
  let isPersonal = true
  let changesActiveProject = true

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let account = try request.account()
    guard let id = account.activeProjectID, let project = try tx.projects.find(id)
    else {
      return .reply(Reply("No project is active. /projects lists yours, /new begins one."))
    }
    if let build = try tx.builds.open(ofUser: account.id), build.projectID == id, build.cap != nil {
      return .reply(Reply("I am still building \"\(project.title)\"; /cancel ends it."))
    }
    try tx.projects.complete(project)
    return .reply(
      Reply("\"\(project.title)\" is done. Congratulations! /projects can open it again."))
  }
}
