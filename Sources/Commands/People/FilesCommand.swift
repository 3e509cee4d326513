import Builds
import Foundation
import Ledger
import Messaging

/// `/files`: lists what the active project is made of; `/files PATH` sends one.
struct FilesCommand: Command {
  let name = "files"
  let summary = "The files of your project; /files and a path sends one"
  let isPersonal = true
  let readsOnly = true
  let desk: BuildDesk

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let path = request.argument.trimmingCharacters(in: .whitespacesAndNewlines)
    let (reply, also) = try desk.files(path, of: try request.account(), in: tx)
    return .reply(reply, also: also)
  }

  func press(
    _ argument: String, by request: CommandRequest, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    try desk.file(argument, of: try request.account(), in: tx)
  }
}
