import GRDB
import Ledger
import Messaging
import Sales

/// `/grant USER CREDITS REASON`: gives credits, or takes them with a negative number. A large
/// number is asked about first: it may be a slip.
struct GrantCommand: Command {
  let name = "grant"
  let summary = "Give credits: /grant USER CREDITS REASON"
  let isPersonal = true
  let isForAdministrators = true

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let parts = request.argument.split(maxSplits: 2, whereSeparator: \.isWhitespace)
      .map(String.init)
    guard parts.count == 3, let credits = try? Credits(parsing: parts[1]), credits != .zero else {
      return .reply(
        Reply(
          """
          Say to whom, how many and why, for example:
          /grant 123456789 50 sorry for the trouble
          /grant @ada -20 booked twice
          """))
    }
    guard let account = try tx.users.find(mention: parts[0]) else {
      return .reply(UserCommand.unknown(parts[0]))
    }
    guard credits <= .maximumGift else { return .reply(Self.refusal(.tooMuchGiven)) }
    guard !credits.isLargeGift else {
      return .reply(try question(credits, for: account, because: parts[2], in: tx))
    }
    let (reply, also, _) = try book(
      credits, for: account, because: parts[2], key: "manual:upd\(request.updateID)", in: tx)
    return .reply(reply, also: also)
  }

  func press(
    _ argument: String, by request: CommandRequest, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    let parts = argument.split(separator: " ")
    guard parts.count == 2, let id = Int64(parts[1]),
      let question = try GrantQuestions.end(id, in: tx)
    else { return ButtonResponse(notice: "This question has been answered, or is too old.") }
    guard parts[0] == Self.yes else {
      return ButtonResponse(
        notice: "Nothing is booked.", replacement: Reply("Nothing is booked."))
    }
    let (reply, also, isBooked) = try book(
      question.amount, for: try tx.users.account(id: question.userID), because: question.reason,
      key: "manual:question\(id)", in: tx)
    return ButtonResponse(
      notice: isBooked ? "Done." : "Nothing is booked.", replacement: reply, also: also)
  }

  private static let yes = "yes"

  private func question(
    _ credits: Credits, for account: UserAccount, because reason: String, in tx: LedgerTransaction
  ) throws -> Reply {
    let id = try GrantQuestions.ask(credits, for: account, because: reason, in: tx)
    return Reply(
      """
      That is a lot: \(credits.movementText) credits for \(account.shownName), whose balance is \
      \(account.balance.text). Shall I book it?
      """,
      buttons: [
        Button("Book \(credits) credits", command: name, argument: "\(Self.yes) \(id)"),
        Button("Book nothing", command: name, argument: "no \(id)"),
      ])
  }

  private func book(
    _ credits: Credits, for account: UserAccount, because reason: String, key: String,
    in tx: LedgerTransaction
  ) throws -> (Reply, also: [Outgoing], isBooked: Bool) {
    do {
      let transaction = try tx.transactions.record(
        NewTransaction(
          userID: account.id, type: .manualAdjustment, amount: credits, idempotencyKey: key,
          description: reason))
      let balance = "\(transaction.balanceAfter.text) credits"
      let news = Reply(
        """
        \(credits.movementText) credits on your account: \(reason)
        Your balance is \(balance).
        """,
        buttons: credits > .zero
          ? try Inbox.askAgainButtons(for: account.telegramUserID, in: tx) : [])
      return (
        Reply(
          "Booked \(credits.movementText) credits for \(account.shownName). The balance is "
            + "\(balance)."
        ),
        also: account.telegramUserID > 0 ? [.message(news, to: account.telegramUserID)] : [],
        isBooked: true
      )
    } catch let error as LedgerError {
      return (Self.refusal(error), also: [], isBooked: false)
    }
  }

  private static func refusal(_ error: LedgerError) -> Reply {
    Reply("Nothing is booked: \(error.sentence).")
  }
}
