package import Metering
import Foundation
package import LanguageModels
package import Ledger
package import Logging
package import Messaging
package import Assistant
package import Commands

/// The configuration, each part checked when it is asked for: a command needs to know no more than
/// it uses.
package struct Settings: Sendable {
  package let source: SettingsSource

  /// - Parameter file: A file of the form of `config/aidevbot.example.yaml`.
  package init(file: String?) async throws {
    source = try await SettingsSource(file: file)
  }

  /// The database where nothing is configured: under systemd in the unit's state directory, else
  /// among the user's own state.
  package func databasePath() throws -> String {
    if let path = try source.text(.databasePath) { return path }
    let environment = ProcessInfo.processInfo.environment
    if let directory = environment["STATE_DIRECTORY"]?.split(separator: ":").first {
      return "\(directory)/aidevbot.sqlite"
    }
    let home = environment["HOME"] ?? NSHomeDirectory()
    let state = environment["XDG_STATE_HOME"] ?? "\(home)/.local/state"
    return "\(state)/aidevbot/aidevbot.sqlite"
  }

  package func billingTerms() throws -> BillingTerms {
    let value = try source.text(.billingCreditValueUSD) ?? "0.01"
    let markup = try source.text(.billingMarkup) ?? "1.5"
    let form = "must be a decimal above zero with at most nine places, such as"
    guard (try? BillingTerms(creditValueUSD: value, markup: "1")) != nil else {
      throw SettingsError(.billingCreditValueUSD, "\(form) 0.01")
    }
    do {
      return try BillingTerms(creditValueUSD: value, markup: markup)
    } catch {
      throw SettingsError(.billingMarkup, "\(form) 1.5")
    }
  }

  package func bot() throws -> BotSettings {
    BotSettings(
      models: try models(), terms: try billingTerms(), initialGrant: try initialGrant(),
      sendRates: try sendRates(),
      store: try store(),
      texts: BotSettings.Texts(
        paySupport: try text(.textsPaySupport), terms: try text(.textsTerms),
        privacy: try text(.textsPrivacy)),
      promotions: try promotions(), administrators: try administrators())
  }

  package func sendRates() throws -> OutboxDelivery.Rates {
    OutboxDelivery.Rates(
      perSecond: try rate(.telegramSendsPerSecond, default: 30),
      perChatPerSecond: try rate(.telegramSendsPerChatPerSecond, default: 1))
  }

  package func telegramToken() throws -> String {
    guard let token = try source.text(.telegramBotToken) else {
      throw SettingsError(
        .telegramBotToken, "is not set; put there the token that @BotFather gave your bot")
    }
    guard
      token.utf8.allSatisfy({
        $0.isLetterOrDigit || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "_")
          || $0 == UInt8(ascii: "-")
      })
    else {
      throw SettingsError(
        .telegramBotToken, "must be a token as @BotFather gives it, such as 123456:ABC-DEF")
    }
    return token
  }

  package func telegramBaseURL() throws -> String {
    try baseURL(.telegramAPIBaseURL, default: "https://api.telegram.org")
  }

  /// `nil` if the provider has no address of its own and none is set.
  package func baseURL(of provider: Provider) throws -> String? {
    let key = Self.baseURLKey(of: provider)
    guard try provider.defaultBaseURL != nil || source.text(key) != nil else { return nil }
    return try baseURL(key, default: provider.exampleBaseURL)
  }

  /// The provider's keys, to be used in turn; none where it is not to be used.
  package func keys(of provider: Provider) throws -> [String] {
    let key = Self.apiKey(of: provider)
    guard let text = try source.text(key) else { return [] }
    let keys = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    guard !keys.isEmpty, keys.allSatisfy({ $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } })
    else {
      throw SettingsError(key, "must be one key, or several with commas between them")
    }
    return keys
  }

  /// - Throws: `SettingsError` where the provider of a model in use is not set up.
  package func checkProviders(of models: ModelAssignment) throws {
    for task in TaskType.allCases { try checkProvider(of: models[task], for: task) }
  }

  /// - Throws: `SettingsError` where the model's provider is not set up.
  package func checkProvider(of model: ModelID, for task: TaskType) throws {
    guard let provider = Provider.with(model.provider) else { return }
    let use = "is not set, but \(Self.key(of: task).environmentName) is \(model)"
    if try provider.needsKey && keys(of: provider).isEmpty {
      throw SettingsError(
        Self.apiKey(of: provider),
        "\(use); set the key, or choose a model of another provider")
    }
    if try baseURL(of: provider) == nil {
      throw SettingsError(
        Self.baseURLKey(of: provider),
        "\(use); set the address, or choose a model of another provider")
    }
  }

  /// Whether the bot takes OpenRouter's prices over once a day.
  package func syncsOpenRouterPrices() throws -> Bool {
    try flag(.pricingSyncOpenRouter)
  }

  package func logLevel(default usual: Logger.Level) throws -> Logger.Level {
    guard let text = try source.text(.logLevel) else { return usual }
    guard let level = Logger.Level(rawValue: text.lowercased()) else {
      let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
      throw SettingsError(.logLevel, "must be one of \(levels)")
    }
    return level
  }
}

