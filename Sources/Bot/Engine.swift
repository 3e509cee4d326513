package import Assistant
package import Builds
package import Commands
import Foundation
import GRDB
import KillPoints
package import LanguageModels
import Ledger
import Logging
package import Messaging
package import Sales
import Synchronization
package import TelegramBotAPI
package import Workshop

/// Everything between the inbox and the outbox, wired for one channel: the same for Telegram and
/// for the console.
package struct Engine: Sendable {
  package let inbox: Inbox
  package let outbox: Outbox
  package let dispatcher: Dispatcher
  package let builds: BuildEngine
  package let alerts: OperatorAlerts
  let housekeeping: Housekeeping
  let ledgerLook: LedgerLook
  private let writer: LedgerWriter
  private let parts: ChangingParts
  let selling: SellingStatus

  /// What is built anew when settings change. An update, and a call, goes on with those that it
  /// began with.
  fileprivate struct Parts {
    var commands: CommandList
    var initialGrantsPerDay: Int?
    var payments: PaymentHandler
    var afterDelivery: AfterDelivery
    var orchestrator: ModelOrchestrator
    var driver: BuildDriver
    var handler: UpdateHandler
  }

  /// What differs between the channels.
  package struct Effects: Sendable {
    /// Shows that the bot is at work.
    package var typing: @Sendable (Address) async -> Void
    /// Begins to show the answer to an update while it grows; `nil` where it is to come whole.
    package var preview: @Sendable (Int64, Address) -> (any AnswerPreview)?
    /// Says that there are replies to send.
    package var repliesArrived: @Sendable () -> Void
    /// Shows that a message was seen which waits for the answer to an earlier one.
    package var waits: @Sendable (WaitingMessage) -> Void
    /// For what people may do so often within a time.
    package var now: @Sendable () -> ContinuousClock.Instant

    package init(
      typing: @escaping @Sendable (Address) async -> Void = { _ in },
      preview: @escaping @Sendable (Int64, Address) -> (any AnswerPreview)? = { _, _ in nil },
      repliesArrived: @escaping @Sendable () -> Void = {},
      waits: @escaping @Sendable (WaitingMessage) -> Void = { _ in },
      now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
      self.typing = typing
      self.preview = preview
      self.repliesArrived = repliesArrived
      self.waits = waits
      self.now = now
    }
  }

  /// - Throws: Errors of the database. What can be proven of its balances at once is.
  package init(
    channel: Channel, bot: User, writer: LedgerWriter, llm: LLMClient, settings: BotSettings,
    workshop: Workshop, effects: Effects = Effects(), health: Health = Health(),
    places: CallPlaces = CallPlaces()
  ) throws {
    self.writer = writer
    inbox = Inbox(channel: channel)
    outbox = Outbox(channel: channel, arrived: effects.repliesArrived)
    selling = SellingStatus()
    // The console has no administrators: whoever sits there has the shell.
    let administrators = channel == .telegram ? settings.administrators : []
    alerts = OperatorAlerts(administrators: administrators, outbox: outbox, writer: writer)
    // Nothing goes on beside the console.
    ledgerLook = try LedgerLook(
      writer: writer, selling: selling, alerts: alerts, goesOnBeside: channel == .telegram)
    let builds = BuildEngine(channel: channel, writer: writer)
    self.builds = builds
    let parts = ChangingParts(
      shared: SharedParts(
        bot: bot, writer: writer, inbox: inbox, outbox: outbox, selling: selling, alerts: alerts,
        health: health, places: places,
        repliesToStrangers: UpdateHandler.repliesToStrangers(on: channel, now: effects.now),
        counts: ModelOrchestrator.countsOfPerson(now: effects.now),
        administrators: administrators, workshop: workshop,
        wakeBuilds: { Task { await builds.wake() } }, typing: effects.typing,
        preview: effects.preview),
      settings, llm)
    self.parts = parts
    builds.use { parts.value.driver }
    housekeeping = Housekeeping(
      writer: writer, inbox: inbox, outbox: outbox, orchestrator: { parts.value.orchestrator },
      initialGrantsPerDay: { parts.value.initialGrantsPerDay }, selling: selling, alerts: alerts,
      freeDiskSpace: { writer.database.freeDiskSpace }, fileChange: { writer.database.change },
      newestBackup: { writer.database.newestBackupAt })
    dispatcher = Dispatcher(
      places: places, presses: Dispatcher.pressesOfPerson(on: channel, now: effects.now),
      sleep: writer.sleep, waits: effects.waits
    ) { parts.value.handler }
  }

  package var commands: CommandList { parts.value.commands }
  var desk: BuildDesk { parts.value.handler.environment.desk }
  var answers: AnswersUnderWay { parts.value.orchestrator.answers }
  package var payments: PaymentHandler { parts.value.payments }
  package var afterDelivery: AfterDelivery { parts.value.afterDelivery }

  /// Takes other settings, and calls models by another client, from the next update on.
  func apply(_ settings: BotSettings, _ llm: LLMClient) {
    parts.change(to: settings, llm)
  }

  /// Commits a batch to the inbox, then hands it on.
  package func receive(_ updates: [ReceivedUpdate], nextOffset: Int64?) async throws {
    let undecided = await dispatcher.peopleWhoChangeProjects
    let handler = parts.value.handler
    let new = try await writer.writeOnce { [inbox] in
      var undecided = undecided
      return try inbox.store(updates, nextOffset: nextOffset, in: $0) { update in
        handler.asker(of: update, undecided: &undecided)
      }
    }
    for update in new {
      Logger.current.debug("An update has arrived.", metadata: ["update": "\(update.id)"])
    }
    KillPoint.updateStored.passed()
    await dispatcher.enqueue(new)
  }

  /// Updates whose content is read at the same time.
  private static let resumedAtOnce = 100

  /// Goes on with what an earlier life of the process left unfinished.
  package func resume() async throws {
    if let first = selling.firstBreak { await alerts.raise(brokenLedger: first) }
    let (pending, poison) = try writer.writeAtOnce { try inbox.resume(in: $0) }
    for update in poison {
      await dispatcher.setApart(update, because: "the process ended while it was being handled")
    }
    if !pending.isEmpty {
      Logger.current.notice(
        "Going on with unfinished updates.", metadata: ["count": "\(pending.count)"])
    }
    // Not all at once into memory, and not one by one: the parts of a whole come together.
    for start in stride(from: 0, to: pending.count, by: Self.resumedAtOnce) {
      let some = pending[start..<min(start + Self.resumedAtOnce, pending.count)]
      await dispatcher.enqueue(
        try writer.read { tx in try some.map { try inbox.load($0, in: tx) } })
    }
  }
}

