/// A payment that was given back, by whichever program of the bot's. Bot API, *RefundedPayment*.
package struct RefundedPayment: Decodable, Sendable, Equatable {
  /// `XTR`: only Telegram Stars are given back.
  package var currency: String
  /// Whole Stars.
  package var totalAmount: Int64
  package var invoicePayload: String
  /// Of the payment.
  package var telegramPaymentChargeID: String

  private enum CodingKeys: String, CodingKey {
    case currency
    case totalAmount = "total_amount"
    case invoicePayload = "invoice_payload"
    case telegramPaymentChargeID = "telegram_payment_charge_id"
  }
}
