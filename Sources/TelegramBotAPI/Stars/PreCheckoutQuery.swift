package import JSONReading

/// A payment about to be made; it must be answered within 10 s. Bot API, *PreCheckoutQuery*.
package struct PreCheckoutQuery: Sendable, Equatable {
  package var id: String
  package var from: User
  /// `XTR` for Telegram Stars.
  package var currency: String
  /// In the smallest unit of the currency; whole Stars.
  package var totalAmount: Int64
  package var invoicePayload: String
}

extension PreCheckoutQuery: JSONObjectReadable {
  package init(_ object: JSONObject) throws {
    id = try object.read("id")
    from = try object.read("from")
    currency = try object.read("currency")
    totalAmount = try object.read("total_amount")
    invoicePayload = try object.read("invoice_payload")
  }
}
