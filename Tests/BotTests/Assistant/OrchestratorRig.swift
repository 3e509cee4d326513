import Commands
import Bot
import Foundation
import GRDB
import LanguageModels
import Ledger
@testable import TelegramBotAPI
import TestSupport
@testable import Messaging
@testable import Assistant

extension BotRig {
  /// An orchestrator of its own, at a time of its own.
  func orchestrator(at now: @escaping @Sendable () -> Date = { Date() }) -> ModelOrchestrator {
    let outbox = Outbox(channel: .telegram)
    return ModelOrchestrator(
      ModelOrchestrator.Environment(
        writer: writer, inbox: engine.inbox, replies: ReplyQueue(outbox: outbox), llm: llm,
        models: settings.models, terms: settings.terms, isSelling: { true },
        referralCredits: .zero,
        alerts: OperatorAlerts(
          administrators: [], outbox: outbox, writer: writer, wakeSender: {}),
        health: Health(),
        typing: Self.parkedTyping, wakeSender: {}, now: now),
      logger: .silent)
  }

  /// Opens the account of user 42.
  func open() throws {
    try database.write { db in
      _ = try UserService().register(
        Profile(telegramUserID: 42, firstName: "Ada"), initialGrant: settings.initialGrant,
        at: Date(), in: db)
    }
  }

  /// A request of user 42 that is in the inbox and waits for a model.
  func work(
    _ text: String = "How do I sort?", task: TaskType = .chat, receivedAt: Date = Date()
  ) throws -> Work {
    let id = nextUpdateID()
    // As precise as what a later start reads from the file.
    let receivedAt = Date(timeIntervalSince1970: receivedAt.timeIntervalSince1970.rounded(.down))
    try database.write { db in
      _ = try engine.inbox.store(
        [.update(id, "message", .message(text))], nextOffset: nil, at: receivedAt, in: db)
    }
    return Work(updateID: id, receivedAt: receivedAt, sender: .ada, task: task, text: text)
  }

  /// Leaves a hold behind, as an earlier life of the process that was killed.
  @discardableResult
  func leaveHold(
    for work: Work, at date: Date = Date(), isSent: Bool, requestID: String? = nil,
    isVoided: Bool = false
  ) throws -> CreditHold {
    let service = CreditHoldService(terms: settings.terms)
    let model = settings.models[work.task]
    return try database.write { db in
      let account = try UserService().account(telegramUserID: 42, in: db)
      let price = try ModelPricingService().active(
        model, in: db)
      let hold = try service.take(
        CreditHoldService.Request(
          userID: account.id, projectID: nil, work: work.ledgerName, taskType: "chat",
          price: price, inputTokensBound: 1_000, inputTokensEstimate: 250, outputCap: 400,
          deadline: date.addingTimeInterval(ModelOrchestrator.holdLifetime)),
        at: date, in: db)
      if isSent { try service.markSent(hold.id, at: date, in: db) }
      if let requestID { try service.keepRequestID(requestID, of: hold.id, in: db) }
      if isVoided { try service.void(hold.id, loss: nil, at: date, in: db) }
      return hold
    }
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
