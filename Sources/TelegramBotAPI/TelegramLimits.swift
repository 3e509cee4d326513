/// Limits of the Bot API. Telegram names characters and leaves their unit open; UTF-16 units, of
/// which a text has at least as many as code points, are safe under every reading.
package enum TelegramLimits {
  /// UTF-16 units. Bot API, *sendMessage*.
  package static let messageText = 4096
  /// Bytes. Bot API, *InlineKeyboardButton*.
  package static let callbackData = 64
  /// UTF-16 units. Bot API, *answerCallbackQuery*.
  package static let callbackAnswer = 200
  /// Characters. Bot API, *BotCommand*.
  package static let commandName = 32
  /// UTF-16 units. Bot API, *BotCommand*.
  package static let commandDescription = 256
  /// Bot API, *setMyCommands*.
  package static let commandCount = 100
}
