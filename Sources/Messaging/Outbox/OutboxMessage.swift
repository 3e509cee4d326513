package import TelegramBotAPI

/// One message of the bot, as a row of the outbox keeps it. Its wire JSON is made when it is sent.
package struct OutboxMessage: Sendable, Equatable {
  package var text: String
  /// What of the text is shown in a fixed width. UTF-16 units.
  package var preformatted: Range<Int>?
  package var buttons: [Button]
  /// The topic of a forum.
  package var threadID: Int64?
  package var replyTo: Int64?
  /// The message whose place it takes; `nil` for a new one.
  package var edits: Int64?

  package init(
    text: String, preformatted: Range<Int>? = nil, buttons: [Button] = [], threadID: Int64? = nil,
    replyTo: Int64? = nil, edits: Int64? = nil
  ) {
    self.text = text
    self.preformatted = preformatted
    self.buttons = buttons
    self.threadID = threadID
    self.replyTo = replyTo
    self.edits = edits
  }

  /// The messages that a reply becomes: several if it is too long for one. Buttons go with the
  /// last.
  package static func all(of reply: Reply, threadID: Int64? = nil, replyTo: Int64? = nil)
    -> [OutboxMessage]
  {
    let (text, preformatted) = content(of: reply)
    let parts = TextSplitter.split(text)
    return parts.enumerated().map { index, part in
      OutboxMessage(
        text: part, preformatted: parts.count == 1 ? preformatted : nil,
        buttons: index == parts.count - 1 ? reply.buttons : [], threadID: threadID,
        replyTo: index == 0 ? replyTo : nil)
    }
  }

  /// What a message becomes whose button was pressed.
  package init(editing messageID: Int64, to reply: Reply) {
    let (text, preformatted) = Self.content(of: reply)
    self.init(text: text, preformatted: preformatted, buttons: reply.buttons, edits: messageID)
  }

  /// The whole text, and which of its UTF-16 units are the table.
  private static func content(of reply: Reply) -> (String, Range<Int>?) {
    // SQLite would end the text at a NUL.
    let text = String(String.UnicodeScalarView(reply.text.unicodeScalars.filter { $0 != "\0" }))
    guard let table = reply.table, !table.isEmpty else { return (text, nil) }
    let above = text + "\n\n"
    return (above + table, above.utf16.count..<(above.utf16.count + table.utf16.count))
  }

  /// - Throws: `.invalidRequest` if a limit of the Bot API is broken.
  package func request(to chatID: Int64) throws(TelegramError) -> BotRequest {
    guard let edits else {
      return try .sendMessage(
        chatID: chatID, text: text, preformatted: preformatted, threadID: threadID,
        replyTo: replyTo, keyboard: keyboard, disableLinkPreview: true)
    }
    return try .editMessageText(
      chatID: chatID, messageID: edits, text: text, preformatted: preformatted, keyboard: keyboard)
  }

  /// - Throws: `.invalidRequest` if a limit of the Bot API is broken.
  func check() throws(TelegramError) {
    try BotRequest.check(messageText: text, preformatted: preformatted, keyboard: keyboard)
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
