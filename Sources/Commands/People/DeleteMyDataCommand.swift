import Assistant
import Builds
import GRDB
import Ledger
import Messaging
import Sales

/// `/deletemydata`: erases who somebody is, after they have confirmed it.
struct DeleteMyDataCommand: Command {
  let name = "deletemydata"
  let summary = "Erase your account and your data"
  let isPersonal = true
  let servesBlocked = true
  let changesActiveProject = true
  let erasure: AccountErasure
  let desk: BuildDesk

  private static let yes = "yes"

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let account = try request.account()
    let charged = try tx.subscriptions.list(ofUser: account.id)
      .count { $0.mayBeCharged(at: tx.now) }
    let cancellation =
      switch charged {
      case 0: ""
      case 1: "\n• Your subscription is canceled."
      default: "\n• Your \(charged) subscriptions are canceled."
      }
    return .reply(
      Reply(
        """
        This erases your account for good: your name, our conversation, and your projects \
        with all their plans and files. What I am building for you ends.

        • You lose your \(account.balance.text) credits. For a refund, write to /paysupport \
        first.\(cancellation)
        • The journal of what was bought and spent stays, since accounting needs it, but without a \
        name on it.
        • Your bare Telegram id stays in a list that is linked to nothing, so that what is given \
        once is not given twice\(account.isBlocked ? " and a block lasts" : "").
        • Backups disappear by themselves, as /privacy says.
        """,
        buttons: [
          Button("Erase everything", command: name, argument: Self.yes),
          Button("Keep my account", command: name, argument: "no"),
        ]))
  }

  func press(
    _ argument: String, by request: CommandRequest, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    let account = try request.account()
    guard argument == Self.yes else {
      return ButtonResponse(
        notice: "Nothing was erased.", replacement: Reply("Your account stays as it is."))
    }
    // What is being built ends first. If a call is under way for it, that has to end as well.
    try desk.stopAll(of: account, in: tx)
    let cancellations: [Outgoing]
    do {
      cancellations = try erasure.erase(account, askedBy: request.updateID, in: tx)
    } catch LedgerError.callUnderWay {
      return ButtonResponse(
        notice: "A request or a refund of yours is under way. Please try again in a minute.")
    }
    return ButtonResponse(
      notice: "Your data is erased.",
      replacement: Reply("Your account and your data are erased. Take care!"),
      also: cancellations, erasesWords: true)
  }
}
