import Metering
import LanguageModels
import Logging
import Assistant

extension Settings {
  /// Everything that is missing or malformed for the bot to run, each once.
  package func problems() -> [SettingsError] {
    var problems: [SettingsError] = []
    func check(_ body: () throws -> Void) {
      do {
        try body()
      } catch let error as SettingsError {
        if !problems.contains(error) { problems.append(error) }
      } catch {
        // Nothing else is thrown by a setting.
      }
    }
    check { _ = try telegramToken() }
    check { _ = try telegramBaseURL() }
    check { _ = try administrators() }
    check { _ = try sendRates() }
    for provider in Provider.all {
      check { _ = try baseURL(of: provider) }
      check { _ = try keys(of: provider) }
    }
    check { _ = try databasePath() }
    check { _ = try billingTerms() }
    check { _ = try initialGrant() }
    check { _ = try store() }
    check { _ = try promotions() }
    check { _ = try syncsOpenRouterPrices() }
    for key in [SettingsKey.textsPaySupport, .textsTerms, .textsPrivacy] {
      check { _ = try text(key) }
    }
    for task in TaskType.allCases { check { _ = try model(for: task) } }
    check { _ = try logLevel(default: .info) }
    var providers: Set<ModelProvider> = []
    for task in TaskType.allCases {
      guard let model = try? model(for: task), providers.insert(model.provider).inserted else {
        continue
      }
      check { try checkProvider(of: model, for: task) }
    }
    return problems
  }
}
