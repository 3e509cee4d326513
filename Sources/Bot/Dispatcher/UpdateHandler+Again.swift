import Assistant
import Commands
import GRDB
import Ledger
import Messaging
import Sales
import TelegramBotAPI

/// Questions that are asked again by one tap: what came with something that the bot cannot see, and
/// what cost more credits than there were.
extension UpdateHandler {
  /// Words beside a photo or the like are answered once the person knows that it was not seen. A
  /// command that nothing is paid for is carried out: most have no use for it, and the operator
  /// sees what goes to them.
  func response(
    toUnseen what: String, _ words: Route, from sender: Address, of stored: StoredUpdate,
    in tx: LedgerTransaction
  ) throws -> Response {
    if case .command(let name, let argument, _) = words,
      let command = environment.commands.named(name, isAdministrator: isAdministrator(sender)),
      command.takesAttachments || !command.takesLines
    {
      return try response(to: name, argument, from: sender, of: stored, in: tx)
    }
    let account = try tx.users.find(telegramUserID: sender.user.id)
    guard let account else { return .reply(Self.noAccount(sender), to: sender) }
    guard !account.isBlocked else { return .reply(Self.blocked(sender), to: sender) }
    try environment.inbox.offerAgain(stored.id, because: .unseen, in: tx)
    let text = "I cannot see the \(what), so I have only read your words. Shall I answer them?"
    return .reply(
      Reply(text, buttons: [.askAgain(stored.id, title: "Answer without it")]), to: sender)
  }

  /// `nil` if it is another button that was pressed.
  func askAgain(
    _ data: String, _ query: CallbackQuery, from sender: Address, in tx: LedgerTransaction
  ) throws -> Response? {
    let parts = data.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.dropFirst().compactMap { Int64($0) }
    guard let id = numbers.first, numbers.count == parts.count - 1 else { return nil }
    switch (String(parts[0]), numbers.count) {
    case (Button.askAgainCommand, 1): return try askAgain(id, query, from: sender, in: tx)
    case (Button.askAgainCommand, 2) where numbers[1] > 0:
      return try askAgain(id, upTo: Credits(micro: numbers[1]), query, from: sender, in: tx)
    case (Button.cancelAskedCommand, 1):
      return .pressed(try cancelAsked(id, query, from: sender, in: tx), query)
    default: return nil
    }
  }

  private func askAgain(
    _ id: Int64, upTo amount: Credits? = nil, _ query: CallbackQuery, from sender: Address,
    in tx: LedgerTransaction
  ) throws -> Response {
    guard try !isPassedEdit(id, of: sender, in: tx) else {
      let notice = "You have asked something else since. Please send it as a new message."
      return .pressed(ButtonResponse(notice: notice), query)
    }
    switch try environment.inbox.askAgain(id, upTo: amount, by: sender.user.id, in: tx) {
    case .asked(let update):
      // What the message says stays; its buttons have done their work.
      let replacement = query.message?.text.map { Reply($0) }
      return .pressed(
        ButtonResponse(notice: "I am on it.", replacement: replacement), query, again: update)
    case .underWay: return .pressed(ButtonResponse(notice: "I am already on it."), query)
    case .isOthers: return .pressed(ButtonResponse(notice: Self.onlyTheAsker), query)
    case .notOffered:
      let notice = "This is settled already. To ask it again, please send it as a new message."
      return .pressed(ButtonResponse(notice: notice), query)
    case .forgotten:
      let notice = "I no longer have your message. Please send it once more."
      return .pressed(ButtonResponse(notice: notice), query)
    }
  }

  private func cancelAsked(
    _ id: Int64, _ query: CallbackQuery, from sender: Address, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    guard try environment.inbox.cancelAsked(id, by: sender.user.id, in: tx) else {
      return ButtonResponse(notice: "There is nothing left to cancel here.")
    }
    return ButtonResponse(
      notice: "Canceled.", replacement: Reply("Canceled. Nothing was charged."))
  }
}

extension StoredUpdate {
  var message: Message? {
    switch update?.content {
    case .message(let message)?, .editedMessage(let message)?: message
    default: nil
    }
  }
}

extension RepliedMessage {
  /// `nil` if the message replies to nothing that has words.
  init?(of message: Message, bot: User) {
    let replied = message.replyToMessage
    guard let text = message.quote ?? replied?.words, !text.isEmpty else {
      return nil
    }
    let author: Author =
      switch replied?.from?.id {
      case bot.id: .bot
      case message.from?.id where message.from != nil: .asker
      default: .somebodyElse
      }
    self.init(text, by: author)
  }
}
