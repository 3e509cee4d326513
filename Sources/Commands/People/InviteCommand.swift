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
  /// Whether anything is for sale; see `ReferralService`.
  let isSelling: Bool
  let botUsername: String?

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let account = try request.account()
    let code = try tx.referrals.code(of: account)
    let link = "https://t.me/\(botUsername ?? "")?start=\(StartCommand.invitation)\(code)"
    let terms =
      isSelling
      ? """
      After their first paid request they get \(credits) credits, and so do you once they have \
      spent more than they were given.
      """
      : "After their first paid request, you both get \(credits) credits."
    return .reply(
      Reply(
        """
        Send this link to a friend who does not know me yet. \(terms)

        \(link)
        """))
  }
}
