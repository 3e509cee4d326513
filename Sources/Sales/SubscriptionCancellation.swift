import Foundation
import GRDB
package import Ledger
package import Messaging
import TelegramBotAPI

/// Ends people's subscriptions: because they ask for it, or with their account.
package struct SubscriptionCancellation: Sendable {
  let outbox: Outbox

  package init(outbox: Outbox) {
    self.outbox = outbox
  }

  /// Tells Telegram to charge the person no more, for any of their subscriptions; see
  /// `AfterDelivery`. What it is being told already is not repeated.
  package func cancellations(
    of account: UserAccount, in tx: LedgerTransaction
  ) throws -> [Outgoing] {
    let subscriptions = try tx.subscriptions.list(ofUser: account.id)
    return try subscriptions.filter { $0.mayBeCharged(at: tx.now) }.compactMap { subscription in
      let purpose = Purpose.cancellation(order: subscription.orderID)
      guard try outbox.queued(for: purpose, in: tx) == nil else { return nil }
      let request = try BotRequest.editUserStarSubscription(
        userID: account.telegramUserID, chargeID: subscription.chargeID, isCanceled: true)
      return .request(request, chat: nil, purpose)
    }
  }
}
