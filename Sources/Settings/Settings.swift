import Assistant
package import Commands
import Foundation
import LanguageModels
package import Ledger
import Messaging
import Metering
package import Sales

/// The configuration, each part checked when it is asked for: a command needs to know no more than
/// it uses. What is declared can be read by its name, as in `try settings.telegramBotToken`.
@dynamicMemberLookup
package struct Settings: Sendable {
  package static let declared = DeclaredSettings()

  package let source: SettingsSource
  /// What was chosen for the work that no model is set for; empty before that.
  var defaultModels: [TaskType: ModelID] = [:]

  /// - Parameter file: A file of the form of `config/aidevbot.example.yaml`.
  package init(file: String?) async throws {
    source = try await SettingsSource(file: file)
  }

  /// - Throws: `SettingsError` if the setting is missing or malformed.
  package subscript<Value>(
    dynamicMember setting: KeyPath<DeclaredSettings, Setting<Value>>
  ) -> Value {
    get throws { try Self.declared[keyPath: setting].value(in: source) }
  }

  /// The database if nothing is configured: under systemd in the unit's state directory, else
  /// among the user's own state.
  package func databasePath() throws -> String {
    DatabasePlace.resolved(try writtenDatabasePath())
  }

  private func writtenDatabasePath() throws -> String {
    if let path = try self.databaseFile { return path }
    return "\(Self.stateFolder)/aidevbot.sqlite"
  }

  /// Where what lasts is kept, unless it is told otherwise: systemd's folder for it, or the user's
  /// own (XDG Base Directory Specification).
  package static var stateFolder: String {
    let environment = ProcessInfo.processInfo.environment
    if let directory = environment["STATE_DIRECTORY"]?.split(separator: ":").first {
      return String(directory)
    }
    func folder(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let home = folder("HOME") ?? NSHomeDirectory()
    let state = folder("XDG_STATE_HOME") ?? "\(home)/.local/state"
    return "\(state)/aidevbot"
  }

  package func billingTerms() throws -> BillingTerms {
    try BillingTerms(creditValueUSD: self.billingCreditValueUSD, markup: self.billingMarkup)
  }

  /// What is for sale.
  package func store() throws -> Store {
    let (packages, subscription) = (try self.starsPackages, try self.starsSubscription)
    let names = packages.map(\.name) + [subscription?.name].compactMap { $0 }
    guard Set(names).count == names.count else {
      throw SettingsError(
        Self.declared.starsPackages.key, "must give each package a name of its own")
    }
    return Store(
      packages: packages, subscription: subscription, usdPerStar: try self.starsUSDPerStar)
  }

  /// What is given away.
  package func promotions() throws -> BotSettings.Promotions {
    BotSettings.Promotions(
      codesAreTaken: try self.promotionsCodes,
      referralCredits: try self.promotionsReferralCredits)
  }

  package func bot() throws -> BotSettings {
    BotSettings(
      models: try models(),
      terms: try billingTerms(), repairs: try self.billingRepairs,
      initialGrant: try self.billingInitialGrantCredits,
      initialGrantsPerDay: try self.billingInitialGrantsPerDay,
      sendRates: OutboxDelivery.Rates(
        perSecond: try self.telegramSendsPerSecond,
        perChatPerSecond: try self.telegramSendsPerChatPerSecond),
      store: try store(),
      texts: BotSettings.Texts(
        paySupport: try self.textsPaySupport, terms: try self.textsTerms,
        privacy: try self.textsPrivacy),
      promotions: try promotions(), streaming: try self.answersStreaming,
      richMessages: try self.answersRichMessages,
      notices: BalanceNotices(
        lowBalance: try self.billingLowBalanceCredits, askAbove: try self.billingAskAboveShare),
      administrators: try self.telegramAdminUserIDs)
  }
}
