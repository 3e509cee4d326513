import Assistant
import Builds
import Commands
import Foundation
import GRDB
import KillPoints
import Ledger
import Logging
package import Messaging
import Sales
import TelegramBotAPI

/// Handles one update to its end: whatever becomes of it, it is finished or quarantined, and in a
/// private chat something is said.
package struct UpdateHandler: Sendable {
  let environment: Environment

  package init(_ environment: Environment) {
    self.environment = environment
  }

  /// What is left for the caller to do.
  package enum Rest: Sendable {
    /// To have a model work, which may take minutes.
    case call(@Sendable () async -> Void)
    /// To have another update handled again.
    case again(StoredUpdate)
  }

  /// What an answer from local data leaves to be done.
  enum Next: Sendable {
    case work(ModelOrchestrator.Beginning)
    case again(StoredUpdate)
  }

  /// Returns an update that is to be handled again, if that was asked for.
  package func handle(_ stored: StoredUpdate) async -> StoredUpdate? {
    switch await begin(stored) {
    case .call(let call)?: await call()
    case .again(let update)?: return update
    case nil: break
    }
    return nil
  }

  /// Answers from local data.
  package func begin(_ stored: StoredUpdate) async -> Rest? {
    switch await toTheEnd(of: stored, { try await answer(stored) }) ?? nil {
    case .work(let beginning)?:
      .call {
        await toTheEnd(of: stored) { try await environment.orchestrator.perform(beginning) }
      }
    case .again(let update)?: .again(update)
    case nil: nil
    }
  }

  private func answer(_ stored: StoredUpdate) async throws -> Next? {
    let writer = environment.writer
    let update = try await content(of: stored)
    guard let content = update.update else {
      await quarantine(update, because: update.flaw ?? "it has no content")
      return nil
    }
    if stored.attempts >= Inbox.attemptsBeforeCaution {
      try await writer.write(for: "marking an update") {
        try environment.inbox.keepParts(of: stored, in: $0)
        try environment.inbox.markTriedAlone(stored.id, in: $0)
      }
    }
    var route = Route(content, bot: environment.bot)
    if stored.isAskedAgain { route = route.askedAgain(content, bot: environment.bot) }
    var response: Response?
    if readsMuch(route) {
      response = try await writer.read(for: "reading a report") { [route] tx in
        try respond(to: route, of: update, in: tx)
      }
    }
    let (next, erasesWords) = try await writer.write(for: "answering an update") {
      [response, route] tx in
      try environment.inbox.keepParts(of: stored, in: tx)
      if let person = content.personInPrivate {
        if let user = content.userInPrivate {
          try tx.users.meet(Profile(of: user))
        } else {
          try tx.users.setReachable(true, telegramUserID: person)
        }
        try environment.outbox.sendKept(to: person, in: tx)
      }
      let response = try response ?? respond(to: route, of: update, in: tx)
      return (try carryOut(response, to: route, of: stored, in: tx), response.erasesWords)
    }
    if erasesWords { writer.truncateLog() }
    if next == nil { Logger.current.debug("An update is answered.") }
    return next
  }

  /// What goes wrong ends the update: it is set apart. Returns what `body` does, if it does.
  @discardableResult
  private func toTheEnd<Value: Sendable>(
    of stored: StoredUpdate, _ body: () async throws -> Value
  ) async -> Value? {
    await withLogger(mergingMetadata: ["update": "\(stored.id)"]) { _ in
      do {
        return try await body()
      } catch is Inbox.AlreadyFinished {
        Logger.current.debug("An update was finished before.")
      } catch let error as DatabaseError where error.mayPass && Task.isCancelled {
        // A stop has no time to wait for the disk.
        Logger.current.warning(
          "An update is left to the next start.", metadata: ["error": "\(error.advice)"])
      } catch {
        await quarantine(stored, because: String(describing: type(of: error)), error)
      }
      return nil
    }
  }

  /// Sets an update apart that cannot be handled, tells its sender if there is one, and leaves no
  /// hold behind.
  package func quarantine(
    _ stored: StoredUpdate, because reason: String, _ error: (any Error)? = nil
  ) async {
    Logger.current.error(
      "An update cannot be handled and is set apart; its row stays in the table inbox.",
      metadata: [
        "update": "\(stored.id)", "reason": "\(reason)", "error": "\(error.map { "\($0)" } ?? "-")",
      ])
    await environment.alerts.raise(
      .quarantine, "Update \(stored.id) could not be handled (\(reason)). Its row is in the inbox.")
    await end(stored, what: "quarantining an update") { route, tx in
      try environment.orchestrator.abandon(updateID: stored.id, in: tx)
      try environment.outbox.removePreview(ofUpdate: stored.id, in: tx)
      let isPayment = route?.isPayment == true
      if let sender = route?.sender, sender.isPrivate || isPayment {
        let reply = isPayment ? Self.paymentSetApart : Self.apology
        try environment.outbox.queue(reply, to: sender.inPrivate, updateID: stored.id, in: tx)
      }
      try environment.inbox.quarantine(stored.id, failure: reason, in: tx)
    }
  }
}

