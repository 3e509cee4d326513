import Assistant
import Foundation
import GRDB
import Ledger
import Messaging

/// `/new TITLE`: begins a project and makes it the active one.
struct NewCommand: Command {
  let name = "new"
  let summary = "Begin a project: /new and its title"
  let isPersonal = true
  let changesActiveProject = true

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let account = try request.account()
    let title = request.argument.onOneLine.trimmingCharacters(in: .whitespaces)
    guard !title.isEmpty else {
      return .reply(Reply("Give your project a title, for example:\n/new Shopping list"))
    }
    let service = tx.projects
    guard title.utf16.count <= Project.maximumTitleLength else {
      return .reply(
        Reply(
          "A title may have \(Project.maximumTitleLength) characters at most. Try a shorter one."))
    }
    guard try service.count(ofUser: account.id) < Project.maximumPerUser else {
      return .reply(
        Reply(
          "You have \(Project.maximumPerUser) projects, which is as many as I can keep for you."))
    }
    let project = try service.create(title: title, userID: account.id)
    return .reply(
      Reply(
        """
        Project "\(project.title)" is under way. Our conversation starts fresh with it, and what \
        you spend from here on counts towards it.

        A good next step: /plan and what it should do.
        """))
  }
}
