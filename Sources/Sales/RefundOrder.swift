import Foundation
import GRDB
package import Ledger
package import Messaging
import TelegramBotAPI

/// A refund that is booked here, with what Telegram is to be told: from the chat and from the shell
/// alike. Asked for again, it is the one that is under way.
package struct RefundOrder: Sendable {
  package let refund: Refund
  package let payment: Payment
  package let payer: Int64
  /// To be queued in the same transaction; nothing if it is queued or done already.
  package let outgoing: [Outgoing]

  /// - Parameters:
  ///   - payer: For a payer whose data are erased.
  /// - Throws: `LedgerError`, for whoever asked to read.
  package init(
    chargeID: String, payer given: Int64?, isForced: Bool, by requester: Refund.Requester,
    in tx: LedgerTransaction
  ) throws {
    guard let payment = try tx.payments.find(chargeID) else {
      throw LedgerError.unknownPayment(chargeID: chargeID)
    }
    guard let payer = payment.payer ?? given else { throw LedgerError.payerErased }
    let (refund, isNew) = try tx.refunds.request(
      chargeID: chargeID, isForced: isForced, by: requester)
    self.refund = refund
    self.payment = payment
    self.payer = payer
    let request = try BotRequest.refundStarPayment(userID: payer, chargeID: chargeID)
    outgoing = isNew ? [.request(request, chat: nil, .refund(refund.id))] : []
  }

  /// For whoever asked.
  package var sentence: String {
    RefundText(refund, of: payment).answer(payer: payer, isNew: !outgoing.isEmpty)
  }
}