// MARK: - From a route to a response

extension UpdateHandler {
  /// What becomes of an update.
  enum Response: Sendable {
    case reply(Reply, also: [Outgoing] = [], to: Address)
    case pressed(ButtonResponse, CallbackQuery, again: StoredUpdate? = nil)
    case work(Work, UserAccount)
    /// All that follows from it is written.
    case done

    var erasesWords: Bool {
      if case .pressed(let response, _, _) = self { response.erasesWords } else { false }
    }
  }

  /// Whether nobody's writes are to wait for the answer.
  private func readsMuch(_ route: Route) -> Bool {
    guard case .command(let name, _, let sender) = route else { return false }
    return environment.commands.named(name, isAdministrator: isAdministrator(sender))?.readsMuch
      == true
  }

  private func respond(
    to route: Route, of stored: StoredUpdate, in tx: LedgerTransaction
  ) throws -> Response {
    if let response = try supportResponse(to: route, of: stored, in: tx) { return response }
    switch route {
    case .command(let name, let argument, let sender):
      return try response(to: name, argument, from: sender, of: stored, in: tx)
    case .text(let text, let sender):
      return try response(toText: text, from: sender, of: stored, in: tx)
    case .unreadable(let what, let sender):
      let text = "I cannot read \(what) yet. Please tell me in words what you need."
      return .reply(Reply(text), to: sender)
    case .unseen(let what, let words, let sender):
      return try response(toUnseen: what, words, from: sender, of: stored, in: tx)
    case .edited(let sender): return try response(toEdit: stored, from: sender, in: tx)
    case .button(let data, let query, let sender):
      if let press = AnswerButtons.Press(data: data) {
        return try response(to: press, query, from: sender, of: stored, in: tx)
      }
      if let pressed = try response(toStop: data, query, from: sender, in: tx) { return pressed }
      if let trial = Trial(data: data) {
        return try response(to: trial, query, from: sender, of: stored, in: tx)
      }
      if let pressed = try askAgain(data, query, from: sender, in: tx) { return pressed }
      return .pressed(
        try response(toPress: data, query, from: sender, of: stored, in: tx), query)
    case .preCheckout(let query):
      try environment.payments.answer(query, updateID: stored.id, in: tx)
    case .payment(let payment, let paidAt, let sender):
      try environment.payments.book(
        payment, from: sender, paidAt: paidAt, updateID: stored.id, in: tx)
    case .refunded(let refunded):
      try environment.payments.book(refunded, updateID: stored.id, in: tx)
    case .draftStopped(let stopped): stop(stopped)
    case .subscriptionChanged(let change): try environment.payments.note(change, in: tx)
    case .reachable(let isReachable, let id):
      try tx.users.setReachable(isReachable, telegramUserID: id)
    case .rightsChanged(let chatID): try tx.refusingChats.remove(chatID)
    case .ignored: break
    }
    return .done
  }

