import Foundation

// Each throws `.invalidRequest`, which names the field, if a limit of the Bot API is broken:
// Telegram ignores misspelt parameters and reports others only when the request is sent.
extension BotRequest {
  /// - Parameters:
  ///   - text: 1 to 4096 UTF-16 units, sent as it is: no markup is read from it.
  ///   - entities: What of the text is shown how.
  ///   - threadID: The topic.
  ///   - replyTo: The message to answer. If it is deleted meanwhile, the answer is sent all the
  ///     same.
  package static func sendMessage(
    chatID: Int64, text: String, entities: [MessageEntity] = [], threadID: Int64? = nil,
    replyTo: Int64? = nil, keyboard: InlineKeyboardMarkup? = nil, disableLinkPreview: Bool = false
  ) throws(TelegramError) -> BotRequest {
    try check(messageText: text, entities: entities, keyboard: keyboard)
    return BotRequest(
      "sendMessage",
      [
        "chat_id": .int(chatID),
        "text": .string(text),
        "entities": entities.json,
        "message_thread_id": threadID.map(JSON.int),
        "reply_parameters": replyTo.map(reply),
        "reply_markup": keyboard?.json,
        "link_preview_options": disableLinkPreview ? ["is_disabled": true] : nil,
      ])
  }

  /// Without `keyboard`, the message loses the one it has.
  package static func editMessageText(
    chatID: Int64, messageID: Int64, text: String, entities: [MessageEntity] = [],
    keyboard: InlineKeyboardMarkup? = nil
  ) throws(TelegramError) -> BotRequest {
    try check(messageText: text, entities: entities, keyboard: keyboard)
    return BotRequest(
      "editMessageText",
      [
        "chat_id": .int(chatID), "message_id": .int(messageID), "text": .string(text),
        "entities": entities.json, "reply_markup": keyboard?.json,
      ])
  }

  /// A message of blocks, such as tables and formulas. Web and older clients show nothing of it.
  /// Bot API, *sendRichMessage*.
  ///
  /// - Parameters:
  ///   - threadID: The topic.
  ///   - replyTo: The message to answer, which may be gone.
  package static func sendRichMessage(
    chatID: Int64, _ message: InputRichMessage, threadID: Int64? = nil, replyTo: Int64? = nil,
    keyboard: InlineKeyboardMarkup? = nil
  ) throws(TelegramError) -> BotRequest {
    try message.check()
    try check(keyboard)
    return BotRequest(
      "sendRichMessage",
      [
        "chat_id": .int(chatID), "rich_message": message.json,
        "message_thread_id": threadID.map(JSON.int), "reply_parameters": replyTo.map(reply),
        "reply_markup": keyboard?.json,
      ])
  }

  /// Makes a message of text one of blocks. Bot API, *editMessageText*.
  package static func editMessageText(
    chatID: Int64, messageID: Int64, to message: InputRichMessage,
    keyboard: InlineKeyboardMarkup? = nil
  ) throws(TelegramError) -> BotRequest {
    try message.check()
    try check(keyboard)
    return BotRequest(
      "editMessageText",
      [
        "chat_id": .int(chatID), "message_id": .int(messageID), "rich_message": message.json,
        "reply_markup": keyboard?.json,
      ])
  }

  /// Shows a part of a growing message for 30 s, in a private chat alone; whoever reads it may stop
  /// it. The message itself is to be sent after it. Bot API, *sendMessageDraft*.
  ///
  /// - Parameters:
  ///   - draftID: Not 0. What is shown under the same id takes the place of what was.
  ///   - text: As in a message.
  package static func sendMessageDraft(
    chatID: Int64, draftID: Int64, text: String, entities: [MessageEntity] = [],
    threadID: Int64? = nil
  ) throws(TelegramError) -> BotRequest {
    try require(draftID != 0, "draft_id is 0")
    try check(messageText: text, entities: entities, keyboard: nil)
    return BotRequest(
      "sendMessageDraft",
      [
        "chat_id": .int(chatID), "draft_id": .int(draftID), "text": .string(text),
        "entities": entities.json,
        "message_thread_id": threadID.map(JSON.int), "can_stop": true, "keep_on_stop": true,
      ])
  }

  /// Deletes one of the bot's messages of the last 48 hours. Bot API, *deleteMessage*.
  package static func deleteMessage(chatID: Int64, messageID: Int64) -> BotRequest {
    BotRequest("deleteMessage", ["chat_id": .int(chatID), "message_id": .int(messageID)])
  }

  /// Takes the keyboard from a message. Bot API, *editMessageReplyMarkup*.
  package static func removeKeyboard(chatID: Int64, messageID: Int64) -> BotRequest {
    BotRequest(
      "editMessageReplyMarkup", ["chat_id": .int(chatID), "message_id": .int(messageID)])
  }

  /// - Parameter emoji: One of those that Telegram takes (Bot API, *ReactionTypeEmoji*). It takes
  ///   the place of the bot's earlier one.
  package static func setMessageReaction(
    chatID: Int64, messageID: Int64, emoji: String
  ) -> BotRequest {
    BotRequest(
      "setMessageReaction",
      [
        "chat_id": .int(chatID), "message_id": .int(messageID),
        "reaction": .array([["type": .string("emoji"), "emoji": .string(emoji)]]),
      ])
  }

