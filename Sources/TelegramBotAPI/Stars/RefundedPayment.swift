/// A payment that was given back, by whichever program of the bot's. Bot API, *RefundedPayment*.
package struct RefundedPayment: Decodable, Sendable, Equatable {
  /// Of the payment.
  package var telegramPaymentChargeID: String

  private enum CodingKeys: String, CodingKey {
    case telegramPaymentChargeID = "telegram_payment_charge_id"
  }
}
