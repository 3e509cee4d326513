/// The other side of a transaction in Stars, whatever kind it is of. Bot API, *TransactionPartner*.
package struct TransactionPartner: Decodable, Sendable, Equatable {
  /// `user`, `chat`, `affiliate_program`, `fragment` (a withdrawal), `telegram_ads`,
  /// `telegram_api`, `other`, or what Telegram adds.
  package var type: String
  /// Of a user: `invoice_payment` for a payment and its refund, `gift_purchase`, …
  package var transactionType: String?
  package var user: User?
  /// Of an `invoice_payment`.
  package var invoicePayload: String?
  /// Of an `invoice_payment` for a subscription. Seconds.
  package var subscriptionPeriod: Int64?
  /// What an affiliate got of it. Bot API, *AffiliateInfo*.
  package var affiliate: StarAmount?

  private enum CodingKeys: String, CodingKey {
    case type, user, affiliate
    case transactionType = "transaction_type"
    case invoicePayload = "invoice_payload"
    case subscriptionPeriod = "subscription_period"
  }
}
