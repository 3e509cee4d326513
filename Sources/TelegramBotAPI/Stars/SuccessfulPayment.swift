package import JSONReading

/// A payment that was made. Bot API, *SuccessfulPayment*.
package struct SuccessfulPayment: JSONObjectReadable, Sendable, Equatable {
  /// `XTR` for Telegram Stars.
  package var currency: String
  /// In the smallest unit of the currency; whole Stars.
  package var totalAmount: Int64
  package var invoicePayload: String
  /// The only thing that names this payment: an invoice can be paid more than once.
  package var telegramPaymentChargeID: String
  /// Until when the subscription is paid for. Unix time, seconds.
  package var subscriptionExpirationDate: Int64?
  /// Whether it pays for a subscription's first period.
  package var isFirstRecurring: Bool

  package init(_ object: JSONObject) throws {
    currency = try object.read("currency")
    totalAmount = try object.read("total_amount")
    invoicePayload = try object.read("invoice_payload")
    telegramPaymentChargeID = try object.read("telegram_payment_charge_id")
    subscriptionExpirationDate = try object.readIfPresent("subscription_expiration_date")
    isFirstRecurring = try object.readIfPresent("is_first_recurring") ?? false
  }
}
