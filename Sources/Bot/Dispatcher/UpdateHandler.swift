import Foundation
import GRDB
import Ledger
package import Logging
import KillPoints
package import TelegramBotAPI
package import Messaging
package import Sales
package import Assistant
package import Commands

/// Handles one update to its end: whatever becomes of it, it is finished or quarantined, and in a
/// private chat something is said.
package struct UpdateHandler: Sendable {
  package struct Environment: Sendable {
    package var writer: LedgerWriter
    package var inbox: Inbox
    package var replies: ReplyQueue
    package var commands: CommandList
    package var orchestrator: ModelOrchestrator
    package var payments: PaymentHandler
    /// The bot's own account.
    package var bot: User
    /// Telegram user ids.
    package var administrators: [Int64]
    package var alerts: OperatorAlerts
    package var wakeSender: @Sendable () -> Void
  }

  private let environment: Environment
  private let logger: Logger

  package init(_ environment: Environment, logger: Logger) {
    self.environment = environment
    self.logger = logger
  }

  package func handle(_ stored: StoredUpdate) async {
    await concerning(stored).handleToTheEnd(stored)
  }

  /// The same, whose lines in the log name the update.
  private func concerning(_ stored: StoredUpdate) -> UpdateHandler {
    var environment = environment
    environment.writer = environment.writer.concerning(update: stored.id)
    environment.orchestrator = environment.orchestrator.concerning(update: stored.id)
    return UpdateHandler(environment, logger: logger.concerning(update: stored.id))
  }

  private func handleToTheEnd(_ stored: StoredUpdate) async {
    do {
      let update = try await content(of: stored)
      guard let content = update.update else {
        return await quarantine(update, because: update.flaw ?? "it has no content")
      }
      if stored.attempts >= Inbox.attemptsBeforeCaution {
        try await environment.writer.write(for: "marking an update") {
          try environment.inbox.markTriedAlone(stored.id, in: $0)
        }
      }
      let route = Route(content, bot: environment.bot)
      let task = try await environment.writer.write(for: "answering an update") {
        try respond(to: route, stored, in: $0)
      }
      switch task {
      case .work(let work): return try await environment.orchestrator.perform(work)
      case .reading(let sender, let read):
        let (reply, also) = try await environment.writer.read(for: "reading a report", read)
        try await environment.writer.write(for: "answering an update") { tx in
          _ = try self.reply(reply, also: also, to: sender, stored, in: tx)
        }
      case nil: logger.debug("An update is answered.")
      }
      KillPoint.replyQueued.passed()
      environment.wakeSender()
    } catch is Inbox.AlreadyFinished {
      logger.debug("An update was finished before.")
    } catch let error as DatabaseError where error.isTransient && Task.isCancelled {
      // A stop has no time to wait for the disk.
      logger.warning("An update is left to the next start.", metadata: ["error": "\(error.advice)"])
    } catch {
      await quarantine(stored, because: String(describing: type(of: error)), error)
    }
  }

  /// Finishes an update of a person who has too many waiting already.
  package func turnAway(_ stored: StoredUpdate, limit: Int, saysSo: Bool) async {
    await end(stored, what: "turning an update away") { route, tx in
      if saysSo, let sender = route?.sender {
        let reply = Reply(
          """
          You have \(limit) messages waiting, so I leave this one and those right after it. They \
          cost you nothing.
          """)
        try environment.replies.queue(reply, to: sender, updateID: stored.id, in: tx)
      }
      try environment.inbox.finish(stored.id, in: tx)
    }
  }

  /// Sets an update apart that cannot be handled, tells its sender where there is one, and leaves
  /// no hold behind.
  package func quarantine(
    _ stored: StoredUpdate, because reason: String, _ error: (any Error)? = nil
  ) async {
    logger.error(
      "An update cannot be handled and is set apart; its row stays in the table inbox.",
      metadata: [
        "update": "\(stored.id)", "reason": "\(reason)", "error": "\(error.map { "\($0)" } ?? "-")",
      ])
    await environment.alerts.raise(
      .quarantine, "Update \(stored.id) could not be handled (\(reason)). Its row is in the inbox.")
    await end(stored, what: "quarantining an update") { route, tx in
      try environment.orchestrator.abandon(updateID: stored.id, in: tx)
      if let sender = route?.sender, sender.isPrivate {
        let reply = route?.isPayment == true ? Self.paymentSetApart : Self.apology
        try environment.replies.queue(reply, to: sender, updateID: stored.id, in: tx)
      }
      try environment.inbox.quarantine(stored.id, failure: reason, in: tx)
    }
  }
}

