/// A press of an inline button. Telegram keeps it for 150 s. Bot API, *CallbackQuery*.
package struct CallbackQuery: Decodable, Sendable, Equatable {
  package var id: String
  package var from: User
  /// The message that carries the button.
  package var message: MessageReference?
  /// The button's `callback_data`. A modified client can send any text here.
  package var data: String?
}
