import Foundation

// Each throws `.invalidRequest`, which names the field, where a limit of the Bot API is broken:
// Telegram ignores misspelt parameters and reports others only when the request is sent.
extension BotRequest {
  /// - Parameters:
  ///   - text: 1 to 4096 UTF-16 units, sent as it is: no markup is read from it.
  ///   - threadID: The topic.
  ///   - replyTo: The message to answer. If it is deleted meanwhile, the answer is sent all the
  ///     same.
  package static func sendMessage(
    chatID: Int64, text: String, threadID: Int64? = nil, replyTo: Int64? = nil,
    keyboard: InlineKeyboardMarkup? = nil, disableLinkPreview: Bool = false
  ) throws(TelegramError) -> BotRequest {
    struct Parameters: Encodable {
      struct Reply: Encodable {
        var messageID: Int64
        var allowSendingWithoutReply = true
      }
      struct LinkPreview: Encodable {
        var isDisabled = true
      }
      var chatID: Int64
      var text: String
      var messageThreadID: Int64?
      var replyParameters: Reply?
      var replyMarkup: InlineKeyboardMarkup?
      var linkPreviewOptions: LinkPreview?
    }
    try check(messageText: text)
    try check(keyboard)
    return try BotRequest(
      "sendMessage",
      Parameters(
        chatID: chatID, text: text, messageThreadID: threadID,
        replyParameters: replyTo.map { Parameters.Reply(messageID: $0) }, replyMarkup: keyboard,
        linkPreviewOptions: disableLinkPreview ? Parameters.LinkPreview() : nil))
  }

  /// Without `keyboard`, the message loses the one it has.
  package static func editMessageText(
    chatID: Int64, messageID: Int64, text: String, keyboard: InlineKeyboardMarkup? = nil
  ) throws(TelegramError) -> BotRequest {
    struct Parameters: Encodable {
      var chatID: Int64
      var messageID: Int64
      var text: String
      var replyMarkup: InlineKeyboardMarkup?
    }
    try check(messageText: text)
    try check(keyboard)
    return try BotRequest(
      "editMessageText",
      Parameters(chatID: chatID, messageID: messageID, text: text, replyMarkup: keyboard))
  }

  /// Shown for 5 s, or until a message arrives. `action` is one of Telegram's names.
  package static func sendChatAction(
    chatID: Int64, action: String = "typing", threadID: Int64? = nil
  ) throws(TelegramError) -> BotRequest {
    struct Parameters: Encodable {
      var chatID: Int64
      var action: String
      var messageThreadID: Int64?
    }
    return try BotRequest(
      "sendChatAction", Parameters(chatID: chatID, action: action, messageThreadID: threadID))
  }

  /// - Parameter text: At most 200 UTF-16 units; `nil` ends the button's waiting in silence.
  package static func answerCallbackQuery(
    id: String, text: String? = nil, showAlert: Bool = false
  ) throws(TelegramError) -> BotRequest {
    struct Parameters: Encodable {
      var callbackQueryID: String
      var text: String?
      var showAlert: Bool?
    }
    try require(
      (text?.utf16.count ?? 0) <= TelegramLimits.callbackAnswer,
      "text is longer than \(TelegramLimits.callbackAnswer) UTF-16 units")
    return try BotRequest(
      "answerCallbackQuery",
      Parameters(callbackQueryID: id, text: text, showAlert: showAlert ? true : nil))
  }

  /// - Parameter errorMessage: Shown to the user; must be there where `ok` is false.
  package static func answerPreCheckoutQuery(
    id: String, ok: Bool, errorMessage: String? = nil
  ) throws(TelegramError) -> BotRequest {
    struct Parameters: Encodable {
      var preCheckoutQueryID: String
      var ok: Bool
      var errorMessage: String?
    }
    try require(ok || errorMessage?.isEmpty == false, "error_message is missing")
    return try BotRequest(
      "answerPreCheckoutQuery",
      Parameters(preCheckoutQueryID: id, ok: ok, errorMessage: errorMessage))
  }

  package static func setMyCommands(_ commands: [BotCommand]) throws(TelegramError) -> BotRequest {
    struct Parameters: Encodable {
      var commands: [BotCommand]
    }
    try require(
      commands.count <= TelegramLimits.commandCount,
      "commands are more than \(TelegramLimits.commandCount)")
    for command in commands { try check(command) }
    return try BotRequest("setMyCommands", Parameters(commands: commands))
  }

  /// Keeps the updates that wait: they may be payments.
  package static func deleteWebhook() throws(TelegramError) -> BotRequest {
    struct Parameters: Encodable {
      var dropPendingUpdates = false
    }
    return try BotRequest("deleteWebhook", Parameters())
  }

  static func getUpdates(
    offset: Int64?, limit: Int, timeout: Int, allowedUpdates: [String]?
  ) throws(TelegramError) -> BotRequest {
    struct Parameters: Encodable {
      var offset: Int64?
      var limit: Int
      var timeout: Int
      var allowedUpdates: [String]?
    }
    return try BotRequest(
      "getUpdates",
      Parameters(offset: offset, limit: limit, timeout: timeout, allowedUpdates: allowedUpdates))
  }
}

// MARK: - Checks

extension BotRequest {
  private init(_ method: String, _ parameters: some Encodable) throws(TelegramError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    guard let json = try? encoder.encode(parameters) else {
      throw .invalidRequest("the parameters of \(method) have no form in JSON")
    }
    self.init(method: method, json: json)
  }

  private static func check(messageText text: String) throws(TelegramError) {
    try require(!text.allSatisfy(\.isWhitespace), "text is empty")
    try require(
      text.utf16.count <= TelegramLimits.messageText,
      "text is longer than \(TelegramLimits.messageText) UTF-16 units")
  }

  private static func check(_ keyboard: InlineKeyboardMarkup?) throws(TelegramError) {
    for button in keyboard?.rows.joined() ?? [].joined() {
      try require(!button.text.isEmpty, "the text of a button is empty")
      guard let data = button.callbackData else { continue }
      try require(
        1...TelegramLimits.callbackData ~= data.utf8.count,
        "callback_data is not 1 to \(TelegramLimits.callbackData) bytes long")
    }
  }

  private static func check(_ command: BotCommand) throws(TelegramError) {
    let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789_".utf8)
    try require(
      1...TelegramLimits.commandName ~= command.command.utf8.count
        && command.command.utf8.allSatisfy(allowed.contains),
      "command is not 1 to \(TelegramLimits.commandName) of a-z, 0-9 and _")
    try require(
      1...TelegramLimits.commandDescription ~= command.description.utf16.count,
      "description is not 1 to \(TelegramLimits.commandDescription) UTF-16 units long")
  }

  private static func require(_ isMet: Bool, _ fault: String) throws(TelegramError) {
    guard isMet else { throw .invalidRequest(fault) }
  }
}
