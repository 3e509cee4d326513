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
  package let cashier: Cashier
  package let alerts: OperatorAlerts
  private let writer: PatientWriter
  private let handler: UpdateHandler
  private let orchestrator: ModelOrchestrator
  let housekeeping: Housekeeping
  private let sale: SaleGuard
  private let logger: Logger

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
    effects: Effects, health: Health = Health(), logger: Logger
  ) throws {
    self.writer = writer
    self.logger = logger
    inbox = Inbox(channel: channel)
    outbox = Outbox(channel: channel)
    let replies = ReplyQueue(outbox: outbox)
    let report = try writer.database.read { try LedgerVerification().verifyBalances(in: $0) }
    let sale = SaleGuard(report, logger: logger)
    self.sale = sale
    let isSelling: @Sendable () -> Bool = { sale.isOpen }
    var settings = settings
    if channel != .telegram { settings.administrators = [] }
    alerts = OperatorAlerts(
      administrators: settings.administrators, outbox: outbox, writer: writer,
      wakeSender: effects.wakeSender)
    commands = CommandList(
      settings, storefront: Storefront(store: settings.store, isSelling: isSelling),
      outbox: outbox, botUsername: bot.username)
    cashier = Cashier(
      store: settings.store, replies: replies, alerts: alerts, isSelling: isSelling, logger: logger)
    orchestrator = ModelOrchestrator(
      ModelOrchestrator.Environment(
        writer: writer, inbox: inbox, replies: replies, llm: llm, models: settings.models,
        terms: settings.terms, isSelling: isSelling,
        referralCredits: settings.promotions.referralCredits, alerts: alerts, health: health,
        typing: effects.typing, wakeSender: effects.wakeSender, now: { Date() }),
      logger: logger)
    handler = UpdateHandler(
      UpdateHandler.Environment(
        writer: writer, inbox: inbox, replies: replies, commands: commands,
        orchestrator: orchestrator, cashier: cashier, bot: bot,
        administrators: settings.administrators, alerts: alerts, wakeSender: effects.wakeSender,
        now: { Date() }),
      logger: logger)
    housekeeping = Housekeeping(
      writer: writer, inbox: inbox, outbox: outbox, orchestrator: orchestrator, sale: sale,
      alerts: alerts, wakeSender: effects.wakeSender,
      freeDiskSpace: { writer.database.freeDiskSpace })
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
    if let first = sale.firstBreak { await alerts.raise(brokenLedger: first) }
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

  /// Does what is due now and then, until the task is cancelled.
  package func keepHouse() async {
    await housekeeping.run()
  }
}
