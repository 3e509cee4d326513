import Assistant
import Bot
import Commands
import Foundation
import HTTPTransport
import Installation
import KillPoints
import LanguageModels
import Ledger
import Logging
import Messaging
import Metering
import Replication
import Sales
import Settings
import Standby
import TelegramBotAPI
import Workshop

/// The composition root: builds what the commands run from the settings.
struct Composition {
  private(set) var settings: Settings
  let transport = HTTPTransport()

  init(_ options: ConfigOption) async throws {
    settings = try await Settings(file: options.config)
  }

  /// Where what models have written is run.
  func workshop() throws -> Workshop { .live(socket: try settings.workshopSocket) }

  /// Litestream beside the bot, if what is promised has to be on its replica first.
  func litestream() throws -> Litestream? {
    guard let socket = try settings.replicationLitestreamSocket else { return nil }
    let database = URL(fileURLWithPath: try settings.databasePath()).path
    return Litestream(transport: transport, socket: socket, database: database)
  }

  /// The bucket of two machines; `nil` where there is one.
  ///
  /// - Throws: `SettingsError`.
  func bucket() throws -> Bucket? {
    guard let address = try settings.standbyBucket, let id = try settings.litestreamAccessKeyID,
      let key = try settings.litestreamSecretAccessKey
    else { return nil }
    return Bucket(
      transport: transport, address: address, accessKeyID: id, secretAccessKey: key)
  }

  /// This machine, as one of two.
  ///
  /// - Throws: `SettingsError`, `StandbyError`.
  func standby() throws -> Standby? {
    guard let bucket = try bucket(), let address = try settings.standbyBucket,
      let litestream = try litestream()
    else { return nil }
    let files = StandbyFiles(database: try settings.databasePath())
    var environment = ProcessInfo.processInfo.environment.filter {
      ["PATH", "HOME", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "NO_PROXY"].contains($0.key)
    }
    environment["LITESTREAM_ACCESS_KEY_ID"] = try settings.litestreamAccessKeyID
    environment["LITESTREAM_SECRET_ACCESS_KEY"] = try settings.litestreamSecretAccessKey
    return Standby(
      machine: try files.machineID(), files: files, bucket: bucket, address: address,
      litestream: litestream, program: try settings.standbyLitestream, environment: environment,
      ttl: .seconds(try settings.standbyTTL))
  }

  /// The same, with the default models that a start on this database takes.
  func choosingModels(by database: LedgerDatabase) throws -> Composition {
    choosing(try database.read(Self.soldDefaults))
  }

  /// The same as the bot's next start will choose them, without opening the database for good.
  func choosingModels() -> Composition {
    guard let path = try? settings.databasePath(), FileManager.default.fileExists(atPath: path)
    else { return choosing(nil) }
    // What is wrong with the file is said by whoever needs it.
    return choosing(try? LedgerDatabase.look(at: path, Self.soldDefaults))
  }

  /// - Parameter sold: `nil` for the prices that ship with the bot.
  private func choosing(_ sold: Set<ModelID>?) -> Composition {
    var composition = self
    composition.settings.chooseDefaultModels { sold?.contains($0) ?? true }
    return composition
  }

  private static func soldDefaults(in tx: LedgerTransaction) throws -> Set<ModelID> {
    Set(
      try TaskType.allCases.flatMap(\.defaultModels).filter {
        try tx.pricing.whyNotSold($0) == nil
      })
  }

  /// The database for what works beside the bot. Where it is not the one of the package's bot, as
  /// that is whose the operator may mean, standard error says so.
  ///
  /// - Throws: What `LedgerDatabase.openForBot` and `InstanceLock.guardUpdate` throw.
  func database() throws -> LedgerDatabase {
    if let command = try commandForPackagedBot() {
      let path = try settings.databasePath()
      FileHandle.standardError.write(
        Data("aidevbot: \(path) is not the installed bot's; for that one: \(command)\n".utf8))
    }
    return try openBesideOthers()
  }

  /// `aidevbot-admin` and what was typed, where settings and environment lead to another database
  /// than that of the package's bot.
  private func commandForPackagedBot() throws -> String? {
    guard try settings.databaseFile == nil else { return nil }
    return Installation.current.commandInUnit(Array(CommandLine.arguments.dropFirst()))
  }

  /// - Throws: `StandsBy`, besides: a file that is made here would be in the way of the other
  ///   machine's.
  private func openBesideOthers() throws -> LedgerDatabase {
    let path = try settings.databasePath()
    if try settings.standbyBucket != nil, !FileManager.default.fileExists(atPath: path) {
      throw StandsBy(path: path)
    }
    let isReplicated = try litestream() != nil
    return try LedgerDatabase.openForBot(path: path, isReplicated: isReplicated) { update in
      try InstanceLock.guardUpdate(ofDatabase: path, update)
    }
  }

