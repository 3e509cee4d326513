import Foundation
import GRDB
package import Metering

/// The price list that ships with the bot, `config/starter-prices.json`.
package struct StarterPrices: Decodable, Sendable {
  package var prices: [StarterPrice]

  package static func shipped() throws -> StarterPrices {
    try JSONDecoder().decode(
      StarterPrices.self, from: Data(PackageResources.starter_prices_json))
  }

  /// Fills a price list that has never held a row. One that an operator emptied stays empty.
  package func load(in tx: LedgerTransaction) throws {
    guard try Int.fetchOne(tx.db, sql: "SELECT count(*) FROM model_pricing") == 0 else { return }
    let service = tx.pricing
    for entry in prices {
      try service.set(entry.id, tariff: entry.tariff, notes: entry.notes)
    }
  }
}

/// The price of one model in it.
package struct StarterPrice: Decodable, Sendable {
  private var provider: String
  private var model: String
  package var tariff: Tariff
  package var notes: String?

  package var id: ModelID {
    ModelID(provider: ModelProvider(rawValue: provider), name: model)
  }
}
