import DevBot
import Foundation
import HTTPTransport
import LanguageModels
import Ledger
import Logging
import TelegramBotAPI

/// The composition root: builds what the commands run from the settings.
struct Live {
  let settings: Settings
  let transport = HTTPTransport()

  init(_ options: ConfigOption) async throws {
    settings = try await Settings(file: options.config)
  }

  /// - Throws: `LedgerDatabase.OpeningFailed`.
  func database() throws -> LedgerDatabase {
    try LedgerDatabase.openForBot(path: try settings.databasePath())
  }

  /// The database of a bot that has run before: whoever asks about people has mistaken the path
  /// where there is none.
  ///
  /// - Throws: `SettingsError`, `LedgerDatabase.OpeningFailed`.
  func existingDatabase() throws -> LedgerDatabase {
    let path = try settings.databasePath()
    guard FileManager.default.fileExists(atPath: path) else {
      throw SettingsError(
        .databasePath, "is \(path), but there is no database; set it to the bot's own file")
    }
    return try database()
  }

  /// Every provider that has a key.
  func llm(withDemo: Bool) throws -> LLMClient {
    var models: [ModelProvider: any LanguageModel] = withDemo ? [.demo: DemoModel()] : [:]
    let gemini = try settings.keys(of: .google)
    if !gemini.isEmpty {
      models[.google] = GeminiModel(
        transport: transport, baseURL: try settings.geminiBaseURL(), keys: KeyRing(gemini))
    }
    let openRouter = try settings.keys(of: .openrouter)
    if !openRouter.isEmpty {
      models[.openrouter] = OpenRouterModel(
        transport: transport, baseURL: try settings.openRouterBaseURL(), keys: KeyRing(openRouter))
    }
    return LLMClient(models)
  }

  func telegram() throws -> TelegramClient {
    TelegramClient(
      transport: transport, baseURL: try settings.telegramBaseURL(),
      token: try settings.telegramToken())
  }

  /// Logs go to standard error, one event a line.
  func logger(default level: Logger.Level) throws -> Logger {
    var logger = Logger(label: "aidevbot") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = try settings.logLevel(default: level)
    return logger
  }
}