  /// - Parameters:
  ///   - document: At most 50 MB.
  ///   - caption: At most 1024 UTF-16 units, sent as it is.
  package static func sendDocument(
    chatID: Int64, _ document: Attachment, caption: String? = nil
  ) throws(TelegramError) -> BotRequest {
    try require(
      (caption?.utf16.count ?? 0) <= TelegramLimits.caption,
      "caption is longer than \(TelegramLimits.caption) UTF-16 units")
    try require(!document.fileName.isEmpty, "\(document.field) has no file name")
    try require(
      document.data.count <= TelegramLimits.upload,
      "\(document.field) is larger than \(TelegramLimits.upload) bytes")
    var request = BotRequest(
      "sendDocument", ["chat_id": .int(chatID), "caption": caption.map(JSON.string)])
    request.attachment = document
    return request
  }

  /// Sends what is in another message, without a link to it. Service messages, invoices and a few
  /// others cannot be copied. Bot API, *copyMessage*.
  package static func copyMessage(
    _ messageID: Int64, from source: Int64, to chatID: Int64
  ) -> BotRequest {
    BotRequest(
      "copyMessage",
      ["chat_id": .int(chatID), "from_chat_id": .int(source), "message_id": .int(messageID)])
  }

  /// Shown for 5 s, or until a message arrives. `action` is one of Telegram's names.
  package static func sendChatAction(
    chatID: Int64, action: String = "typing", threadID: Int64? = nil
  ) -> BotRequest {
    BotRequest(
      "sendChatAction",
      [
        "chat_id": .int(chatID), "action": .string(action),
        "message_thread_id": threadID.map(JSON.int),
      ])
  }

  /// - Parameter text: At most 200 UTF-16 units; `nil` ends the button's waiting in silence.
  package static func answerCallbackQuery(
    id: String, text: String? = nil
  ) throws(TelegramError) -> BotRequest {
    try require(
      (text?.utf16.count ?? 0) <= TelegramLimits.callbackAnswer,
      "text is longer than \(TelegramLimits.callbackAnswer) UTF-16 units")
    return BotRequest(
      "answerCallbackQuery",
      ["callback_query_id": .string(id), "text": text.map(JSON.string)])
  }

  /// - Parameter errorMessage: Shown to the user; must be there if `ok` is false.
  package static func answerPreCheckoutQuery(
    id: String, ok: Bool, errorMessage: String? = nil
  ) throws(TelegramError) -> BotRequest {
    try require(ok || errorMessage?.isEmpty == false, "error_message is missing")
    return BotRequest(
      "answerPreCheckoutQuery",
      [
        "pre_checkout_query_id": .string(id), "ok": .bool(ok),
        "error_message": errorMessage.map(JSON.string),
      ])
  }

  /// - Parameter chatID: Sets the menu of this chat alone, which shows it in place of the general
  ///   one. Bot API, *BotCommandScopeChat*.
  package static func setMyCommands(
    _ commands: [BotCommand], chatID: Int64? = nil
  ) throws(TelegramError) -> BotRequest {
    try require(
      commands.count <= TelegramLimits.commandCount,
      "commands are more than \(TelegramLimits.commandCount)")
    for command in commands { try check(command) }
    return BotRequest(
      "setMyCommands",
      [
        "commands": .array(commands.map(\.json)),
        "scope": chatID.map { ["type": .string("chat"), "chat_id": .int($0)] },
      ])
  }

  /// Keeps the updates that wait: they may be payments.
  package static func deleteWebhook() -> BotRequest {
    BotRequest("deleteWebhook", ["drop_pending_updates": false])
  }

  static func getUpdates(
    offset: Int64?, limit: Int, timeout: Int, allowedUpdates: [String]?
  ) -> BotRequest {
    BotRequest(
      "getUpdates",
      [
        "offset": offset.map(JSON.int), "limit": .int(Int64(limit)),
        "timeout": .int(Int64(timeout)),
        "allowed_updates": allowedUpdates.map { .array($0.map(JSON.string)) },
      ])
  }

  private static func reply(to messageID: Int64) -> JSON {
    ["message_id": .int(messageID), "allow_sending_without_reply": true]
  }

  init(_ method: String, _ parameters: JSON) {
    self.init(method: method, json: parameters.data)
  }
}

extension InlineKeyboardMarkup {
  fileprivate var json: JSON {
    ["inline_keyboard": .array(rows.map { .array($0.map(\.json)) })]
  }
}

extension InlineKeyboardButton {
  fileprivate var json: JSON {
    [
      "text": .string(text), "callback_data": callbackData.map(JSON.string),
      "url": url.map(JSON.string),
    ]
  }
}

extension BotCommand {
  fileprivate var json: JSON {
    ["command": .string(command), "description": .string(description)]
  }
}

// MARK: - Checks

extension BotRequest {
  /// What every message has to keep to, for whoever makes one that is sent later.
  package static func check(
    messageText text: String, entities: [MessageEntity], keyboard: InlineKeyboardMarkup?
  ) throws(TelegramError) {
    try check(messageText: text)
    try entities.check(in: text)
    try check(keyboard)
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
      try require(button.url?.isEmpty != true, "url of a button is empty")
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

  static func require(_ isMet: Bool, _ fault: String) throws(TelegramError) {
    guard isMet else { throw .invalidRequest(fault) }
  }
}
