/// A subscription goes on or comes to its end; no payment is reported by this. Bot API,
/// *BotSubscriptionUpdated*.
package struct BotSubscriptionUpdated: Decodable, Sendable, Equatable {
  package var user: User
  package var invoicePayload: String
  /// `canceled` by the user, `active` again, `failed` to be paid, or what Telegram adds.
  package var state: String

  private enum CodingKeys: String, CodingKey {
    case user, state
    case invoicePayload = "invoice_payload"
  }
}
