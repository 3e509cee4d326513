package import JSONReading
package import TelegramBotAPI

/// What the bot says, whatever the channel.
package struct Reply: Sendable, Equatable {
  package var text: String
  /// Shown above the text, formatted: what a model has written.
  package var markdown: String?
  /// One button a row.
  package var buttons: [Button] = []
  /// Shown below the text in a fixed width.
  package var table: String?
  /// Whether it may be a message of blocks.
  package var richMessages = RichMessages.never
  /// Whether it is the answer of a model, which replies to its question in private chats too.
  package var isAnswer = false
  /// Whether it replies to its question there as an answer does.
  package var repliesToQuestion = false

  package init(_ text: String, table: String? = nil, buttons: [Button] = []) {
    self.text = text
    self.table = table
    self.buttons = buttons
  }

  /// - Parameter below: What is said of it, as it is.
  package init(markdown: String, below text: String = "", buttons: [Button] = []) {
    self.init(text, buttons: buttons)
    self.markdown = markdown
  }
}

/// What the bot sends besides its answer, in the same transaction.
package enum Outgoing: Sendable, Equatable {
  case message(Reply, to: Int64, Purpose? = nil)
  /// To the chat, or to none.
  case request(BotRequest, chat: Int64?, Purpose? = nil)
}

package struct Button: Sendable, Hashable {
  package enum Action: Sendable, Hashable {
    /// `command:argument`, at most 64 bytes (Bot API, InlineKeyboardButton).
    case press(String)
    case open(url: String)
  }

  package var title: String
  package var action: Action

  package init(_ title: String, command: String, argument: String) {
    self.title = title
    action = .press("\(command):\(argument)")
  }

  package init(_ title: String, url: String) {
    self.title = title
    action = .open(url: url)
  }
}

/// `{"title": …, "press": …}` or `{"title": …, "open": …}`, as the outbox keeps it.
extension Button: JSONObjectReadable {
  package init(_ object: JSONObject) throws {
    title = try object.read("title")
    if let data = try object.readIfPresent("press", as: String.self) {
      action = .press(data)
    } else {
      action = .open(url: try object.read("open"))
    }
  }

  var json: JSON {
    switch action {
    case .press(let data): ["title": .string(title), "press": .string(data)]
    case .open(let url): ["title": .string(title), "open": .string(url)]
    }
  }
}

package struct ButtonResponse: Sendable, Equatable {
  /// A short note over the chat, at most 200 characters (Bot API, answerCallbackQuery); empty for
  /// none.
  package var notice: String
  /// What the message with the button is to become.
  package var replacement: Reply?
  /// Whether the message stays without its buttons, where nothing replaces it.
  package var takesButtons = false
  package var also: [Outgoing] = []
  /// Whether somebody's words were erased, which then should not stay in SQLite's log either.
  package var erasesWords = false

  package init(
    notice: String, replacement: Reply? = nil, takesButtons: Bool = false, also: [Outgoing] = [],
    erasesWords: Bool = false
  ) {
    self.notice = notice
    self.replacement = replacement
    self.takesButtons = takesButtons
    self.also = also
    self.erasesWords = erasesWords
  }
}