// MARK: - From a route to a reply

extension UpdateHandler {
  /// What is left to be done for an update, outside of the transaction that looked at it.
  private enum Errand: Sendable {
    case work(Work)
    case reading(Address, @Sendable (LedgerTransaction) throws -> (Reply, also: [Outgoing]))
  }

  /// Answers what can be answered from local data, and finishes the update with it; otherwise
  /// returns what is left to be done.
  private func respond(
    to route: Route, _ stored: StoredUpdate, in tx: LedgerTransaction
  ) throws -> Errand? {
    switch route {
    case .command(let name, let argument, let sender):
      return try command(name, argument, sender, stored, in: tx)
    case .text(let text, let sender):
      if let answer = try supportAnswer(text, sender, in: tx) {
        return try reply(Reply("Sent."), also: [answer], to: sender, stored, in: tx)
      }
      let request = try request(of: sender, argument: text, stored, in: tx)
      return try carryOut(stored, sender, in: tx) {
        guard try !request.account().isBlocked else { return .reply(Self.blocked) }
        return text.isEmpty ? .reply(Self.whatCanIDo) : .work(.chat, text)
      }
    case .unreadable(let what, let sender):
      let text = "I cannot read \(what) yet. Please tell me in words what you need."
      return try reply(Reply(text), to: sender, stored, in: tx)
    case .edited(let sender):
      let text =
        "I answer messages as they were first sent. If you meant another question, please "
        + "send it as a new message."
      return try reply(Reply(text), to: sender, stored, in: tx)
    case .button(let data, let query, let sender):
      try press(data, query, sender, stored, in: tx)
    case .preCheckout(let query):
      try environment.payments.answer(query, updateID: stored.id, in: tx)
    case .payment(let payment, let paidAt, let sender):
      try environment.payments.book(
        payment, from: sender, paidAt: paidAt, updateID: stored.id, in: tx)
    case .refunded(let refunded):
      try environment.payments.book(refunded, updateID: stored.id, in: tx)
    case .subscriptionChanged(let change):
      try environment.payments.note(change, in: tx)
    case .reachable(let isReachable, let id):
      try tx.users.setReachable(isReachable, telegramUserID: id)
    case .ignored: break
    }
    try environment.inbox.finish(stored.id, in: tx)
    KillPoint.commandCarriedOut.passed()
    return nil
  }

  private func command(
    _ name: String, _ argument: String, _ sender: Address, _ stored: StoredUpdate,
    in tx: LedgerTransaction
  ) throws -> Errand? {
    let request = try request(of: sender, argument: argument, stored, in: tx)
    guard let command = environment.commands.named(name, for: request) else {
      return try reply(unknown(name, sender), to: sender, stored, in: tx)
    }
    guard sender.isPrivate || !command.isPersonal else {
      let text = "That is between you and me: please send me /\(name) in a private chat."
      return try reply(Reply(text), to: sender, stored, in: tx)
    }
    return try carryOut(stored, sender, in: tx) {
      guard request.existingAccount?.isBlocked != true || command.servesBlocked else {
        return .reply(Self.blocked)
      }
      return try command.respond(to: request, in: tx)
    }
  }

  /// What an administrator says in answer to a message that told of a request for help.
  private func supportAnswer(
    _ text: String, _ sender: Address, in tx: LedgerTransaction
  ) throws -> Outgoing? {
    guard sender.isPrivate, let message = sender.inReplyTo,
      environment.administrators.contains(sender.user.id), !text.isEmpty,
      let request = try SupportRequests.request(ofMessage: message, inChat: sender.chatID, in: tx)
    else { return nil }
    return SupportRequests.answer(text, to: request, by: sender.user.id)
  }

  private func carryOut(
    _ stored: StoredUpdate, _ sender: Address, in tx: LedgerTransaction,
    _ respond: () throws -> CommandResponse
  ) throws -> Errand? {
    do {
      switch try respond() {
      case .reply(let reply, let also):
        return try self.reply(reply, also: also, to: sender, stored, in: tx)
      case .work(let task, let text):
        return .work(
          Work(
            updateID: stored.id, receivedAt: stored.receivedAt, sender: sender, task: task,
            text: text))
      case .reading(let read): return .reading(sender, read)
      }
    } catch is NoAccount {
      return try reply(Self.noAccount(sender), to: sender, stored, in: tx)
    }
  }

