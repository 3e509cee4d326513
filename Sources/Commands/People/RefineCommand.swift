import Builds
import Foundation
import Ledger
import Messaging

/// `/refine TEXT`: changes what was built, or what is planned, by the same way.
struct RefineCommand: Command {
  let name = "refine"
  let summary = "Change what I have built: /refine and what to change"
  let isPersonal = true
  let takesLines = true
  let desk: BuildDesk

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let account = try request.account()
    let words = request.argument.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !words.isEmpty else {
      return .reply(
        Reply("Say what should be different, for example:\n/refine sort the list by date"))
    }
    return .reply(try desk.refine(words, by: account, topic: request.topic, in: tx))
  }
}
