/// What is offered for Stars, as its buyer sees it. Bot API, *sendInvoice* and *createInvoiceLink*.
package struct Invoice: Sendable, Equatable {
  /// 1 to 32 UTF-16 units.
  package var title: String
  /// 1 to 255 UTF-16 units.
  package var description: String
  /// 1 to 128 bytes; not shown. It comes back with the payment and names the offer, not the
  /// payment: an invoice can be paid more than once.
  package var payload: String
  /// What the price is for; at least one character. Bot API, *LabeledPrice*.
  package var label: String
  /// The price, at least 1.
  package var stars: Int64

  package init(
    title: String, description: String, payload: String, label: String, stars: Int64
  ) {
    self.title = title
    self.description = description
    self.payload = payload
    self.label = label
    self.stars = stars
  }
}
