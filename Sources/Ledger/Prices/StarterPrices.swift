package import Metering
package import Foundation
package import GRDB

/// The price list that ships with the bot, `config/starter-prices.json`.
package struct StarterPrices: Decodable, Sendable {
  package var prices: [Entry]

  package struct Entry: Decodable, Sendable {
    private var provider: String
    private var model: String
    package var tariff: Tariff
    package var notes: String?

    package var id: ModelID {
      ModelID(provider: ModelProvider(rawValue: provider), name: model)
    }
  }

  package static func shipped() throws -> StarterPrices {
    try JSONDecoder().decode(
      StarterPrices.self, from: Data(PackageResources.starter_prices_json))
  }

  /// Fills a price list that has never held a row. One that an operator emptied stays empty.
  package func load(at now: Date, in db: Database) throws {
    guard try Int.fetchOne(db, sql: "SELECT count(*) FROM model_pricing") == 0 else { return }
    let service = ModelPricingService()
    for entry in prices {
      try service.set(entry.id, tariff: entry.tariff, notes: entry.notes, at: now, in: db)
    }
  }
}
