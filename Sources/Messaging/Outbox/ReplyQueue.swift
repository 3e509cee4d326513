package import Ledger
import Foundation
import GRDB
package import TelegramBotAPI

/// Puts what the bot says into the form of the Bot API, and into the outbox.
package struct ReplyQueue: Sendable {
  private let outbox: Outbox

  package init(outbox: Outbox) {
    self.outbox = outbox
  }

  /// Queues one reply, as several messages where it is too long for one. Buttons go with the last.
  package func queue(
    _ reply: Reply, to sender: Address, updateID: Int64, in tx: LedgerTransaction
  ) throws {
    try queue(
      reply, chatID: sender.chatID, threadID: sender.threadID, replyTo: sender.replyTo,
      updateID: updateID, in: tx)
  }

  /// Queues what is sent besides an answer.
  package func queue(
    _ outgoing: [Outgoing], updateID: Int64, in tx: LedgerTransaction
  ) throws {
    for one in outgoing {
      switch one {
      case .message(let reply, let chatID, let purpose):
        try queue(
          reply, chatID: chatID, purpose: purpose, updateID: updateID, in: tx)
      case .request(let request, let chatID, let purpose):
        try outbox.queue(
          request, chatID: chatID, purpose: purpose, updateID: updateID, in: tx)
      }
    }
  }

  /// Queues the answer to a press: the note over the chat, and what the message becomes.
  package func queue(
    _ response: ButtonResponse, to query: CallbackQuery, updateID: Int64, in tx: LedgerTransaction
  ) throws {
    let notice = try BotRequest.answerCallbackQuery(id: query.id, text: response.notice)
    try outbox.queue(notice, chatID: nil, updateID: updateID, in: tx)
    if let reply = response.replacement, let message = query.message {
      let (text, preformatted) = Self.content(of: reply)
      let edit = try BotRequest.editMessageText(
        chatID: message.chat.id, messageID: message.messageID, text: text,
        preformatted: preformatted, keyboard: Self.keyboard(reply.buttons))
      try outbox.queue(edit, chatID: message.chat.id, updateID: updateID, in: tx)
    }
    try queue(response.also, updateID: updateID, in: tx)
  }

  /// - Parameter reason: Why not, for the person to read; `nil` where the payment may be made.
  package func answer(
    _ query: PreCheckoutQuery, refusal reason: String?, updateID: Int64, in tx: LedgerTransaction
  ) throws {
    let answer = try BotRequest.answerPreCheckoutQuery(
      id: query.id, ok: reason == nil, errorMessage: reason)
    try outbox.queue(answer, chatID: nil, updateID: updateID, in: tx)
  }

  private func queue(
    _ reply: Reply, chatID: Int64, threadID: Int64? = nil, replyTo: Int64? = nil,
    purpose: Purpose? = nil, updateID: Int64, in tx: LedgerTransaction
  ) throws {
    let (text, preformatted) = Self.content(of: reply)
    let parts = TextSplitter.split(text)
    for (index, part) in parts.enumerated() {
      let request = try BotRequest.sendMessage(
        chatID: chatID, text: part, preformatted: parts.count == 1 ? preformatted : nil,
        threadID: threadID, replyTo: index == 0 ? replyTo : nil,
        keyboard: index == parts.count - 1 ? Self.keyboard(reply.buttons) : nil,
        disableLinkPreview: true)
      try outbox.queue(
        request, chatID: chatID, purpose: purpose, updateID: updateID, in: tx)
    }
  }

  /// The whole text, and which of its UTF-16 units are the table.
  private static func content(of reply: Reply) -> (String, Range<Int>?) {
    guard let table = reply.table, !table.isEmpty else { return (reply.text, nil) }
    let above = reply.text + "\n\n"
    return (above + table, above.utf16.count..<(above.utf16.count + table.utf16.count))
  }

  private static func keyboard(_ buttons: [Button]) -> InlineKeyboardMarkup? {
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
