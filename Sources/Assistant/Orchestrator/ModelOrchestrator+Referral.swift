import GRDB
import Ledger
import Messaging

extension ModelOrchestrator {
  /// After a newcomer's paid request, in the transaction that settles it: they and whoever invited
  /// them get their credits once they are due, and are told.
  func thankForInvitation(of newcomer: UserAccount, in tx: LedgerTransaction) throws {
    let thanks = try tx.referrals.thank(
      for: newcomer, credits: environment.referralCredits, isSelling: !environment.offers.isEmpty)
    guard let thanks else { return }
    let amount = environment.referralCredits
    var messages: [Outgoing] = []
    if thanks.newcomer != nil {
      messages.append(
        .message(
          Reply(
            "Since a friend invited you, \(amount) extra credits are yours. You can invite "
              + "friends, too: /invite."),
          to: newcomer.telegramUserID))
    }
    if let inviter = thanks.inviter {
      messages.append(
        .message(
          Reply(
            "Somebody you invited has started to work with me, so \(amount) credits are yours. "
              + "Thank you!"),
          to: inviter.account.telegramUserID))
    }
    try environment.outbox.queue(messages, in: tx)
  }
}
