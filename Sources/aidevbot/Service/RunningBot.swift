import Bot
import Commands
import Foundation
import Glibc
import LanguageModels
import Ledger
import Logging
import Messaging
import Replication
import Settings
import Standby
import TelegramBotAPI

/// The daemon on its database, and all that accompanies it.
struct RunningBot {
  let composition: Composition
  let client: TelegramClient
  let llm: LLMClient
  let catalog: OpenRouterCatalog?
  let database: LedgerDatabase
  /// The lease; `nil` where there is one machine.
  let holding: Holding?
  let drain: Duration
  let logger: Logger

  /// - Parameter file: Of the settings, which are read again on each `hangUp`.
  func run(
    until stopping: Task<Void, Never>, reloadingOn hangUp: ReloadSignal, from file: String?
  ) async throws {
    let composition = try composition.choosingModels(by: database)
    let settings = try composition.settings.bot()
    RunCommand.tellOfDefaultModels(composition.settings, settings.models, logger)
    try RunCommand.warnOfModelsWithoutPrice(settings.models, database, logger)
    try RunCommand.warnOfTheStore(settings, logger)
    let notifier = ServiceNotifier(environment: ProcessInfo.processInfo.environment)
    let known = try await begin(notifier)
    let replica = try replica()
    let service = ServiceWatch(notifier: notifier, health: Health(), replica: replica) {
      [database] now in
      try database.read { try Health.load(in: $0) }
    }
    let bot = TelegramBot(
      client: client, database: database, llm: llm, settings: settings,
      workshop: try composition.workshop(), priceCatalog: catalog,
      health: service.health, events: service.events, replica: replica, known: known,
      figures: { [holding] in holding?.figures ?? [:] }, drainLimit: drain, logger: logger)
    let reload = SettingsReload(
      of: composition, file: file, bot: bot, database: database, logger: logger,
      announce: { service.reloading($0 == .began) })
    let reloading = Task { for await _ in hangUp.received { await reload.run() } }
    let looking = Task { [holding, logger] in
      await withLogger(logger) { _ in await holding?.lookAfter() }
    }
    defer {
      reloading.cancel()
      looking.cancel()
    }
    try await service.accompany {
      let why = try await bot.run { [holding] in
        let why = await Self.end(stopping, holding)
        service.stopping()
        return why
      }
      if why == .handOver { try await handOver() }
    }
    reloading.cancel()
    await reloading.value
    holding?.end()
  }

  /// What has to be so before the first promise; with breaks of the ledger, if it was looked at.
  private func begin(_ notifier: ServiceNotifier) async throws -> LedgerVerification.Report? {
    guard let holding else { return nil }
    return try await withLogger(logger) { _ in
      try await StandbyReport(notifier).accompany { report in
        var known: LedgerVerification.Report?
        if holding.isRestored {
          report.tell("proves the ledger.")
          known = try await database.verify { _ in }
        }
        try await holding.begin(with: database, telling: report.tell)
        return known
      }
    }
  }

  private func replica() throws -> Replica? {
    if let holding { return Replica(sync: { try await holding.secure() }) }
    return try composition.litestream().map { litestream in
      Replica(sync: { try await litestream.sync() })
    }
  }

  private static func end(
    _ stopping: Task<Void, Never>, _ holding: Holding?
  ) async -> TelegramBot.Stop {
    await withTaskGroup(of: TelegramBot.Stop.self) { group in
      let (stops, stop) = AsyncStream<Void>.makeStream()
      Task {
        await stopping.value
        stop.yield()
      }
      group.addTask {
        for await _ in stops { break }
        return .finish
      }
      if let holding {
        group.addTask {
          await holding.lease.waitForYield()
          return .handOver
        }
      }
      defer { group.cancelAll() }
      return await group.next() ?? .finish
    }
  }

  /// What is still under way is the other machine's, so nothing of it is waited for.
  private func handOver() async throws -> Never {
    do {
      try await holding?.giveUp()
      logger.notice("The lease is free: the machine that stands by takes it.")
    } catch {
      logger.error("The lease could not be given up.", metadata: ["error": "\(error)"])
    }
    _exit(HeldLease.lostStatus)
  }
}

extension HeldLease {
  /// EX_TEMPFAIL: systemd starts the process again, which then stands by.
  static let lostStatus: Int32 = 75
}
