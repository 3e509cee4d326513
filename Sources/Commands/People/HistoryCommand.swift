import Builds
import Ledger
import Messaging

/// `/history`: the projects, and what each has cost.
struct HistoryCommand: Command {
  let name = "history"
  let summary = "Your projects, and what each has cost"
  let isPersonal = true
  let readsOnly = true
  let desk: BuildDesk

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    .reply(try desk.history(of: try request.account(), in: tx))
  }
}
