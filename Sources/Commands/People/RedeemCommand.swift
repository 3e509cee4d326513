import GRDB
import Ledger
import Messaging

/// `/redeem CODE`: credits for a promotion code.
struct RedeemCommand: Command {
  let name = "redeem"
  let summary = "Redeem a promotion code: /redeem and the code"
  let isPersonal = true

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let account = try request.account()
    guard !request.argument.isEmpty else {
      return .reply(Reply("Write the code after the command, for example:\n/redeem WELCOME"))
    }
    let outcome = try tx.promotionCodes.redeem(
      request.argument, by: account)
    var buttons: [Button] = []
    if case .redeemed = outcome {
      buttons = try Inbox.askAgainButtons(for: account.telegramUserID, in: tx)
    }
    return .reply(Reply(Self.sentence(for: outcome), buttons: buttons))
  }

  private static func sentence(for outcome: PromotionCodeService.Outcome) -> String {
    switch outcome {
    case .redeemed(let transaction):
      """
      \(transaction.amount.text) credits are yours. Your balance is \
      \(transaction.balanceAfter.text) credits.
      """
    case .usedBefore: "You have already used this code; it works once per person."
    case .notValid: "This code is not valid, or no longer valid. Please check its spelling."
    case .revoked: "This code has been withdrawn, so it no longer gives credits. I am sorry."
    case .tooManyFailures: "You have tried too many wrong codes. Please try again in an hour."
    case .returning: "Promotion codes are for newcomers, and you have had an account before."
    }
  }
}
