/// A payment that was made. Bot API, *SuccessfulPayment*.
package struct SuccessfulPayment: Decodable, Sendable, Equatable {
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

  private enum CodingKeys: String, CodingKey {
    case currency
    case totalAmount = "total_amount"
    case invoicePayload = "invoice_payload"
    case telegramPaymentChargeID = "telegram_payment_charge_id"
    case subscriptionExpirationDate = "subscription_expiration_date"
    case isFirstRecurring = "is_first_recurring"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    currency = try values.decode(String.self, forKey: .currency)
    totalAmount = try values.decode(Int64.self, forKey: .totalAmount)
    invoicePayload = try values.decode(String.self, forKey: .invoicePayload)
    telegramPaymentChargeID = try values.decode(String.self, forKey: .telegramPaymentChargeID)
    subscriptionExpirationDate = try values.decodeIfPresent(
      Int64.self, forKey: .subscriptionExpirationDate)
    isFirstRecurring = try values.decodeIfPresent(Bool.self, forKey: .isFirstRecurring) ?? false
  }
}
