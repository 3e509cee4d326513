import GRDB
import Ledger
import Messaging

/// `/invite`: the person's own link; who comes by it, and who sent it, get credits.
struct InviteCommand: Command {
  let name = "invite"
  let summary = "Invite friends, and both get credits"
  let isPersonal = true
  let readsOnly = true
  let credits: Credits
  let botUsername: String?

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let account = try request.account()
    let code = try tx.referrals.code(of: account)
    let link = "https://t.me/\(botUsername ?? "")?start=\(StartCommand.invitation)\(code)"
    return .reply(
      Reply(
        """
        Send this link to a friend who does not know me yet. After their first paid request, you \
        both get \(credits) credits.

        \(link)
        """))
  }
}