  /// Opens the database for `body` beside a bot; it is the only process of its kind on it.
  ///
  /// - Throws: What `InstanceLock.hold`, `database` and `body` throw.
  func withDatabase(
    holding lock: InstanceLock, _ body: (LedgerDatabase) async throws -> Void
  ) async throws {
    let path = try settings.databasePath()
    try await lock.hold(ofDatabase: path) {
      try await withDatabase(try openBesideOthers(), body)
    }
  }

  /// Closes it after `body`.
  func withDatabase(
    _ database: LedgerDatabase, _ body: (LedgerDatabase) async throws -> Void
  ) async throws {
    try await body(database)
    try database.close()
  }

  /// The database of a bot that has run before: whoever asks about people has mistaken the path
  /// if there is none.
  ///
  /// - Throws: `SettingsError`, and as `database` does.
  func existingDatabase() throws -> LedgerDatabase {
    let path = try settings.databasePath()
    guard FileManager.default.fileExists(atPath: path) else {
      if try settings.standbyBucket != nil { throw StandsBy(path: path) }
      if let command = try commandForPackagedBot() {
        throw SettingsError(
          Settings.declared.databaseFile.key,
          "is \(path), where no database is; for the installed bot's own, type: \(command)")
      }
      throw SettingsError(
        Settings.declared.databaseFile.key,
        "is \(path), but there is no database; set it to the bot's own file")
    }
    return try database()
  }

  /// Every provider that is set up.
  ///
  /// - Parameters:
  ///   - demo: What stands in for models, if anything does.
  ///   - newer: Settings whose keys are taken in place of these; nothing else of them is.
  func llm(demo: DemoModel? = nil, keysOf newer: Settings? = nil) throws -> LLMClient {
    var models: [ModelProvider: any LanguageModel] = demo.map { [.demo: $0] } ?? [:]
    for provider in Provider.all {
      models[provider.id] = try model(of: provider, keysOf: newer ?? settings)
    }
    return LLMClient(models)
  }

  /// The client of one provider, or `nil` if it is not set up.
  func model(of provider: Provider, keysOf holder: Settings) throws -> (any LanguageModel)? {
    let keys = try holder.keys(of: provider)
    guard !keys.isEmpty || !provider.needsKey, let baseURL = try settings.baseURL(of: provider)
    else { return nil }
    let limits = Patience.ofTests.map { CallLimits(idle: $0, total: $0) } ?? CallLimits()
    return provider.connect(
      transport, baseURL, KeyRing(keys, mayBeEmpty: !provider.needsKey), limits)
  }

  func openRouterCatalog() throws -> OpenRouterCatalog {
    guard let baseURL = try settings.baseURL(of: .openRouter) else {
      preconditionFailure("OpenRouter without its address")
    }
    return OpenRouterCatalog(transport: transport, baseURL: baseURL)
  }

  func telegram() throws -> TelegramClient {
    TelegramClient(
      transport: transport, baseURL: try settings.telegramAPIBaseURL,
      token: try settings.telegramBotToken,
      pollMargin: Patience.ofTests ?? TelegramClient.defaultPollMargin,
      deadline: Patience.ofTests ?? TelegramClient.defaultDeadline)
  }

  /// Writes what a command of the shell changes; what is logged of it goes to standard error.
  ///
  /// - Parameter toExisting: Whether there has to be a database already.
  func write<Value>(
    toExisting: Bool = false, _ body: (LedgerTransaction) throws -> Value
  ) throws -> Value {
    let database = try toExisting ? existingDatabase() : database()
    return try withLogger(try logger(default: .warning)) { _ in try database.write(body) }
  }

  /// Runs what commands do beside the bot; they wait for nothing but the file.
  func withWriter<Value>(_ body: (LedgerWriter) async throws -> Value) async throws -> Value {
    let writer = LedgerWriter(database: try existingDatabase()) { try? await Task.sleep(for: $0) }
    return try await withLogger(try logger(default: .warning)) { _ in try await body(writer) }
  }

  /// For what is booked beside the bot: its messages go by the bot's outbox.
  func payments(_ writer: LedgerWriter) throws -> PaymentHandler {
    let outbox = Outbox(channel: .telegram)
    return PaymentHandler(
      store: try settings.store(), outbox: outbox,
      alerts: OperatorAlerts(
        administrators: try settings.telegramAdminUserIDs, outbox: outbox, writer: writer),
      selling: SellingStatus())
  }

  func withReconciliation<Value>(
    _ body: (StarReconciliation) async throws -> Value
  ) async throws -> Value {
    try await withWriter { writer in
      try await body(
        StarReconciliation(
          client: try telegram(), writer: writer, payments: try payments(writer)))
    }
  }

  /// Logs go to standard error, one event a line.
  func logger(default level: Logger.Level) throws -> Logger {
    let threshold = LineLogHandler.Threshold(try settings.logLevel ?? level)
    return Logger(label: "aidevbot") { _ in LineLogHandler(threshold) }
  }
}

/// The database is on another machine.
struct StandsBy: Error, CustomStringConvertible {
  var path: String

  var description: String {
    "There is no database at \(path): this machine stands by, or its bot was never started. "
      + "`\(Installation.current.program) standby status` says which machine works."
  }
}
