package import JSONReading

/// A subscription goes on or comes to its end; no payment is reported by this. Bot API,
/// *BotSubscriptionUpdated*.
package struct BotSubscriptionUpdated: Sendable, Equatable {
  package var user: User
  package var invoicePayload: String
  /// `canceled` by the user, `active` again, `failed` to be paid, or what Telegram adds.
  package var state: String
}

extension BotSubscriptionUpdated: JSONObjectReadable {
  package init(_ object: JSONObject) throws {
    user = try object.read("user")
    invoicePayload = try object.read("invoice_payload")
    state = try object.read("state")
  }
}
