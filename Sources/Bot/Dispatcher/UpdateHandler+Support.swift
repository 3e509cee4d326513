import Commands
import Ledger
import Messaging
import Sales
import TelegramBotAPI

/// What is said in reply to a message of a conversation with the operator. It goes to the other
/// side, and is no question to a model, whatever it holds.
extension UpdateHandler {
  /// `nil` if the message belongs to no such conversation. A command typed as a reply is carried
  /// out where it costs nothing.
  func supportResponse(
    to route: Route, of stored: StoredUpdate, in tx: LedgerTransaction
  ) throws -> Response? {
    guard case .message(let message)? = stored.update?.content, let sender = route.sender,
      sender.isPrivate, let words = SupportRequests.Words(message),
      let conversation = try conversation(of: message, from: sender, in: tx)
    else { return nil }
    if case .command(let name, let argument, _) = route,
      let command = environment.commands.named(name, isAdministrator: isAdministrator(sender)),
      !command.isPaidWork
    {
      return try response(to: name, argument, from: sender, of: stored, in: tx)
    }
    return conversation.isOfPerson
      ? try tell(words, message, conversation, from: sender, in: tx)
      : try answer(words, message, conversation, from: sender, of: stored, in: tx)
  }

  /// Found by the message that was replied to; if that has left the tables, by how it begins.
  private func conversation(
    of message: Message, from sender: Address, in tx: LedgerTransaction
  ) throws -> SupportRequests.Conversation? {
    guard let replied = message.replyToMessage else { return nil }
    let known = try SupportRequests.conversation(
      ofMessage: replied.messageID, inChat: sender.chatID, in: tx)
    if let known { return known }
    guard let text = replied.text else { return nil }
    let latest = try SupportRequests.latest(of: sender.user.id, in: tx)
    switch replied.from?.id {
    case environment.bot.id:
      switch SupportRequests.side(ofMessage: text) {
      case .administrator: return .gone(isOfPerson: false)
      case .person: return latest ?? .gone(isOfPerson: true)
      case nil: return nil
      }
    case sender.user.id: return BotCommandText(text)?.name == "paysupport" ? latest : nil
    default: return nil
    }
  }

  /// A person's words, on their way to the administrators.
  private func tell(
    _ words: SupportRequests.Words, _ message: Message,
    _ conversation: SupportRequests.Conversation, from sender: Address, in tx: LedgerTransaction
  ) throws -> Response {
    let desk = SupportRequests(administrators: environment.administrators)
    guard !desk.administrators.isEmpty else {
      return .reply(Reply(SupportRequests.nobody), to: sender)
    }
    guard conversation.person == sender.user.id else { return .reply(Self.isOver, to: sender) }
    let outcome = try desk.add(
      words, to: conversation.request, by: Profile(of: sender.user), in: tx)
    guard case .passedOn(let messages) = outcome else {
      return .reply(Reply(SupportRequests.tooMany), to: sender)
    }
    try SupportRequests.remember(
      message.messageID, inChat: sender.chatID, of: conversation.request, isOfPerson: true, in: tx)
    return .reply(Reply(SupportRequests.thanks), also: messages, to: sender)
  }

  /// An administrator's words, on their way to whoever asked.
  private func answer(
    _ words: SupportRequests.Words, _ message: Message,
    _ conversation: SupportRequests.Conversation, from sender: Address, of stored: StoredUpdate,
    in tx: LedgerTransaction
  ) throws -> Response {
    guard isAdministrator(sender) else { return .reply(Self.isNoAdministrator, to: sender) }
    guard let person = conversation.person else { return .reply(Self.isGone, to: sender) }
    let request = conversation.request
    try SupportRequests.remember(message.messageID, inChat: sender.chatID, of: request, in: tx)
    // A reply to this goes to the person, too.
    let sent = Outgoing.message(Reply("Sent."), to: sender.chatID, .supportRequest(request))
    let answer = SupportRequests.answer(words, to: request, of: person, by: sender.user.id)
    try environment.outbox.queue([sent] + answer, updateID: stored.id, in: tx)
    return .done
  }

  private static let isOver = Reply(
    "That conversation is over. To begin a new one, please write /paysupport and your question.")

  private static let isGone = Reply(
    "Nothing was sent: whoever asked has erased their account, or it was too long ago.")

  private static let isNoAdministrator = Reply(
    "Nothing was sent: you are no longer one of my administrators.")
}

extension SupportRequests.Words {
  /// `nil` for a message that only reports something.
  init?(_ message: Message) {
    if let text = message.text { self = .text(text) } else { self.init(attachmentOf: message) }
  }

  init?(attachmentOf message: Message) {
    guard message.attachment != nil else { return nil }
    self = .attachment(
      messageIDs: [message.messageID] + message.restOfAlbum, chatID: message.chat.id)
  }
}

extension Profile {
  init(of user: User) {
    self.init(
      telegramUserID: user.id, username: user.username, firstName: user.firstName,
      languageCode: user.languageCode)
  }
}
