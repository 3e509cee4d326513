package import Foundation
package import GRDB

/// The price list that ships with the bot, `config/starter-prices.json`.
package struct StarterPrices: Decodable, Sendable {
  package var prices: [Entry]

  package struct Entry: Decodable, Sendable {
    package var provider: String
    package var model: String
    package var tariff: Tariff
    package var notes: String?
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
      try service.set(
        provider: entry.provider, model: entry.model, tariff: entry.tariff, notes: entry.notes,
        at: now, in: db)
    }
  }
}
