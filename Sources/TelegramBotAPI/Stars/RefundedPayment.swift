package import JSONReading

/// A payment that was given back, by whichever program of the bot's. Bot API, *RefundedPayment*.
package struct RefundedPayment: Sendable, Equatable {
  /// Of the payment.
  package var telegramPaymentChargeID: String
}

extension RefundedPayment: JSONObjectReadable {
  package init(_ object: JSONObject) throws {
    telegramPaymentChargeID = try object.read("telegram_payment_charge_id")
  }
}