// MARK: - What changes with the settings

/// What stays when settings change.
private struct SharedParts: Sendable {
  var bot: User
  var writer: LedgerWriter
  var inbox: Inbox
  var outbox: Outbox
  var selling: SellingStatus
  var alerts: OperatorAlerts
  var health: Health
  var places: CallPlaces
  var repliesToStrangers: RateOfPerson
  /// Of all settings, as one minute's counts are those of the next.
  var counts: RateOfPerson
  var administrators: [Int64]
  var workshop: Workshop
  var wakeBuilds: @Sendable () -> Void
  var typing: @Sendable (Address) async -> Void
  var preview: @Sendable (Int64, Address) -> (any AnswerPreview)?
  let answers = AnswersUnderWay()
  let steps = StepsUnderWay()

  func parts(_ settings: BotSettings, _ llm: LLMClient) -> Engine.Parts {
    var settings = settings
    settings.administrators = administrators
    let checkout = Checkout(store: settings.store, selling: selling)
    let orchestrator = ModelOrchestrator(
      ModelOrchestrator.Environment(
        writer: writer, inbox: inbox, outbox: outbox, llm: llm, models: settings.models,
        terms: settings.terms, selling: selling, usdPerStar: settings.store.usdPerStar,
        referralCredits: settings.promotions.referralCredits,
        offers: checkout.buttons, notices: settings.notices,
        richMessages: settings.richMessages, alerts: alerts, health: health,
        places: places, counts: counts, answers: answers, typing: typing, preview: preview))
    let building = BuildDriver.Environment(
      orchestrator: orchestrator, writer: writer, outbox: outbox, workshop: workshop,
      terms: settings.terms, repairs: settings.repairs, underWay: steps)
    let desk = BuildDesk(building, wake: wakeBuilds)
    let commands = CommandList(
      settings, models: OfferedModels(settings.models, llm: llm), checkout: checkout,
      outbox: outbox, answers: answers, desk: desk, botUsername: bot.username)
    let payments = PaymentHandler(
      store: settings.store, outbox: outbox, alerts: alerts, selling: selling,
      credited: { try desk.goOnAfterPurchase(ofTelegramUser: $0, in: $1) })
    let handler = UpdateHandler(
      UpdateHandler.Environment(
        writer: writer, inbox: inbox, outbox: outbox, commands: commands,
        orchestrator: orchestrator, payments: payments, desk: desk, bot: bot,
        administrators: administrators,
        alerts: alerts, repliesToStrangers: repliesToStrangers))
    return Engine.Parts(
      commands: commands, initialGrantsPerDay: settings.initialGrantsPerDay, payments: payments,
      afterDelivery: AfterDelivery(outbox: outbox, payments: payments, terms: settings.terms),
      orchestrator: orchestrator, driver: BuildDriver(building), handler: handler)
  }
}

private final class ChangingParts: Sendable {
  private let shared: SharedParts
  private let current: Mutex<Engine.Parts>

  init(shared: SharedParts, _ settings: BotSettings, _ llm: LLMClient) {
    self.shared = shared
    current = Mutex(shared.parts(settings, llm))
  }

  var value: Engine.Parts { current.withLock { $0 } }

  func change(to settings: BotSettings, _ llm: LLMClient) {
    let new = shared.parts(settings, llm)
    current.withLock { $0 = new }
  }
}
