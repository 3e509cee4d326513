import Foundation
import GRDB
package import LanguageModels
import Ledger
package import Logging
import Steps
package import TelegramBotAPI

/// Everything between the inbox and the outbox, wired for one channel: the same for Telegram and
/// for the console.
package struct Engine: Sendable {
  package let inbox: Inbox
  package let outbox: Outbox
  package let dispatcher: Dispatcher
  package let commands: CommandList
  private let writer: PatientWriter
  private let handler: UpdateHandler
  private let orchestrator: ModelOrchestrator
  private let alerts: OperatorAlerts
  private let ledgerBreaks: [String]
  private let logger: Logger

  /// How often what is overdue is looked for.
  private static let rounds = Duration.seconds(60)

  /// What differs between the channels.
  package struct Effects: Sendable {
    /// Shows that the bot is at work.
    package var typing: @Sendable (Route.Sender) async -> Void
    /// Says that there are replies to send.
    package var wakeSender: @Sendable () -> Void

    package init(
      typing: @escaping @Sendable (Route.Sender) async -> Void,
      wakeSender: @escaping @Sendable () -> Void
    ) {
      self.typing = typing
      self.wakeSender = wakeSender
    }
  }

  /// - Throws: Errors of the database, whose balances are checked first.
  package init(
    channel: Channel, bot: User, writer: PatientWriter, llm: LLMClient, settings: BotSettings,
    effects: Effects, logger: Logger
  ) throws {
    self.writer = writer
    self.logger = logger
    inbox = Inbox(channel: channel)
    outbox = Outbox(channel: channel)
    let replies = ReplyQueue(outbox: outbox)
    let report = try writer.database.read { try LedgerVerification().verifyBalances(in: $0) }
    ledgerBreaks = report.breaks
    for sentence in ledgerBreaks {
      logger.critical("The ledger is broken; nothing is sold.", metadata: ["break": "\(sentence)"])
    }
    alerts = OperatorAlerts(
      administrators: channel == .telegram ? settings.administrators : [], outbox: outbox,
      writer: writer, wakeSender: effects.wakeSender)
    commands = CommandList(initialGrant: settings.initialGrant, models: settings.models)
    orchestrator = ModelOrchestrator(
      ModelOrchestrator.Environment(
        writer: writer, inbox: inbox, replies: replies, llm: llm, models: settings.models,
        terms: settings.terms, isSelling: report.holds, alerts: alerts, typing: effects.typing,
        wakeSender: effects.wakeSender, now: { Date() }),
      logger: logger)
    handler = UpdateHandler(
      UpdateHandler.Environment(
        writer: writer, inbox: inbox, replies: replies, commands: commands,
        orchestrator: orchestrator, bot: bot, alerts: alerts, wakeSender: effects.wakeSender,
        now: { Date() }),
      logger: logger)
    dispatcher = Dispatcher(handler: handler)
  }

  /// Commits a batch to the inbox, then hands it on.
  package func receive(_ updates: [ReceivedUpdate], nextOffset: Int64?) async throws {
    let new = try await writer.commits.write { [inbox] in
      try inbox.store(updates, nextOffset: nextOffset, at: Date(), in: $0)
    }
    Step.updateStored.passed()
    await dispatcher.enqueue(new)
  }

  /// Goes on with what an earlier life of the process left unfinished.
  package func resume() async throws {
    if let first = ledgerBreaks.first {
      await alerts.raise(
        .brokenLedger,
        "The ledger is broken, so nothing is sold: \(first). Run: aidevbot ledger verify.")
    }
    let (pending, poison) = try writer.database.write { try inbox.resume(in: $0) }
    for update in poison {
      await handler.quarantine(update, because: "the process ended while it was being handled")
    }
    if !pending.isEmpty {
      logger.notice("Going on with unfinished updates.", metadata: ["count": "\(pending.count)"])
    }
    for update in pending {
      await dispatcher.enqueue([try writer.database.read { try inbox.load(update, in: $0) }])
    }
  }

  /// Voids forgotten holds and prunes the queues, now and then, until the task is cancelled.
  package func keepHouse() async {
    while !Task.isCancelled {
      do {
        try await orchestrator.voidOverdueHolds()
        try prune()
      } catch {
        writer.complain(of: error, doing: "keeping house", wait: Self.rounds)
      }
      await writer.sleep(Self.rounds)
    }
  }

  /// In bites, between which others write.
  private func prune() throws {
    var pruned = Inbox.mostPrunedAtOnce
    while pruned >= Inbox.mostPrunedAtOnce {
      pruned = try writer.database.write { db in
        try max(inbox.prune(at: Date(), in: db), outbox.prune(at: Date(), in: db))
      }
    }
  }
}
