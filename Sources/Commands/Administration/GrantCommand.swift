import GRDB
import Ledger
import Messaging

/// `/grant USER CREDITS REASON`: gives credits, or takes them with a negative number.
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
          Write whom, how many and why, for example:
          /grant 123456789 50 sorry for the trouble
          /grant @ada -20 booked twice
          """))
    }
    guard let account = try tx.users.find(mention: parts[0]) else {
      return .reply(UserCommand.unknown(parts[0]))
    }
    do {
      guard credits <= .maximumGift else { throw LedgerError.tooMuchGiven }
      let transaction = try tx.transactions.record(
        NewTransaction(
          userID: account.id, type: .manualAdjustment, amount: credits,
          idempotencyKey: "manual:upd\(request.updateID)", description: parts[2]))
      let balance = "\(transaction.balanceAfter.balanceText) credits"
      let news = Reply(
        """
        \(credits.movementText) credits on your account: \(parts[2])
        Your balance is \(balance).
        """)
      return .reply(
        Reply("Booked \(credits) credits for \(account.shownName). The balance is \(balance)."),
        also: account.telegramUserID > 0 ? [.message(news, to: account.telegramUserID)] : [])
    } catch let error as LedgerError {
      return .reply(Reply("Nothing is booked: \(error.sentence)."))
    }
  }
}
