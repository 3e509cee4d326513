import Assistant
import Commands
import GRDB
import Ledger
package import Messaging
import TelegramBotAPI

/// What an update waits for, and who gets an answer at all.
extension UpdateHandler {
  /// What the update waits for, by the commands that there are.
  func turn(of update: Update) -> Route.Turn {
    let turn = Route.turn(of: update)
    guard turn == .inOrder, let command = command(in: update) else { return turn }
    if command.isAtOnce { return .press }
    return command.readsOnly ? .reading : turn
  }

  /// What is to be joined with what, in Telegram. What was handled once is whole.
  func part(of stored: StoredUpdate) -> MessagePart? {
    guard environment.inbox.channel == .telegram, !stored.isAskedAgain, stored.parts.isEmpty else {
      return nil
    }
    return stored.update.flatMap { MessagePart($0, bot: environment.bot) }
  }

  func changesActiveProject(_ update: Update) -> Bool {
    command(in: update)?.changesActiveProject == true
  }

  /// Who asks something by the update, so that the project that is active now is kept with it.
  ///
  /// - Parameter undecided: People whose waiting messages decide which project that is; those are
  ///   added whom this update makes such ones.
  func asker(of update: Update, undecided: inout Set<Int64>) -> Int64? {
    guard case .message(let message) = update.content, message.words != nil
    else { return nil }
    let person = Route.lane(of: update)
    if changesActiveProject(update) { undecided.insert(person) }
    return undecided.contains(person) ? nil : person
  }

  private func command(in update: Update) -> (any Command)? {
    guard case .command(let name, _, let sender) = Route(update, bot: environment.bot) else {
      return nil
    }
    return environment.commands.named(name, isAdministrator: isAdministrator(sender))
  }
}

// MARK: - Beyond what a person may send

extension UpdateHandler {
  /// Finishes a press beyond what a person may do; the button spins until Telegram gives it up.
  package func drop(_ stored: StoredUpdate) async {
    await end(stored, what: "dropping a press") { _, tx in
      try environment.inbox.forgetPayload(stored.id, in: tx)
      try environment.inbox.finish(stored.id, in: tx)
    }
  }

  /// Finishes an update of a person who has too many waiting already.
  package func turnAway(_ stored: StoredUpdate, limit: Int, saysSo: Bool) async {
    await end(stored, what: "turning an update away") { route, tx in
      if saysSo, let sender = route?.sender {
        let reply = Reply(
          """
          You have \(limit) messages waiting, so I skip this one and any that follow right away. \
          They cost you nothing.
          """)
        try environment.outbox.queue(reply, to: sender, updateID: stored.id, in: tx)
      }
      try environment.inbox.forgetPayload(stored.id, in: tx)
      try environment.inbox.finish(stored.id, in: tx)
    }
  }
}

// MARK: - Without an account

extension UpdateHandler {
  /// Whoever has no account gets the same reply once a minute: a flood of messages brings no flood
  /// of replies. In the terminal, nobody floods.
  package static func repliesToStrangers(
    on channel: Channel, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) -> RateOfPerson {
    RateOfPerson(atMost: channel == .telegram ? 1 : .max, in: .seconds(60), now: now)
  }

  func isStranger(_ telegramUserID: Int64, in tx: LedgerTransaction) throws -> Bool {
    try !environment.administrators.contains(telegramUserID)
      && !tx.users.exists(telegramUserID: telegramUserID)
  }

  /// Whether somebody without an account gets the reply.
  func isHeard(_ person: Int64, _ topic: String, in tx: LedgerTransaction) -> Bool {
    let rate = environment.repliesToStrangers
    guard rate.hasRoom(person, topic) else { return false }
    tx.afterCommit { rate.count(person, topic) }
    return true
  }

  /// The terms, the help and the like are given to everybody, each once a minute; all else that
  /// somebody without an account may say has one reply.
  func topic(of route: Route) -> String {
    guard case .command(let name, let argument, _) = route,
      let command = environment.commands.named(name, isAdministrator: false),
      command.readsOnly, command.servesBlocked
    else { return "" }
    return argument.isEmpty ? command.name : "\(command.name) with words"
  }
}
