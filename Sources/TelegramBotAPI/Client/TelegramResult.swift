/// What a request brought.
package struct TelegramResult: Sendable, Equatable {
  /// If the result is a message.
  package var messageID: Int64?
  /// If the result is a string: the link of `createInvoiceLink`.
  package var text: String?

  package init(messageID: Int64? = nil, text: String? = nil) {
    self.messageID = messageID
    self.text = text
  }
}
