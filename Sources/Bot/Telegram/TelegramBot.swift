import Assistant
import Builds
package import Commands
import Foundation
import GRDB
package import LanguageModels
package import Ledger
package import Logging
package import Messaging
package import Replication
import Sales
package import TelegramBotAPI
package import Workshop

/// The daemon: polls Telegram, answers, and stops when it is told to, losing nothing.
package struct TelegramBot: Sendable {
  /// How long work under way may take to end after a stop. All the limits together are shorter
  /// than the unit's `TimeoutStopSec`.
  package static let defaultDrainLimit = Duration.seconds(65)
  /// How long what was cancelled then may take to void its holds and tell people so.
  private static let cancelLimit = Duration.seconds(8)
  /// How long Telegram may take to accept replies that can go at once. The others are kept for the
  /// next start.
  private static let replyLimit = Duration.seconds(5)
  /// How long Telegram may take to be told of the last batch.
  private static let confirmLimit = Duration.seconds(5)
  /// How long what runs beside it may take to end; all of it is cancelled by then.
  private static let endLimit = Duration.seconds(5)
  /// How long work under way may take to end where another machine goes on: people wait meanwhile.
  private static let handOverLimit = Duration.seconds(2)

  /// Why the bot ends.
  package enum Stop: Sendable {
    /// It is told to; what is under way ends first.
    case finish
    /// Another machine goes on, also with what is under way. Whoever ran the bot ends the process
    /// next, without waiting for that.
    case handOver
  }

  private let client: TelegramClient
  private let writer: LedgerWriter
  private let current: CurrentSettings
  private let workshop: Workshop
  private let priceCatalog: OpenRouterCatalog?
  private let drainLimit: Duration
  private let logger: Logger
  private let sleep: @Sendable (Duration) async throws -> Void
  private let health: Health
  private let events: Poller.Events
  private let replica: Replica?
  private let figures: @Sendable () -> [String: String]
  private let known: LedgerVerification.Report?

  /// - Parameters:
  ///   - priceCatalog: Where prices are taken over from, once a day, if they are to be.
  ///   - events: Told, after `health`, what the poller does.
  ///   - replica: Where what is committed has to be before anything is promised.
  ///   - known: What a proof of the whole ledger has found; with breaks, nothing is sold.
  ///   - figures: What the health log says besides.
  ///   - drainLimit: How long work under way may take to end after a stop, before it is cancelled.
  ///   - sleep: Ends early, by throwing, when the task is cancelled.
  package init(
    client: TelegramClient, database: LedgerDatabase, llm: LLMClient, settings: BotSettings,
    workshop: Workshop,
    priceCatalog: OpenRouterCatalog? = nil, health: Health = Health(),
    events: Poller.Events = Poller.Events(), replica: Replica? = nil,
    known: LedgerVerification.Report? = nil,
    figures: @escaping @Sendable () -> [String: String] = { [:] },
    drainLimit: Duration = TelegramBot.defaultDrainLimit, logger: Logger,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    self.health = health
    self.events = events
    self.replica = replica
    self.known = known
    self.figures = figures
    self.client = client
    self.workshop = workshop
    self.priceCatalog = priceCatalog
    self.drainLimit = drainLimit
    current = CurrentSettings(settings, llm)
    self.logger = logger
    self.sleep = sleep
    writer = LedgerWriter(database: database) { try? await sleep($0) }
  }

  /// Changes, all at once, whatever may change while the bot runs: everything but administrators.
  /// What is under way goes on with what it began with.
  package func apply(_ settings: BotSettings, llm: LLMClient) {
    current.change(to: settings, llm)
  }

  /// Runs until `stop` returns.
  ///
  /// - Throws: `TelegramError.unauthorized` if Telegram rejects the token, `.notFound` if the base
  ///   URL leads elsewhere, `Poller.Stop` if polling cannot go on, and errors of the database.
  package func run(until stop: @escaping @Sendable () async -> Void) async throws {
    _ = try await run {
      await stop()
      return .finish
    }
  }

  /// The same, where another machine may go on.
  ///
  /// - Returns: Why it has ended: what `stop` has returned.
  package func run(until stop: @escaping @Sendable () async -> Stop) async throws -> Stop {
    try await withLogger(logger) { _ in try await runLogged(until: stop) }
  }

  private func runLogged(until stop: @escaping @Sendable () async -> Stop) async throws -> Stop {
    let stopping = Task { await stop() }
    defer { stopping.cancel() }
    // Those that only reading the settings and opening the database have needed.
    ProgramPages.giveBack()
    guard let bot = try await identify(until: stopping) else { return await stopping.value }
    let (arrivals, arrival) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let reactions = Reactions()
    let previews = TelegramPreviews(
      streaming: { [current] in current.settings.streaming }, sleep: writer.sleep)
    let engine = try Engine(
      channel: .telegram, bot: bot, writer: writer, llm: current.llm, settings: current.settings,
      workshop: workshop,
      effects: Engine.Effects(
        typing: showTyping, preview: previews.begin, repliesArrived: { arrival.yield() },
        waits: { reactions.add($0) }),
      health: health)
    if let known, !known.breaks.isEmpty { engine.selling.close(because: known) }
    let delivery = OutboxDelivery(
      outbox: engine.outbox, client: client, writer: writer, rates: current.settings.sendRates,
      ended: { try engine.afterDelivery.follow($0, $1, in: $2) }, wakeUps: arrivals,
      health: health, replica: replica)
    previews.use(delivery)
    let poller = Poller(
      client: client, storage: pollerStorage(engine), events: health.pollerEvents(also: events),
      sleep: sleep, logger: logger)
    try await engine.resume()
    let services = Task { await runServices(engine, delivery, reactions) }
    logger.notice("Running.", metadata: ["bot": "@\(bot.username ?? "?")"])

    let outcome = await firstOf(
      { await Result { try await poller.run() } },
      {
        await withTaskCancellationHandler {
          _ = await stopping.value
        } onCancel: {
          stopping.cancel()
        }
        return .success(())
      })
    if case .success = outcome, await stopping.value == .handOver {
      logger.notice("Stopping: another machine goes on.")
      _ = await within(Self.handOverLimit) {
        await engine.dispatcher.drain()
        await engine.builds.drain()
        await delivery.finish()
      }
      return .handOver
    }
    logger.notice("Stopping: finishing what is under way.")
    await drain(engine, delivery)
    if case .success = outcome { _ = await within(Self.confirmLimit) { await poller.confirm() } }
    await end(services)
    healthLog.write()
    try outcome.get()
    return .finish
  }

  private var healthLog: HealthLog {
    HealthLog(health: health, writer: writer, replica: replica, figures: figures)
  }

  /// All that runs beside the poller, until the task is cancelled.
  private func runServices(
    _ engine: Engine, _ delivery: OutboxDelivery, _ reactions: Reactions
  ) async {
    let (menus, menu) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    current.observe { settings, llm in
      engine.apply(settings, llm)
      Task { await delivery.change(to: settings.sendRates) }
      menu.yield()
    }
    let reconciliation = StarReconciliation(
      client: client, writer: writer, payments: engine.payments)
    var periodic: [any PeriodicService] = [
      healthLog, engine.housekeeping,
      engine.ledgerLook,
      OutboxLook(delivery),
      StarReconciler(reconciliation, alerts: engine.alerts),
      ThinkingLook { [current] in (current.settings.models.all, current.llm) },
      UsageLookUp(writer: writer) { [current] in current.llm },
      ProgramPages(),
    ]
    if let priceCatalog {
      periodic.append(
        PriceSync(
          priceCatalog, models: { current.settings.models }, alerts: engine.alerts,
          writer: writer))
    }
    await withDiscardingTaskGroup { group in
      group.addTask { await delivery.run() }
      group.addTask { await engine.builds.start() }
      group.addTask { await reactions.run(delivery, sleep: writer.sleep) }
      group.addTask { for await _ in menus { await publish(engine.commands) } }
      for service in periodic { group.addTask { await service.run(sleep: writer.sleep) } }
    }
  }

  /// Lets what is under way end: calls, holds and queries. What takes too long is cancelled: its
  /// hold is voided, the person is told, and the house bears what the call may have cost. Replies
  /// that have to wait, for a rate or for Telegram, are kept for the next start.
  private func drain(_ engine: Engine, _ delivery: OutboxDelivery) async {
    let isDrained = await within(drainLimit) {
      await engine.dispatcher.drain()
      await engine.builds.drain()
      await delivery.answerQueries()
    }
    guard !isDrained else {
      _ = await within(Self.replyLimit) { await delivery.finish() }
      return
    }
    logger.warning("Not all work ended in time; it is cancelled.")
    await engine.dispatcher.cancel()
    await engine.builds.cancel()
    let hasEnded = await within(Self.cancelLimit) {
      await engine.dispatcher.becomeIdle()
      await engine.builds.becomeIdle()
      await delivery.finish()
    }
    if !hasEnded { logger.warning("Something is left to be done; the next start goes on with it.") }
  }

  /// Whoever runs the bot closes the database next, which must find nobody about to read: that
  /// would read from a connection that is gone.
  private func end(_ services: Task<Void, Never>) async {
    services.cancel()
    let haveEnded = await within(Self.endLimit) { await services.value }
    if !haveEnded { logger.warning("Not all services have ended in time.") }
  }

  /// `nil` if the stop came before Telegram could be reached.
  private func identify(until stopping: Task<Stop, Never>) async throws -> User? {
    let identification = Task { try await identify() }
    let watch = Task {
      _ = await stopping.value
      identification.cancel()
    }
    defer { watch.cancel() }
    do {
      return try await identification.value
    } catch is CancellationError {
      return nil
    }
  }

  /// Asks Telegram who we are, for as long as it cannot be reached.
  private func identify() async throws -> User {
    var retries = Retries()
    while true {
      do throws(TelegramError) {
        return try await client.getMe()
      } catch {
        if error == .unauthorized || error == .notFound { throw error }
        let delay = retries.delay()
        logger.warning(
          "Telegram does not answer; trying again.",
          metadata: ["error": "\(error)", "wait": "\(delay)"])
        try await sleep(delay)
      }
    }
  }

  /// A poll confirms to Telegram what the one before has brought: also that of an earlier life.
  private func pollerStorage(_ engine: Engine) -> Poller.Storage {
    Poller.Storage(
      nextOffset: {
        try await waitForReplica()
        return try await explained { try writer.read { try engine.inbox.nextOffset(in: $0) } }
      },
      store: { updates, offset in
        try await explained { try await engine.receive(updates, nextOffset: offset) }
        try await waitForReplica()
      })
  }

  /// - Throws: `CancellationError`.
  private func waitForReplica() async throws {
    if let replica, await !replica.has() { throw CancellationError() }
  }

  /// The poller logs what it is thrown, and tries again by itself.
  private func explained<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let error as DatabaseError {
      throw DatabaseFailure(error)
    }
  }

  /// A hint that nobody relies on: if it fails, nothing is lost.
  @Sendable private func showTyping(to sender: Address) async {
    do {
      let request = BotRequest.sendChatAction(
        chatID: sender.chatID, action: "typing", threadID: sender.threadID)
      _ = try await client.perform(request)
    } catch {
      logger.debug("Typing could not be shown.", metadata: ["error": "\(error)"])
    }
  }

  /// Makes Telegram's menu show the same commands as `/help`: to administrators, theirs too.
  private func publish(_ commands: CommandList) async {
    await publish(commands.menu(forAdministrators: false), chatID: nil)
    for id in current.settings.administrators {
      await publish(commands.menu(forAdministrators: true), chatID: id)
    }
  }

  private func publish(_ commands: [any Command], chatID: Int64?) async {
    var retries = Retries()
    while !Task.isCancelled {
      do {
        let menu = commands.map { BotCommand(command: $0.name, description: $0.summary) }
        try await client.perform(try BotRequest.setMyCommands(menu, chatID: chatID))
        return
      } catch {
        if chatID != nil, case .badRequest = error {
          // An administrator who has never written to the bot has no chat with it.
          return logger.notice(
            "An administrator's menu could not be set; they have to send /start once.",
            metadata: ["error": "\(error)"])
        }
        logger.warning("The menu of commands could not be set.", metadata: ["error": "\(error)"])
        await writer.sleep(retries.delay())
      }
    }
  }
}

/// Runs both and returns the outcome of the one that ends first; the other is cancelled.
private func firstOf(
  _ one: @escaping @Sendable () async -> Result<Void, any Error>,
  _ other: @escaping @Sendable () async -> Result<Void, any Error>
) async -> Result<Void, any Error> {
  await withTaskGroup(of: Result<Void, any Error>.self) { group in
    group.addTask(operation: one)
    group.addTask(operation: other)
    let first = await group.next() ?? .success(())
    group.cancelAll()
    return first
  }
}

/// Waits for `body` at most that long; returns whether it ended. It is not cancelled.
private func within(
  _ limit: Duration, _ body: @escaping @Sendable () async -> Void
) async -> Bool {
  let (endings, ended) = AsyncStream<Bool>.makeStream()
  Task {
    await body()
    ended.yield(true)
  }
  let timer = Task {
    try await Task.sleep(for: limit)
    ended.yield(false)
  }
  defer { timer.cancel() }
  for await isDone in endings { return isDone }
  return false
}

extension Result where Failure == any Error {
  fileprivate init(_ body: () async throws -> Success) async {
    do {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}
