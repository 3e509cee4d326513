import Assistant
import Bot
import LanguageModels
import Ledger
import Logging
import Messaging
import Metering
import Settings

/// Reads the settings again while the bot runs: all of them are checked, and either all that may
/// change does at once, or nothing.
actor SettingsReload {
  /// For whoever tells the service's supervisor of it.
  enum Phase: Sendable {
    case began
    case ended
  }

  /// A model that nobody could be charged for.
  private struct Unpriced: Error, CustomStringConvertible {
    var task: TaskType
    var reason: LedgerError
    var description: String { "\(task.title) could not be sold: \(reason.sentence)" }
  }

  /// As it was started; what needs a restart is compared with it.
  private let composition: Composition
  private let file: String?
  private let bot: TelegramBot
  private let database: LedgerDatabase
  private let announce: @Sendable (Phase) -> Void
  private var logger: Logger
  private var current: Settings
  private var llm: LLMClient?

  init(
    of composition: Composition, file: String?, bot: TelegramBot, database: LedgerDatabase,
    logger: Logger,
    announce: @escaping @Sendable (Phase) -> Void = { _ in }
  ) {
    self.composition = composition
    self.file = file
    self.bot = bot
    self.database = database
    self.logger = logger
    self.announce = announce
    current = composition.settings
  }

  func run() async {
    announce(.began)
    defer { announce(.ended) }
    do {
      var new = try await Settings(file: file)
      new.takeDefaultModels(of: composition.settings)
      if let problem = new.problems().first { throw problem }
      try checkAddresses(ofModelsIn: new)
      try checkPrices(ofModelsIn: new)
      try take(new)
    } catch {
      logger.error(
        "The settings are not reloaded; everything stays as it was.",
        metadata: ["reason": "\(error)"])
    }
  }

  /// A new address takes a restart, so that a model cannot come into use before it.
  private func checkAddresses(ofModelsIn new: Settings) throws {
    for model in try new.models().all {
      guard let provider = Provider.with(model.provider),
        try composition.settings.baseURL(of: provider) == nil
      else { continue }
      throw SettingsError(
        Settings.declared.settings(of: provider).baseURL.key,
        "was not set at the start; it takes a restart")
    }
  }

  /// Of models that were not in use until now; for the others, the log has said so at the start.
  private func checkPrices(ofModelsIn new: Settings) throws {
    for task in TaskType.allCases {
      for model in try new.models(for: task) where try !current.models(for: task).contains(model) {
        let reason = try database.read { try $0.pricing.whyNotSold(model) }
        if let reason { throw Unpriced(task: task, reason: reason) }
      }
    }
  }

  private func take(_ new: Settings) throws {
    let changes = DeclaredSettings.keys.filter(\.isTakenWhileRunning).compactMap { key in
      change(of: key, from: current, to: new)
    }
    let waiting = DeclaredSettings.keys.filter { key in
      !key.isTakenWhileRunning && change(of: key, from: composition.settings, to: new) != nil
    }
    let keys = Settings.declared.providers.map(\.keys.key)
    if keys.contains(where: { change(of: $0, from: current, to: new) != nil }) || llm == nil {
      llm = try composition.llm(keysOf: new)
    }
    let settings = try new.bot()
    let level = try new.logLevel ?? .info
    if let llm { bot.apply(settings, llm: llm) }
    current = new
    // What has changed is said at any level of the log.
    logger.logLevel = min(level, logger.logLevel, .notice)
    var details: Logger.Metadata = [:]
    if !changes.isEmpty { details["changed"] = "\(changes.joined(separator: ", "))" }
    if !waiting.isEmpty {
      details["needs_restart"] = "\(waiting.map(\.name).joined(separator: ", "))"
    }
    logger.notice(
      changes.isEmpty
        ? "Settings are reloaded; nothing has changed." : "Settings are reloaded.",
      metadata: details)
    new.source.warnOfUnknownNames(logger)
    logger.logLevel = level
    if !changes.isEmpty { try RunCommand.warnOfTheStore(settings, logger) }
  }

  /// `billing.markup: 1.5 -> 2`, or the name alone of what is not shown; `nil` if nothing
  /// changes.
  private func change(of key: SettingsKey, from old: Settings, to new: Settings) -> String? {
    let (before, after) = (old.written(key), new.written(key))
    guard before != after else { return nil }
    guard key.isShown else { return key.name }
    return "\(key.name): \(before ?? "default") -> \(after ?? "default")"
  }
}

extension Settings {
  /// A value as it was written.
  fileprivate func written(_ key: SettingsKey) -> String? {
    (try? source.texts(key))?.joined(separator: "; ")
  }
}