  func response(
    to name: String, _ argument: String, from sender: Address, of stored: StoredUpdate,
    in tx: LedgerTransaction
  ) throws -> Response {
    guard let command = environment.commands.named(name, isAdministrator: isAdministrator(sender))
    else {
      // In a group, an unknown command with our name is answered too: it was addressed to us.
      let help = "/help\(mention(for: sender) ?? "")"
      let text = "I do not know /\(name.prefix(32)). Send \(help) for everything I can do."
      return .reply(Reply(text), to: sender)
    }
    guard sender.isPrivate || !command.isPersonal else {
      let text = "That is between you and me: please send me /\(name) in a private chat."
      return .reply(Reply(text), to: sender)
    }
    let request = try request(argument: argument, from: sender, of: stored, in: tx)
    guard request.existingAccount?.isBlocked != true || command.servesBlocked else {
      return .reply(Self.blocked(sender), to: sender)
    }
    return try response(to: request, from: sender, of: stored, in: tx) {
      try command.respond(to: request, in: tx)
    }
  }

  private func response(
    toText text: String, from sender: Address, of stored: StoredUpdate, in tx: LedgerTransaction
  ) throws -> Response {
    let request = try request(argument: text, from: sender, of: stored, in: tx)
    return try response(to: request, from: sender, of: stored, in: tx) {
      let account = try request.account()
      guard !account.isBlocked else { return .reply(Self.blocked(sender)) }
      let answer = try sender.inReplyTo.flatMap {
        try Exchange.find(answeredBy: $0, inChat: sender.chatID, ofUser: account.id, in: tx)
      }
      if sender.isPrivate,
        let reply = try environment.desk.take(
          text, by: account, repliesToAnswer: answer != nil, in: tx)
      {
        return .reply(reply)
      }
      let asks = !text.isEmpty || request.replied != nil
      let help = request.typed("help")
      return asks
        ? .work(.chat, text) : .reply(Reply("What can I do for you? \(help) lists everything."))
    }
  }

  private func response(
    to request: CommandRequest, from sender: Address, of stored: StoredUpdate,
    in tx: LedgerTransaction, _ respond: () throws -> CommandResponse
  ) throws -> Response {
    do {
      switch try respond() {
      case .reply(let reply, let also): return .reply(reply, also: also, to: sender)
      case .work(let task, let text):
        return try self.response(
          to: task, text, of: request, from: sender, of: stored, in: tx)
      }
    } catch is NoAccount {
      return .reply(Self.noAccount(sender), to: sender)
    }
  }

  private func response(
    toPress data: String, _ query: CallbackQuery, from sender: Address, of stored: StoredUpdate,
    in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    let parts = data.split(separator: ":", maxSplits: 1)
    let argument = parts.count > 1 ? String(parts[1]) : ""
    let name = parts.first.map(String.init) ?? ""
    guard let command = environment.commands.named(name, isAdministrator: isAdministrator(sender))
    else { return ButtonResponse(notice: "This button is from an older version of me.") }
    var request = try request(argument: argument, from: sender, of: stored, in: tx)
    request.pressedMessage = query.message
    guard sender.isPrivate || !command.isPersonal else {
      return ButtonResponse(notice: "That is between you and me: please write to me in private.")
    }
    guard request.existingAccount?.isBlocked != true || command.servesBlocked else {
      return ButtonResponse(notice: Self.blocked(sender).text)
    }
    do {
      return try command.press(argument, by: request, in: tx)
    } catch is NoAccount {
      return ButtonResponse(notice: "Please send me /start first.")
    }
  }

  /// In a group nobody is one, lest it learns who is.
  func isAdministrator(_ sender: Address) -> Bool {
    sender.isPrivate && environment.administrators.contains(sender.user.id)
  }

  /// What a command there is to name the bot by.
  private func mention(for sender: Address) -> String? {
    sender.isPrivate ? nil : environment.bot.username.map { "@\($0)" }
  }

