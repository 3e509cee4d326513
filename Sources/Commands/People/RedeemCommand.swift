import GRDB
import Ledger
import Messaging

/// `/redeem CODE`: credits for a promotion code.
struct RedeemCommand: Command {
  let name = "redeem"
  let summary = "Get credits for a promotion code: /redeem and the code"
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
      \(transaction.amount) credits are yours. Your balance is \
      \(transaction.balanceAfter.text) credits.
      """
    case .usedBefore: "You have used this code already; it works once for each person."
    case .notValid: "This code is not valid, or no longer. Please check how it is written."
    case .revoked: "This code has been withdrawn, so it gives no credits any more. I am sorry."
    case .tooManyFailures: "That were too many wrong codes. Please try again in an hour."
    case .returning: "Promotion codes are for new people; you have had an account before."
    }
  }
}
