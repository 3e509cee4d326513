package import Foundation

/// A payment as it is reported.
package struct ReportedPayment: Sendable {
  package var chargeID: String
  /// The payer's id on Telegram.
  package var payer: Int64
  /// What the invoice carried: the order's id, if it is one of ours.
  package var payload: String
  package var currency: String
  package var amount: Int64
  package var paidAt: Date
  package var source: Payment.Source
  /// Of a subscription: until when this payment lasts, and whether it is said to be the first
  /// one.
  package var subscription: (until: Date, isFirst: Bool)?

  package init(
    chargeID: String, payer: Int64, payload: String, currency: String, amount: Int64,
    paidAt: Date, source: Payment.Source, subscription: (until: Date, isFirst: Bool)? = nil
  ) {
    self.chargeID = chargeID
    self.payer = payer
    self.payload = payload
    self.currency = currency
    self.amount = amount
    self.paidAt = paidAt
    self.source = source
    self.subscription = subscription
  }
}