  private func press(
    _ data: String, _ query: CallbackQuery, _ sender: Address, _ stored: StoredUpdate,
    in tx: LedgerTransaction
  ) throws {
    let parts = data.split(separator: ":", maxSplits: 1)
    let argument = parts.count > 1 ? String(parts[1]) : ""
    var request = try request(of: sender, argument: argument, stored, in: tx)
    request.pressedMessage = query.message
    let command = parts.first.flatMap { environment.commands.named(String($0), for: request) }
    var response = ButtonResponse(notice: "This button is from an older version of me.")
    do {
      if let command { response = try command.press(argument, by: request, in: tx) }
    } catch is NoAccount {
      response = ButtonResponse(notice: "Please send me /start first.")
    }
    try environment.replies.queue(response, to: query, updateID: stored.id, in: tx)
  }

  private func request(
    of sender: Address, argument: String, _ stored: StoredUpdate, in tx: LedgerTransaction
  ) throws -> CommandRequest {
    let user = sender.user
    return CommandRequest(
      profile: Profile(
        telegramUserID: user.id, username: user.username, firstName: user.firstName,
        languageCode: user.languageCode),
      existingAccount: try tx.users.find(telegramUserID: user.id),
      argument: argument, updateID: stored.id,
      isAdministrator: environment.administrators.contains(user.id))
  }

  private func reply(
    _ reply: Reply, also: [Outgoing] = [], to sender: Address, _ stored: StoredUpdate,
    in tx: LedgerTransaction
  ) throws -> Errand? {
    try environment.replies.queue(reply, to: sender, updateID: stored.id, in: tx)
    try environment.replies.queue(also, updateID: stored.id, in: tx)
    try environment.inbox.finish(stored.id, in: tx)
    KillPoint.commandCarriedOut.passed()
    return nil
  }

  /// In a group, an unknown command with our name is answered too: it was addressed to us.
  private func unknown(_ name: String, _ sender: Address) -> Reply {
    Reply("I do not know /\(name.prefix(32)). Send /help for everything I can do.")
  }

  private static let blocked = Reply(
    "Your account is blocked. What you own stays yours; please write to /paysupport.")

  private static let whatCanIDo = Reply("What can I do for you? /help lists everything.")

  private static func noAccount(_ sender: Address) -> Reply {
    Reply(
      sender.isPrivate
        ? "Please send me /start first: it opens your account."
        : "Please write to me in a private chat and send /start first: it opens your account.")
  }
}

// MARK: - Endings

extension UpdateHandler {
  private static let apology = Reply(
    "Something went wrong on my side with this message. I have noted it for my operator, and it "
      + "cost you nothing.")

  private static let paymentSetApart = Reply(
    "I have been told of a payment from you, but something went wrong on my side. My operator has "
      + "been told and looks after it; nothing is lost. /paysupport takes your questions.")

  private func content(of stored: StoredUpdate) async throws -> StoredUpdate {
    guard stored.update == nil, stored.flaw == nil else { return stored }
    return try await environment.writer.write(for: "reading an update") {
      try environment.inbox.load(stored, in: $0)
    }
  }

  private func end(
    _ stored: StoredUpdate, what: String,
    _ body: @escaping @Sendable (Route?, LedgerTransaction) throws -> Void
  ) async {
    do {
      let update = try await content(of: stored).update
      let route = update.map { Route($0, bot: environment.bot) }
      try await environment.writer.write(for: what) { try body(route, $0) }
      environment.wakeSender()
    } catch {
      // It stays pending, and the next start tries again.
      logger.critical(
        "An update can be neither handled nor set apart.",
        metadata: ["update": "\(stored.id)", "error": "\(error)"])
    }
  }
}

extension Route {
  fileprivate var isPayment: Bool {
    if case .payment = self { true } else { false }
  }

  fileprivate var sender: Address? {
    switch self {
    case .command(_, _, let sender), .text(_, let sender), .unreadable(_, let sender),
      .edited(let sender), .button(_, _, let sender), .payment(_, _, let sender):
      sender
    case .preCheckout, .refunded, .subscriptionChanged, .reachable, .ignored: nil
    }
  }
}
