/// Limits of the Bot API. Telegram names characters and leaves their unit open; UTF-16 units, of
/// which a text has at least as many as code points, are safe under every reading.
package enum TelegramLimits {
  /// UTF-16 units. Bot API, *sendMessage*.
  package static let messageText = 4096
  /// Of one message; more are not shown (seen, tdlib/telegram-bot-api).
  package static let entities = 100
  /// UTF-16 units. Bot API, *Rich message limits*, like the three below.
  package static let richText = 32_768
  package static let richBlocks = 500
  /// Of blocks that lie in one another.
  package static let richDepth = 16
  /// Of a table.
  package static let richColumns = 20
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
  /// UTF-16 units. Bot API, *sendDocument*.
  package static let caption = 1024
  /// Bytes. Bot API, *Sending files*, which says 50 MB and leaves open of which kind.
  package static let upload = 50_000_000
  /// UTF-16 units. Bot API, *sendInvoice*.
  package static let invoiceTitle = 32
  /// UTF-16 units. Bot API, *sendInvoice*.
  package static let invoiceDescription = 255
  /// Bytes. Bot API, *sendInvoice*.
  package static let invoicePayload = 128
  /// Characters. Bot features, *Deep linking*.
  package static let startParameter = 64
  /// Seconds, and no other number of them. Bot API, *createInvoiceLink*.
  package static let subscriptionPeriod = 2_592_000
  /// Stars. Bot API, *createInvoiceLink*.
  package static let subscriptionStars: Int64 = 10_000
  /// Of one request. Bot API, *getStarTransactions*.
  package static let transactionCount = 100
}
