import Assistant
import Commands
import GRDB
import Ledger
import Messaging
import TelegramBotAPI

/// What is asked of an earlier answer: anew, to go on, from there, or with other words.
extension UpdateHandler {
  /// A press of a button under an answer is answered at once, and becomes work in the order of what
  /// the person has sent. Whatever the data say is checked: a modified client makes up any.
  func response(
    to press: AnswerButtons.Press, _ query: CallbackQuery, from sender: Address,
    of stored: StoredUpdate, in tx: LedgerTransaction
  ) throws -> Response {
    let account = try tx.users.find(telegramUserID: sender.user.id)
    guard !stored.isAskedAgain else {
      return try response(toWorkOf: press, by: account, from: sender, of: stored, in: tx)
    }
    func notice(_ text: String) -> Response { .pressed(ButtonResponse(notice: text), query) }
    guard try !Exchange.isOfAnother(press.updateID, than: account?.id, in: tx) else {
      return notice(Self.onlyTheAsker)
    }
    guard let account else { return notice("Please send me /start first.") }
    guard !account.isBlocked else { return notice(Self.blocked(sender).text) }
    guard let exchange = try exchange(of: press, account, sender, in: tx) else {
      return notice(ModelOrchestrator.answerIsForgotten)
    }
    if let former = exchange.followedBy, try environment.inbox.isPending(former, in: tx) {
      return notice("I am already on it.")
    }
    guard try exchange.isNewest(in: tx) else { return notice(Self.outdated) }
    try exchange.noteFollowed(by: stored.id, in: tx)
    return .pressed(
      ButtonResponse(notice: "I am on it."), query,
      again: try environment.inbox.keepAsWork(stored, in: tx))
  }

  private func response(
    toWorkOf press: AnswerButtons.Press, by account: UserAccount?, from sender: Address,
    of stored: StoredUpdate, in tx: LedgerTransaction
  ) throws -> Response {
    guard let account else { return .reply(Self.noAccount(sender), to: sender) }
    guard !account.isBlocked else { return .reply(Self.blocked(sender), to: sender) }
    guard let exchange = try exchange(of: press, account, sender, in: tx) else {
      return .reply(Reply(ModelOrchestrator.answerIsForgotten), to: sender)
    }
    var address = sender
    address.replyTo = exchange.questionMessageID
    let (text, position): (String, Work.Position) =
      switch press {
      case .again(let id): (exchange.question, .inPlace(of: id))
      case .goOn(let id): (AnswerButtons.goOnWords, .goingOn(from: id))
      }
    let work = Work(
      updateID: stored.id, receivedAt: stored.receivedAt, sender: address, task: exchange.task,
      text: text, position: position)
    return .work(work, account)
  }

  /// Theirs, and of the chat in which the button was pressed: what was said in private is not told
  /// anywhere else.
  private func exchange(
    of press: AnswerButtons.Press, _ account: UserAccount, _ sender: Address,
    in tx: LedgerTransaction
  ) throws -> Exchange? {
    let found = try Exchange.find(press.updateID, ofUser: account.id, in: tx)
    let chat = found?.conversation.groupID
    return chat == sender.groupID ? found : nil
  }

  static let onlyTheAsker = "Only whoever asked can do this."
  private static let outdated =
    "That was an earlier answer. Only the newest one has working buttons; reply to any to go on "
    + "from there."
}

// MARK: - Messages

extension UpdateHandler {
  /// A question that replies to an answer goes on from there, and the model has it before it: so it
  /// is not quoted, unless a part of it was picked, or nothing else was said.
  func response(
    to task: TaskType, _ text: String, of request: CommandRequest, from sender: Address,
    of stored: StoredUpdate, in tx: LedgerTransaction
  ) throws -> Response {
    let account = try request.account()
    var work = Work(
      updateID: stored.id, receivedAt: stored.receivedAt, sender: sender, task: task, text: text,
      replied: request.replied)
    guard let message = stored.message else { return .work(work, account) }
    if case .editedMessage? = stored.update?.content,
      let exchange = try Exchange.find(
        askedBy: message.messageID, inGroup: sender.groupID, ofUser: account.id, in: tx)
    {
      work.position = .inPlace(of: exchange.updateID)
    } else if let id = sender.inReplyTo,
      let answered = try Exchange.find(
        answeredBy: id, inChat: sender.chatID, ofUser: account.id, in: tx)
    {
      work.position = .after(answered.updateID)
      if message.quote == nil, !text.isEmpty { work.replied = nil }
    }
    return .work(work, account)
  }

  /// The newest question may be asked as it is now, and so may words beside what the bot cannot see
  /// that were not answered yet. Telegram calls it an edit, too, when the preview of a link has
  /// loaded.
  func response(
    toEdit stored: StoredUpdate, from sender: Address, in tx: LedgerTransaction
  ) throws -> Response {
    guard try changesWords(stored, in: tx) else { return .done }
    // In a group, nobody waits for a word on it.
    let asSent: Response = sender.isPrivate ? .reply(Self.edited, to: sender) : .done
    guard let message = stored.message, case let route = Route(asking: message, bot: bot),
      isQuestion(route), let account = try tx.users.find(telegramUserID: sender.user.id),
      !account.isBlocked
    else { return asSent }
    let exchange = try Exchange.find(
      askedBy: message.messageID, inGroup: sender.groupID, ofUser: account.id, in: tx)
    if let exchange {
      // Of a long paste, the other parts are not in the edit.
      guard try exchange.isNewest(in: tx),
        try environment.inbox.isWhole(exchange.updateID, in: tx)
      else { return asSent }
    }
    try environment.inbox.withdrawOffers(ofMessage: message, in: tx)
    guard exchange == nil else {
      try environment.inbox.offerAgain(stored.id, because: .unseen, in: tx)
      return .reply(
        Reply(
          "I have answered your question as you first sent it. Shall I answer the edited one "
            + "instead?",
          buttons: [.askAgain(stored.id, title: "Answer the edited one")]), to: sender)
    }
    guard case .unseen(let what, let words, _) = route else { return asSent }
    return try response(toUnseen: what, words, from: sender, of: stored, in: tx)
  }

  /// Whether it is an edit of a question that other ones have followed: to answer it now would take
  /// an earlier answer out of the conversation.
  func isPassedEdit(
    _ id: Int64, of sender: Address, in tx: LedgerTransaction
  ) throws -> Bool {
    guard case .editedMessage(let message)? = try environment.inbox.update(id, in: tx)?.content,
      let account = try tx.users.find(telegramUserID: sender.user.id),
      let exchange = try Exchange.find(
        askedBy: message.messageID, inGroup: sender.groupID, ofUser: account.id, in: tx)
    else { return false }
    return try !exchange.isNewest(in: tx)
  }

  /// Whether a model answers it.
  private func isQuestion(_ route: Route) -> Bool {
    switch route {
    case .text(let text, _): !text.isEmpty
    case .command(let name, _, let sender):
      environment.commands.named(name, isAdministrator: isAdministrator(sender))?.isPaidWork == true
    case .unseen(_, let words, _): isQuestion(words)
    default: false
    }
  }

  private var bot: User { environment.bot }
}

extension Route {
  /// What an update asks for whose person wants it to be handled after all: the words beside what
  /// the bot cannot see, or a question as it was edited.
  func askedAgain(_ update: Update, bot: User) -> Route {
    switch (self, update.content) {
    case (.unseen(_, let words, _), _): words
    case (.edited, .editedMessage(let message)):
      Route(asking: message, bot: bot).askedAgain(update, bot: bot)
    default: self
    }
  }
}
