/// Buttons under a message, row by row. Bot API, *InlineKeyboardMarkup*.
package struct InlineKeyboardMarkup: Sendable, Equatable {
  package var rows: [[InlineKeyboardButton]]

  package init(rows: [[InlineKeyboardButton]]) {
    self.rows = rows
  }
}

/// One button: it sends `callbackData` or opens `url`. Bot API, *InlineKeyboardButton*.
package struct InlineKeyboardButton: Sendable, Equatable {
  package var text: String
  /// 1 to 64 bytes.
  package var callbackData: String?
  package var url: String?

  package init(text: String, callbackData: String) {
    self.text = text
    self.callbackData = callbackData
  }

  package init(text: String, url: String) {
    self.text = text
    self.url = url
  }
}
