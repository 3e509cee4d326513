import ArgumentParser
import Assistant
import Bot
import Commands
import Foundation
import LanguageModels
import Ledger
import Logging
import Messaging
import Sales
import Settings

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Answer people on Telegram until stopped.",
    discussion: """
      Needs TELEGRAM_BOT_TOKEN and the key of one provider, or of each whose models the settings \
      name. SIGTERM or Ctrl-C stops it once what is under way has ended; a second one stops it at \
      once, and the next start goes on with the rest. SIGHUP reads the settings again.
      """)

  @Option(
    help: ArgumentHelp(
      "How long calls to models may take to end after a stop; 20 less than TimeoutStopSec.",
      valueName: "seconds"))
  var drain = Int(TelegramBot.defaultDrainLimit.components.seconds)
  @OptionGroup var options: ConfigOption

  func validate() throws {
    guard 0...86_400 ~= drain else { throw ValidationError("--drain must be 0 to 86400.") }
  }

  func run() async throws {
    let stop = StopSignal()
    let hangUp = ReloadSignal()
    let composition = try await Composition(options)
    let problems = composition.settings.problems()
    guard problems.isEmpty else { throw SettingsProblems(problems) }
    let logger = try composition.logger(default: .info)
    Self.logTheStart(of: composition.settings, logger)
    composition.settings.source.warnOfUnknownNames(logger)
    let client = try composition.telegram()
    let llm = try composition.llm()
    let catalog =
      try composition.settings.pricingSyncOpenRouter ? composition.openRouterCatalog() : nil
    let stopping = Task { await stop.wait() }
    try await InstanceLock.bot.hold(ofDatabase: try composition.settings.databasePath()) {
      let standby = try composition.standby()
      let holding = try await withLogger(logger) { _ in
        try await standby?.holding(until: stopping)
      }
      guard standby == nil || holding != nil else { return }  // Stopped while it stood by.
      let path = try composition.settings.databasePath()
      let database = try LedgerDatabase.openForBot(
        path: path, isReplicated: try composition.litestream() != nil)
      try await composition.withDatabase(database) { database in
        let bot = RunningBot(
          composition: composition, client: client, llm: llm, catalog: catalog,
          database: database, holding: holding, drain: .seconds(drain), logger: logger)
        try await bot.run(until: stopping, reloadingOn: hangUp, from: options.config)
      }
    }
  }

  /// The first line: what whoever reads the log later asks first. Where a setting is wrong, it is
  /// the sentence about that instead.
  private static func logTheStart(of settings: Settings, _ logger: Logger) {
    let version = Version.current
    logger.notice(
      "Starting.",
      metadata: [
        "version": "\(version.name)", "commit": "\(version.shortCommit ?? "unknown")",
        "database": "\((try? settings.databasePath()) ?? "unknown")",
        "settings": "\(settings.source.places)",
      ])
  }

  static func tellOfDefaultModels(
    _ settings: Settings, _ models: ModelAssignment, _ logger: Logger
  ) {
    let tasks = settings.tasksWithoutModel
    guard !tasks.isEmpty else { return }
    logger.notice(
      "Where no model is set, the first default with a key and a price does the work.",
      metadata: Dictionary(
        uniqueKeysWithValues: tasks.map { ($0.rawValue, "\(models[$0])") }))
  }

  static func warnOfTheStore(_ settings: BotSettings, _ logger: Logger) throws {
    for package in settings.store.sold {
      let margin = try package.marginPerMille(
        usdPerStar: settings.store.usdPerStar, terms: settings.terms)
      if margin < 0 {
        logger.error(
          "\(package.name) is sold below what its credits cost; raise its price.",
          metadata: ["margin_percent": "\(margin.percentText)"])
      }
    }
    if let sentence = settings.terms.lossSentence { logger.error("\(sentence).") }
    if settings.administrators.isEmpty, !settings.store.sold.isEmpty {
      logger.error(
        "TELEGRAM_ADMIN_USER_IDS is not set, so nobody reads what people write to /paysupport.")
    }
  }

  /// A person who asks for such a model is turned away, so the operator should know before.
  static func warnOfModelsWithoutPrice(
    _ models: ModelAssignment, _ database: LedgerDatabase, _ logger: Logger
  ) throws {
    for task in TaskType.allCases {
      for model in models.offered(for: task) {
        let reason = try database.read { try $0.pricing.whyNotSold(model) }
        if let reason { logger.error("\(task.title) cannot be sold: \(reason.sentence)") }
      }
    }
  }
}

extension SettingsSource {
  /// What may be misspelt names of settings.
  func warnOfUnknownNames(_ logger: Logger) {
    for sentence in unknownKeys.map(\.sentence) + unknownVariables.map(\.sentence) {
      logger.warning("\(sentence).")
    }
  }
}
