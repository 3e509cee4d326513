import GRDB
import Ledger
import Messaging
import Assistant

/// `/projects`: lists the projects; a button switches to one.
struct ProjectsCommand: Command {
  let name = "projects"
  let summary = "List your projects and switch between them"

  func respond(to request: CommandRequest, in db: Database) throws -> CommandResponse {
    .reply(try list(try request.account(), in: db))
  }

  func press(
    _ argument: String, by request: CommandRequest, in db: Database
  ) throws -> ButtonResponse {
    let account = try request.account()
    guard let project = try ProjectService().find(argument, in: db), project.userID == account.id,
      project.status == .active
    else { return ButtonResponse(notice: "That project is no longer open. Send /projects again.") }
    try UserService().setActiveProject(project.id, ofUser: account.id, at: request.now, in: db)
    let switched = try UserService().account(id: account.id, in: db)
    return ButtonResponse(
      notice: "Now working on \"\(project.title)\".", replacement: try list(switched, in: db))
  }

  private func list(_ account: UserAccount, in db: Database) throws -> Reply {
    let projects = try ProjectService().list(ofUser: account.id, limit: Project.listed, in: db)
    guard !projects.isEmpty else {
      return Reply("You have no projects yet. Begin one with /new and its title.")
    }
    let lines = projects.map { project in
      if project.id == account.activeProjectID { return "▸ \(project.title) (active)" }
      return "• \(project.title) (\(project.status == .active ? "open" : "done"))"
    }
    let others = projects.filter { $0.status == .active && $0.id != account.activeProjectID }
    return Reply(
      "Your projects, newest first:\n" + lines.joined(separator: "\n"),
      buttons: others.map { Button($0.title, command: name, argument: $0.id) })
  }
}
