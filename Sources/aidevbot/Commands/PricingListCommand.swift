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
      [.init("PROVIDER", "provider"), .init("MODEL", "model")] + tariffColumns + [
        .init("ACTIVE", "is_active", rank: 3) { $0 == "yes" ? "true" : "false" },
        .init("SINCE (UTC)", "created_at", rank: 2), .init(nil, "id"), .init(nil, "notes"),
      ])
    for price in prices {
      table.add(
        [price.model.provider.rawValue, price.model.name] + cells(of: price.tariff) + [
          price.isActive ? "yes" : "no", price.createdAt.tableText, "\(price.id)", price.notes,
        ])
    }
    return table
  }

  /// Of all prices; those that few models have go first where there is little room.
  static var tariffColumns: [Table.Column] {
    [
      .init("INPUT", "input"), .init("OUTPUT", "output"), .init("CACHED", "cached_input", rank: 9),
      .init("CACHE WRITE", "cache_write", rank: 7), .init("THINKING", "reasoning", rank: 6),
      .init("IMAGE IN", "image_input", rank: 4), .init("IMAGE OUT", "image_output", rank: 5),
      .init("LONG PROMPTS, HOURS", nil, rank: 8), .init(nil, "long_prompt"),
      .init(nil, "conditions"),
    ]
  }

  static func cells(of tariff: Tariff) -> [String?] {
    let tiers = [tariff.longPromptText, tariff.hoursText].compactMap(\.self)
    return [
      tariff.input, tariff.output, tariff.cachedInput, tariff.cacheWrite, tariff.reasoning,
      tariff.imageInput, tariff.imageOutput,
      tiers.isEmpty ? nil : tiers.joined(separator: "; "), tariff.longPromptText,
      tariff.hoursText,
    ]
  }
}

extension Tariff {
  /// `> 200000: 2.50 / 15 / 0.25`: input, output and cached input; `nil` if there is no tier.
  fileprivate var longPromptText: String? {
    longPrompt.map {
      "> \($0.threshold): " + Self.prices($0.input, $0.output, $0.cachedInput)
    }
  }

  /// Likewise of those by the hour, and of further tiers.
  fileprivate var hoursText: String? {
    conditions.map { conditions in
      conditions.map { condition in
        "\(condition.title): "
          + Self.prices(condition.input ?? "-", condition.output ?? "-", condition.cachedInput)
      }.joined(separator: "; ")
    }
  }

  private static func prices(_ prices: String?...) -> String {
    prices.compactMap(\.self).joined(separator: " / ")
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
