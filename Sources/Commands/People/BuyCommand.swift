import GRDB
import Ledger
import Messaging
import Sales

/// `/buy`: what is for sale; a button sends the invoice.
struct BuyCommand: Command {
  let name = Checkout.command
  let summary = "Buy credits with Telegram Stars"
  let isPersonal = true
  let readsOnly = true
  let checkout: Checkout

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let account = try request.account()
    let buttons = checkout.buttons
    guard !buttons.isEmpty else { return .reply(Reply("There is nothing for sale right now.")) }
    return .reply(
      Reply(
        """
        Your balance is \(account.balance.text) credits. Credits do not expire.

        Choose one, and I will send you an invoice in Telegram Stars:
        """,
        buttons: buttons))
  }

  func press(
    _ argument: String, by request: CommandRequest, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    try checkout.press(argument, by: request.account(), in: tx)
  }
}