// MARK: - Parts

extension Settings {
  private func models() throws -> ModelAssignment {
    ModelAssignment(
      chat: try model(for: .chat), planning: try model(for: .planning),
      coding: try model(for: .coding), verification: try model(for: .verification))
  }

  package func model(for task: TaskType) throws -> ModelID {
    let (key, usual) = (Self.key(of: task), Self.defaultModel(for: task))
    let text = try source.text(key) ?? usual
    guard let model = ModelID(parsing: text), model.provider != .demo else {
      throw SettingsError(
        key, "must be \(Provider.modelForms), such as \(usual)")
    }
    return model
  }

  private static func defaultModel(for task: TaskType) -> String {
    switch task {
    case .chat: "google/gemini-3.8-flash"
    case .planning, .verification: "google/gemini-3.1-pro-preview"
    case .coding: "openrouter/anthropic/claude-sonnet-5.5"
    }
  }

  package func initialGrant() throws -> Credits {
    try credits(.billingInitialGrantCredits, default: "100")
  }

  package func credits(_ key: SettingsKey, default usual: String) throws -> Credits {
    guard let credits = try? Credits(parsing: try source.text(key) ?? usual), credits >= .zero
    else {
      throw SettingsError(key, "must be a number of credits, zero or more, such as 100")
    }
    return credits
  }

  /// Off where nothing is configured.
  package func flag(_ key: SettingsKey) throws -> Bool {
    guard let isOn = Bool((try source.text(key) ?? "false").lowercased()) else {
      throw SettingsError(key, "must be true or false")
    }
    return isOn
  }

  /// Messages a second. Longer intervals would not fit a `Duration` in the end.
  private static let rates = 0.001...10_000

  private func rate(_ key: SettingsKey, default usual: Double) throws -> Double {
    guard let text = try source.text(key) else { return usual }
    guard let rate = Double(text), rate == 0 || Self.rates.contains(rate) else {
      throw SettingsError(
        key, "must be a number of messages a second, such as \(Int(usual)), or 0 for no limit")
    }
    return rate
  }

  package func administrators() throws -> [Int64] {
    guard let text = try source.text(.telegramAdminUserIDs) else { return [] }
    return try text.split(separator: ",").map { part in
      guard let id = Int64(part.trimmingCharacters(in: .whitespaces)), id > 0 else {
        throw SettingsError(
          .telegramAdminUserIDs,
          "must be Telegram user ids with commas between them, such as "
            + "123456789,987654321")
      }
      return id
    }
  }

  private func baseURL(_ key: SettingsKey, default usual: String) throws -> String {
    var text = try source.text(key) ?? usual
    while text.last == "/" { text.removeLast() }
    // It goes into requests as it is, so nothing may be mended here.
    guard let url = URL(string: text, encodingInvalidCharacters: false),
      url.scheme == "https" || url.scheme == "http", url.host?.isEmpty == false,
      url.query == nil, url.fragment == nil
    else { throw SettingsError(key, "must be an address such as \(usual)") }
    return text
  }

  package static func apiKey(of provider: Provider) -> SettingsKey {
    key("\(provider.section).api_key")
  }

  package static func baseURLKey(of provider: Provider) -> SettingsKey {
    key("\(provider.section).base_url")
  }

  private static func key(_ name: String) -> SettingsKey {
    guard let key = SettingsKey(rawValue: name) else {
      preconditionFailure("a provider without settings")
    }
    return key
  }

  package static func key(of task: TaskType) -> SettingsKey {
    switch task {
    case .chat: .modelsChat
    case .planning: .modelsPlanning
    case .coding: .modelsCoding
    case .verification: .modelsVerification
    }
  }
}

extension UInt8 {
  fileprivate var isLetterOrDigit: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }
}
