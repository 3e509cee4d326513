import Assistant
import Builds
import GRDB
import Ledger
import Messaging

/// `/status`: the balance, the active project and the models in use.
struct StatusCommand: Command {
  let name = "status"
  let summary = "Balance, active project, what I am building, and models"
  let isPersonal = true
  let readsOnly = true
  let models: OfferedModels
  let desk: BuildDesk

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let account = try request.account()
    var balance = "Balance: \(account.balance.text) credits"
    if account.held > .zero {
      balance += " (\(account.held.text) of them reserved for a request under way)"
    }
    let preferences = try Preferences.of(account.id, in: tx)
    let lines = try TaskType.allCases.map { task in
      "• \(task.title): \(try models.model(for: task, preferences, in: tx).model)"
    }
    let build = try desk.status(of: account, in: tx)
    return .reply(
      Reply(
        """
        \(balance)

        \(try projectText(account, in: tx))

        Models:
        \(lines.joined(separator: "\n"))\(build.map { "\n\n\($0.text)" } ?? "")
        """,
        buttons: (build?.buttons ?? []) + [ModelCommand.button]))
  }

  private func projectText(_ account: UserAccount, in tx: LedgerTransaction) throws -> String {
    guard let id = account.activeProjectID, let project = try tx.projects.find(id)
    else { return "No active project. Begin one with /new and your idea." }
    let spent = try tx.transactions.spent(onProject: id)
    let tasks = project.tasks
    return """
      Project: \(project.title)
      Status: \(project.status.words)
      Tasks: \(tasks.done) done, \(tasks.open) open
      Spent on it: \(spent.text) credits
      """
  }
}
