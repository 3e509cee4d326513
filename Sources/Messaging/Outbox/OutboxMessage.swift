package import TelegramBotAPI

/// One message of the bot, as a row of the outbox keeps it. Its wire JSON is made when it is sent.
package struct OutboxMessage: Sendable, Hashable {
  package var text: String
  /// What stands above the text where it is a message of blocks.
  package var markdown: String?
  /// What of the text is shown how.
  package var entities: [MessageEntity]
  package var buttons: [Button]
  /// The topic of a forum.
  package var threadID: Int64?
  package var replyTo: Int64?
  /// The message whose place it takes; `nil` for a new one.
  package var edits: Int64?

  package init(
    text: String, entities: [MessageEntity] = [], buttons: [Button] = [], threadID: Int64? = nil,
    replyTo: Int64? = nil, edits: Int64? = nil
  ) {
    self.text = text
    self.entities = entities
    self.buttons = buttons
    self.threadID = threadID
    self.replyTo = replyTo
    self.edits = edits
  }

  /// What a message becomes whose button was pressed.
  package init(editing messageID: Int64, to reply: Reply) {
    var reply = reply
    reply.richMessages = .never
    self = RenderedReply(reply).messages.first ?? OutboxMessage(text: "")
    buttons = reply.buttons
    edits = messageID
  }

  /// - Throws: `.invalidRequest` if a limit of the Bot API is broken.
  package func request(to chatID: Int64) throws(TelegramError) -> BotRequest {
    if let markdown {
      let rich = InputRichMessage(markdown: markdown, below: text)
      guard let edits else {
        return try .sendRichMessage(
          chatID: chatID, rich, threadID: threadID, replyTo: replyTo, keyboard: keyboard)
      }
      return try .editMessageText(
        chatID: chatID, messageID: edits, to: rich, keyboard: keyboard)
    }
    guard let edits else {
      return try .sendMessage(
        chatID: chatID, text: text, entities: entities, threadID: threadID,
        replyTo: replyTo, keyboard: keyboard, disableLinkPreview: true)
    }
    return try .editMessageText(
      chatID: chatID, messageID: edits, text: text, entities: entities, keyboard: keyboard)
  }

  /// - Throws: `.invalidRequest` if a limit of the Bot API is broken.
  func check() throws(TelegramError) {
    if let markdown { return try InputRichMessage(markdown: markdown, below: text).check() }
    try BotRequest.check(messageText: text, entities: entities, keyboard: keyboard)
  }

  private var keyboard: InlineKeyboardMarkup? {
    guard !buttons.isEmpty else { return nil }
    return InlineKeyboardMarkup(
      rows: buttons.map { button in
        switch button.action {
        case .press(let data): [InlineKeyboardButton(text: button.title, callbackData: data)]
        case .open(let url): [InlineKeyboardButton(text: button.title, url: url)]
        }
      })
  }
}
