import GRDB
import Ledger
import Messaging

/// `/help`: every command, one line each.
struct HelpCommand: Command {
  let name = "help"
  let summary = "See everything I can do"
  let servesBlocked = true
  let readsOnly = true
  let others: [any Command]

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let list = (others + [self]).filter { !$0.isForAdministrators || request.isAdministrator }
    let lines = list.map { "/\($0.name) – \($0.summary)" }
    return .reply(
      Reply(
        """
        Write to me in plain words, or use a command:

        \(lines.joined(separator: "\n"))

        Reply to one of my answers to go on from there.
        """))
  }
}
