@testable import Assistant
import Bot
import Commands
import Foundation
import GRDB
import LanguageModels
import Ledger
@testable import Messaging
import Sales
@testable import TelegramBotAPI
import TestSupport

extension BotRig {
  /// An orchestrator of its own, at a time of its own.
  func orchestrator(at now: @escaping @Sendable () -> Date = { Date() }) -> ModelOrchestrator {
    let writer = writer(at: now)
    return ModelOrchestrator(
      ModelOrchestrator.Environment(
        writer: writer, inbox: engine.inbox, outbox: engine.outbox, llm: llm,
        models: settings.models, terms: settings.terms, selling: SellingStatus(),
        usdPerStar: settings.store.usdPerStar, referralCredits: .zero, offers: [],
        notices: settings.notices,
        alerts: OperatorAlerts(administrators: [], outbox: engine.outbox, writer: writer),
        health: Health(), typing: Self.parkedTyping))
  }

  /// The rig's writer, by another clock.
  func writer(at now: @escaping @Sendable () -> Date) -> LedgerWriter {
    var database = database
    database.clock = now
    return LedgerWriter(database: database, sleep: writer.sleep)
  }

  /// Opens the account of user 42.
  func open() throws {
    try database.write { tx in
      _ = try tx.users.register(
        Profile(telegramUserID: 42, firstName: "Ada"), initialGrant: settings.initialGrant)
    }
  }

  /// A request of user 42 that is in the inbox and waits for a model.
  func work(
    _ text: String = "How do I sort?", task: TaskType = .chat, receivedAt: Date = Date()
  ) throws -> Work {
    let id = nextUpdateID()
    // As precise as what a later start reads from the file.
    let receivedAt = Date(timeIntervalSince1970: receivedAt.timeIntervalSince1970.rounded(.down))
    try database.write(at: receivedAt) { tx in
      _ = try engine.inbox.store(
        [.update(id, "message", .message(text))], nextOffset: nil, in: tx)
    }
    return Work(updateID: id, receivedAt: receivedAt, sender: .ada, task: task, text: text)
  }

  /// Leaves a hold behind, as an earlier life of the process that was killed.
  @discardableResult
  func leaveHold(
    for work: Work, at date: Date = Date(), isSent: Bool, requestID: String? = nil,
    isVoided: Bool = false
  ) throws -> CreditHold {
    let model = settings.models[work.task]
    return try database.write(at: date) { tx in
      let account = try tx.users.account(telegramUserID: 42)
      let price = try tx.pricing.active(
        model)
      let hold = try tx.holds(settings.terms).take(
        CreditHoldService.Request(
          userID: account.id, projectID: nil, work: work.ledgerName, taskType: "chat",
          price: price, inputTokensBound: 1_000, inputTokensEstimate: 250, outputCap: 400,
          deadline: date.addingTimeInterval(ModelOrchestrator.holdLifetime)))
      if !isSent {
        // As an older version left one behind before it called.
        try tx.db.execute(
          sql: "UPDATE credit_holds SET sent_at = NULL WHERE id = ?", arguments: [hold.id])
      }
      if let requestID { try tx.holds(settings.terms).keepRequestID(requestID, of: hold.id) }
      if isVoided { try tx.holds(settings.terms).void(hold.id, loss: nil) }
      return hold
    }
  }
}

extension ModelOrchestrator {
  /// Begins the work in a transaction and does it, as the handler of updates does.
  func perform(_ work: Work) async throws {
    let beginning = try await environment.writer.write(for: "a test") { tx in
      guard let account = try tx.users.find(telegramUserID: work.sender.user.id) else {
        return try refuseErased(work, in: tx)
      }
      return try begin(work, for: account, in: tx)
    }
    try await perform(beginning)
  }
}

extension Address {
  static let ada = Address(
    user: User(id: 42, isBot: false, firstName: "Ada"), chatID: 42, isPrivate: true)
}

extension FakeProvider {
  /// The calls that make a model work.
  var paidCalls: [LoopbackRequest] { requests.value.filter(Dialect.asksForAnswer) }
}
