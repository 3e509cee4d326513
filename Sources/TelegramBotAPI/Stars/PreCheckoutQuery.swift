/// A payment about to be made; it must be answered within 10 s. Bot API, *PreCheckoutQuery*.
package struct PreCheckoutQuery: Decodable, Sendable, Equatable {
  package var id: String
  package var from: User
  /// `XTR` for Telegram Stars.
  package var currency: String
  /// In the smallest unit of the currency; whole Stars.
  package var totalAmount: Int64
  package var invoicePayload: String

  private enum CodingKeys: String, CodingKey {
    case id, from, currency
    case totalAmount = "total_amount"
    case invoicePayload = "invoice_payload"
  }
}