  func request(
    argument: String, from sender: Address, of stored: StoredUpdate, in tx: LedgerTransaction
  ) throws -> CommandRequest {
    let user = sender.user
    return CommandRequest(
      profile: Profile(of: user),
      existingAccount: try tx.users.find(telegramUserID: user.id), argument: argument,
      updateID: stored.id, groupID: sender.isPrivate ? nil : sender.chatID,
      mention: mention(for: sender), topic: sender.privateTopic,
      isAdministrator: isAdministrator(sender),
      replied: stored.message.flatMap { RepliedMessage(of: $0, bot: environment.bot) },
      attachment: stored.message.flatMap(SupportRequests.Words.init(attachmentOf:)))
  }
}

// MARK: - Endings

extension UpdateHandler {
  /// Queues what is to be said and finishes the update, or begins its work.
  private func carryOut(
    _ response: Response, to route: Route, of stored: StoredUpdate, in tx: LedgerTransaction
  ) throws -> Next? {
    var next: Next?
    switch response {
    case .work(let work, let account):
      return .work(try environment.orchestrator.begin(work, for: account, in: tx))
    case .reply(let reply, let also, let sender):
      let isStranger = try isStranger(sender.user.id, in: tx)
      // What somebody without an account says is not kept.
      if isStranger { try environment.inbox.forgetPayload(stored.id, in: tx) }
      // What goes to others, to an administrator perhaps, goes with its reply.
      if !isStranger || !also.isEmpty || isHeard(sender.user.id, topic(of: route), in: tx) {
        try environment.outbox.queue(reply, to: sender, updateID: stored.id, in: tx)
        try environment.outbox.queue(
          also, updateID: stored.id, topic: sender.privateTopic, in: tx)
      }
    case .pressed(let response, let query, let again):
      next = again.map(Next.again)
      let isStranger = try isStranger(query.from.id, in: tx)
      if isStranger { try environment.inbox.forgetPayload(stored.id, in: tx) }
      let isMerelyANote = response.replacement == nil && response.also.isEmpty
      let isHeard = !isStranger || !isMerelyANote || isHeard(query.from.id, "a press", in: tx)
      // Else the button stops waiting, and nothing is said.
      try environment.outbox.queue(
        isHeard ? response : ButtonResponse(notice: ""), to: query, updateID: stored.id, in: tx)
      // It is handled once more, and what was said is no answer to it.
      guard again?.id != stored.id else {
        try Outbox.disown(stored.id, in: tx)
        return next
      }
    case .done:
      // What others say in a group is nothing to keep.
      if route.isIgnored { try environment.inbox.forgetPayload(stored.id, in: tx) }
    }
    try environment.inbox.finish(stored.id, in: tx)
    KillPoint.commandCarriedOut.passed()
    return next
  }

  private func content(
    of stored: StoredUpdate, endlessly: Bool = false
  ) async throws -> StoredUpdate {
    guard stored.update == nil, stored.flaw == nil else { return stored }
    return try await environment.writer.read(for: "reading an update", endlessly: endlessly) {
      try environment.inbox.load(stored, in: $0)
    }
  }

  /// Waits for the disk as long as it takes: until the next start, nobody else ends the update.
  func end(
    _ stored: StoredUpdate, what: String,
    _ body: @escaping @Sendable (Route?, LedgerTransaction) throws -> Void
  ) async {
    do {
      let update = try await content(of: stored, endlessly: true).update
      let route = update.map { Route($0, bot: environment.bot) }
      try await environment.writer.write(for: what, endlessly: true) { tx in
        try environment.inbox.keepParts(of: stored, in: tx)
        try body(route, tx)
      }
    } catch {
      // Cancelled, or a mistake of ours. It stays pending, and the next start tries again.
      Logger.current.critical(
        "An update can be neither handled nor set apart.",
        metadata: ["update": "\(stored.id)", "error": "\(error)"])
    }
  }
}
