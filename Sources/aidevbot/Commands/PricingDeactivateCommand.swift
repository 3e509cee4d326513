import ArgumentParser
import Foundation
import Ledger

struct PricingDeactivateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deactivate", abstract: "Take a model off sale; it is not called any more.")

  @OptionGroup var model: ModelArguments
  @OptionGroup var options: ConfigOption

  func run() async throws {
    let database = try await Live(options).database()
    let wasActive = try database.write { db in
      try ModelPricingService().deactivate(
        provider: model.provider, model: model.model, at: Date(), in: db)
    }
    guard wasActive else {
      throw LedgerError.noActivePrice(provider: model.provider, model: model.model)
    }
    print("\(model.provider)/\(model.model) is off sale.")
  }
}
