import ArgumentParser
import Foundation
import Ledger
import Metering

struct PricingListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the models that can be called, and their prices.")

  @Flag(help: "Also list every earlier version.")
  var all = false
  @OptionGroup var output: TableOption
  @OptionGroup var options: ConfigOption

  func run() async throws {
    let database = try await Composition(options).database()
    let prices = try database.read {
      try $0.pricing.list(includingClosed: all)
    }
    try output.show(
      Self.table(prices), json: prices.map(PriceOutput.init), empty: "No model has a price.",
      title: "US dollars per million tokens, or per image:")
  }

  static func table(_ prices: [ModelPrice]) -> Table {
    var table = Table(
      "PROVIDER", "MODEL", "INPUT", "OUTPUT", "CACHED", "CACHE WRITE", "THINKING", "IMAGE IN",
      "IMAGE OUT", "LONG PROMPTS, HOURS", "ACTIVE", "SINCE (UTC)")
    for price in prices {
      let tariff = price.tariff
      table.add(
        price.model.provider.rawValue, price.model.name, tariff.input, tariff.output,
        tariff.cachedInput,
        tariff.cacheWrite, tariff.reasoning, tariff.imageInput, tariff.imageOutput,
        tariff.conditionsText, price.isActive ? "yes" : "no", price.createdAt.tableText)
    }
    return table
  }
}

extension Tariff {
  /// `> 200000: 2.50 / 15 / 0.25`: input, output and cached input; then those by the hour. `nil`
  /// if there are none.
  var conditionsText: String? {
    func prices(_ prices: String?...) -> String {
      prices.compactMap(\.self).joined(separator: " / ")
    }
    var texts: [String] = []
    if let tier = longPrompt {
      texts.append("> \(tier.threshold): " + prices(tier.input, tier.output, tier.cachedInput))
    }
    texts += (conditions ?? []).map { condition in
      "\(condition.title): "
        + prices(condition.input ?? "-", condition.output ?? "-", condition.cachedInput)
    }
    return texts.isEmpty ? nil : texts.joined(separator: "; ")
  }
}

/// A version of a price, as `--json` prints it.
struct PriceOutput: Encodable {
  var id: Int64
  var provider: String
  var model: String
  var tariff: Tariff
  var notes: String?
  var isActive: Bool
  var createdAt: Date

  init(_ price: ModelPrice) {
    id = price.id
    provider = price.model.provider.rawValue
    model = price.model.name
    tariff = price.tariff
    notes = price.notes
    isActive = price.isActive
    createdAt = price.createdAt
  }
}
