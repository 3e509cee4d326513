import Foundation
import GRDB
import Metering

/// The proposed prices of which administrators were told: the table `told_prices`. A list is read
/// every day, and says the same every day.
package struct ToldPrices {
  let tx: LedgerTransaction

  package init(_ tx: LedgerTransaction) {
    self.tx = tx
  }

  /// After a year a price that is still proposed is told again.
  private static let memory: TimeInterval = 365 * .day

  /// Notes that the new price of this change is told now.
  ///
  /// - Returns: Whether it was not told before.
  package func note(_ change: PricePlan.Change) throws -> Bool {
    try tx.db.execute(
      sql: "DELETE FROM told_prices WHERE told_at < ?",
      arguments: [(tx.now - Self.memory).databaseText])
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let tariff = String(decoding: try encoder.encode(change.new), as: UTF8.self)
    try tx.db.execute(
      sql: """
        INSERT OR IGNORE INTO told_prices (model_provider, model_name, tariff, told_at)
        VALUES (?, ?, ?, ?)
        """,
      arguments: [
        change.model.provider.rawValue, change.model.name, tariff, tx.now.databaseText,
      ])
    return tx.db.changesCount > 0
  }
}
