import Assistant
import Builds
import GRDB
import Ledger
import Messaging

/// `/projects`: lists the projects; a button switches to one, and reopens what was done.
struct ProjectsCommand: Command {
  let name = "projects"
  let summary = "List your projects and switch between them"
  let isPersonal = true

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    .reply(try list(try request.account(), in: tx))
  }

  func press(
    _ argument: String, by request: CommandRequest, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    let account = try request.account()
    guard let project = try tx.projects.find(argument), project.userID == account.id else {
      return ButtonResponse(notice: "That is not one of your projects. /projects lists them.")
    }
    if project.status == .done {
      let status = try tx.builds.newest(ofProject: project.id)?.projectStatus
      try tx.projects.reopen(project, as: status ?? .active)
    }
    try tx.users.setActiveProject(project.id, ofUser: account.id)
    let switched = try tx.users.account(id: account.id)
    return ButtonResponse(
      notice: "Now working on \"\(project.title)\".", replacement: try list(switched, in: tx))
  }

  private func list(_ account: UserAccount, in tx: LedgerTransaction) throws -> Reply {
    let projects = try tx.projects.list(ofUser: account.id, limit: Project.listed)
    guard !projects.isEmpty else {
      return Reply("You have no projects yet. Begin one with /new and your idea.")
    }
    let lines = projects.map { project in
      if project.id == account.activeProjectID { return "▸ \(project.title) (active)" }
      return "• \(project.title) (\(project.status.words))"
    }
    let others = projects.filter { $0.id != account.activeProjectID }
    return Reply(
      "Your projects, newest first:\n" + lines.joined(separator: "\n"),
      buttons: others.map { Button($0.title, command: name, argument: $0.id) })
  }
}
