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
  /// Whether one can reply to a message.
  let takesReplies: Bool

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let list = (others + [self]).filter { !$0.isForAdministrators || request.isAdministrator }
    let lines = list.map { "/\($0.name) – \($0.summary)" }
    let paragraphs = [
      request.mention.map { "In a group, begin with \($0), or reply to me." },
      "Write to me in plain words, or use a command:",
      lines.joined(separator: "\n"),
      takesReplies ? "Reply to one of my answers to go on from there." : nil,
    ]
    return .reply(Reply(paragraphs.compactMap(\.self).joined(separator: "\n\n")))
  }
}
