import Foundation
import GRDB
package import LanguageModels
import Ledger
package import Logging
import KillPoints
import Synchronization
package import TelegramBotAPI
package import Messaging
package import Sales
import Assistant
package import Commands

/// Everything between the inbox and the outbox, wired for one channel: the same for Telegram and
/// for the console.
package struct Engine: Sendable {
  package let inbox: Inbox
  package let outbox: Outbox
  package let dispatcher: Dispatcher
  package let alerts: OperatorAlerts
  private let writer: LedgerWriter
  private let parts: ChangingParts
  let housekeeping: Housekeeping
  private let sale: SellingStatus
  private let logger: Logger

  /// What is built anew where settings change. An update, and a call, goes on with those that it
  /// began with.
  private struct Parts {
    var commands: CommandList
    var payments: PaymentHandler
    var afterDelivery: AfterDelivery
    var orchestrator: ModelOrchestrator
    var handler: UpdateHandler
  }

  private final class ChangingParts: Sendable {
    let make: @Sendable (BotSettings, LLMClient) -> Parts
    private let current: Mutex<Parts>

    init(
      _ settings: BotSettings, _ llm: LLMClient,
      make: @escaping @Sendable (BotSettings, LLMClient) -> Parts
    ) {
      self.make = make
      current = Mutex(make(settings, llm))
    }

    var value: Parts { current.withLock { $0 } }

    func change(to settings: BotSettings, _ llm: LLMClient) {
      let new = make(settings, llm)
      current.withLock { $0 = new }
    }
  }

  /// What differs between the channels.
  package struct Effects: Sendable {
    /// Shows that the bot is at work.
    package var typing: @Sendable (Address) async -> Void
    /// Says that there are replies to send.
    package var wakeSender: @Sendable () -> Void

    package init(
      typing: @escaping @Sendable (Address) async -> Void,
      wakeSender: @escaping @Sendable () -> Void
    ) {
      self.typing = typing
      self.wakeSender = wakeSender
    }
  }

  /// - Throws: Errors of the database, whose balances are checked first.
  package init(
    channel: Channel, bot: User, writer: LedgerWriter, llm: LLMClient, settings: BotSettings,
    effects: Effects, health: Health = Health(), logger: Logger
  ) throws {
    self.writer = writer
    self.logger = logger
    inbox = Inbox(channel: channel)
    outbox = Outbox(channel: channel)
    let replies = ReplyQueue(outbox: outbox)
    let report = try writer.database.read { try $0.verification.verifyBalances() }
    let sale = SellingStatus(report, logger: logger)
    self.sale = sale
    let administrators = channel == .telegram ? settings.administrators : []
    let alerts = OperatorAlerts(
      administrators: administrators, outbox: outbox, writer: writer,
      wakeSender: effects.wakeSender)
    self.alerts = alerts
    let parts = ChangingParts(settings, llm) { [inbox, outbox] settings, llm in
      var settings = settings
      settings.administrators = administrators
      let isSelling: @Sendable () -> Bool = { sale.isOpen }
      let commands = CommandList(
        settings, checkout: Checkout(store: settings.store, isSelling: isSelling),
        outbox: outbox, botUsername: bot.username)
      let payments = PaymentHandler(
        store: settings.store, replies: replies, alerts: alerts, isSelling: isSelling,
        logger: logger)
      let orchestrator = ModelOrchestrator(
        ModelOrchestrator.Environment(
          writer: writer, inbox: inbox, replies: replies, llm: llm, models: settings.models,
          terms: settings.terms, isSelling: isSelling,
          referralCredits: settings.promotions.referralCredits, alerts: alerts, health: health,
          typing: effects.typing, wakeSender: effects.wakeSender),
        logger: logger)
      let handler = UpdateHandler(
        UpdateHandler.Environment(
          writer: writer, inbox: inbox, replies: replies, commands: commands,
          orchestrator: orchestrator, payments: payments, bot: bot, administrators: administrators,
          alerts: alerts, wakeSender: effects.wakeSender),
        logger: logger)
      return Parts(
        commands: commands, payments: payments,
        afterDelivery: AfterDelivery(
          outbox: outbox, payments: payments, terms: settings.terms, logger: logger),
        orchestrator: orchestrator, handler: handler)
    }
    self.parts = parts
    housekeeping = Housekeeping(
      writer: writer, inbox: inbox, outbox: outbox, orchestrator: { parts.value.orchestrator },
      sale: sale, alerts: alerts, wakeSender: effects.wakeSender,
      freeDiskSpace: { writer.database.freeDiskSpace })
    dispatcher = Dispatcher { parts.value.handler }
  }

  package var commands: CommandList { parts.value.commands }
  package var payments: PaymentHandler { parts.value.payments }
  package var afterDelivery: AfterDelivery { parts.value.afterDelivery }

  /// Takes other settings, and calls models by another client, from the next update on.
  func apply(_ settings: BotSettings, _ llm: LLMClient) {
    parts.change(to: settings, llm)
  }

  /// Commits a batch to the inbox, then hands it on.
  package func receive(_ updates: [ReceivedUpdate], nextOffset: Int64?) async throws {
    let new = try await writer.commits.write { [inbox] in
      try inbox.store(updates, nextOffset: nextOffset, in: $0)
    }
    for update in new {
      logger.concerning(update: update.id).debug("An update has arrived.")
    }
    KillPoint.updateStored.passed()
    await dispatcher.enqueue(new)
  }

  /// Goes on with what an earlier life of the process left unfinished.
  package func resume() async throws {
    if let first = sale.firstBreak { await alerts.raise(brokenLedger: first) }
    let (pending, poison) = try writer.database.write { try inbox.resume(in: $0) }
    for update in poison {
      await parts.value.handler.quarantine(
        update, because: "the process ended while it was being handled")
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
