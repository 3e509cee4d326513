/// A payment that was made. Bot API, *SuccessfulPayment*.
package struct SuccessfulPayment: Decodable, Sendable, Equatable {
  /// `XTR` for Telegram Stars.
  package var currency: String
  /// In the smallest unit of the currency; whole Stars.
  package var totalAmount: Int64
  package var invoicePayload: String
  /// The only thing that names this payment: an invoice can be paid more than once.
  package var telegramPaymentChargeID: String

  private enum CodingKeys: String, CodingKey {
    case currency
    case totalAmount = "total_amount"
    case invoicePayload = "invoice_payload"
    case telegramPaymentChargeID = "telegram_payment_charge_id"
  }
}
