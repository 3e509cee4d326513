package import Foundation
package import GRDB
package import TelegramBotAPI

/// Puts what the bot says into the form of the Bot API, and into the outbox.
package struct ReplyQueue: Sendable {
  private let outbox: Outbox

  package init(outbox: Outbox) {
    self.outbox = outbox
  }

  /// Queues one reply, as several messages where it is too long for one. Buttons go with the last.
  package func queue(
    _ reply: Reply, to sender: Route.Sender, updateID: Int64, at now: Date, in db: Database
  ) throws {
    let parts = TextSplitter.split(reply.text)
    for (index, part) in parts.enumerated() {
      let request = try BotRequest.sendMessage(
        chatID: sender.chatID, text: part, threadID: sender.threadID,
        replyTo: index == 0 ? sender.replyTo : nil,
        keyboard: index == parts.count - 1 ? Self.keyboard(reply.buttons) : nil,
        disableLinkPreview: true)
      try outbox.queue(request, chatID: sender.chatID, updateID: updateID, at: now, in: db)
    }
  }

  /// Queues the answer to a press: the note over the chat, and what the message becomes.
  package func queue(
    _ response: ButtonResponse, to query: CallbackQuery, updateID: Int64, at now: Date,
    in db: Database
  ) throws {
    let notice = try BotRequest.answerCallbackQuery(id: query.id, text: response.notice)
    try outbox.queue(notice, chatID: nil, updateID: updateID, at: now, in: db)
    guard let reply = response.replacement, let message = query.message else { return }
    let edit = try BotRequest.editMessageText(
      chatID: message.chat.id, messageID: message.messageID, text: reply.text,
      keyboard: Self.keyboard(reply.buttons))
    try outbox.queue(edit, chatID: message.chat.id, updateID: updateID, at: now, in: db)
  }

  package func refuse(
    _ query: PreCheckoutQuery, because reason: String, updateID: Int64, at now: Date,
    in db: Database
  ) throws {
    let answer = try BotRequest.answerPreCheckoutQuery(
      id: query.id, ok: false, errorMessage: reason)
    try outbox.queue(answer, chatID: nil, updateID: updateID, at: now, in: db)
  }

  private static func keyboard(_ buttons: [Button]) -> InlineKeyboardMarkup? {
    guard !buttons.isEmpty else { return nil }
    return InlineKeyboardMarkup(
      rows: buttons.map { [InlineKeyboardButton(text: $0.title, callbackData: $0.data)] })
  }
}
