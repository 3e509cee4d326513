package import JSONReading

/// A press of an inline button. Telegram keeps it for 150 s. Bot API, *CallbackQuery*.
package struct CallbackQuery: Sendable, Equatable {
  package var id: String
  package var from: User
  /// The message that carries the button.
  package var message: MessageReference?
  /// The button's `callback_data`. A modified client can send any text here.
  package var data: String?
}

extension CallbackQuery: JSONObjectReadable {
  package init(_ object: JSONObject) throws {
    id = try object.read("id")
    from = try object.read("from")
    message = try object.readIfPresent("message")
    data = try object.readIfPresent("data")
  }
}
