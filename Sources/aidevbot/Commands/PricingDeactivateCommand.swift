import ArgumentParser
import Assistant
import Foundation
import Installation
import LanguageModels
import Ledger
import Metering
import Settings

struct PricingDeactivateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deactivate", abstract: "Take a model off sale; it is not called any more.")

  @OptionGroup var model: ModelArguments
  @OptionGroup var options: ConfigOption

  func run() async throws {
    let composition = try await Composition(options).choosingModels()
    let closed: String? = try composition.database().write { tx in
      if try tx.pricing.deactivate(model.given) { return "\(model.given)" }
      return try tx.pricing.deactivate(model.id) ? "\(model.id)" : nil
    }
    let name = closed ?? "\(model.id)"
    guard closed != nil else {
      throw PriceListError.unreadable(
        "\(name) is not on sale; \(Installation.current.program) pricing list names the models "
          + "that are")
    }
    print("\(name) is no longer for sale.")
    for task in TaskType.allCases {
      let models = (try? composition.settings.models(for: task).map(\.description)) ?? []
      guard let place = models.firstIndex(of: name) else { continue }
      let setting = Settings.setting(for: task).key.environmentName
      print(
        place == 0
          ? "\(setting) is still this one: until that names another, people are told that it is "
            + "not available."
          : "\(setting) still names it: until it has a price again, it is not offered.")
    }
  }
}
