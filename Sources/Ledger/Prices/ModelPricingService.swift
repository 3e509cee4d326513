import Foundation
import GRDB
package import Metering

/// The price list: the table `model_pricing`. A price is never edited: a change closes the active
/// row and opens a new one, so that every charge can be proven with the price that it was made at.
package struct ModelPricingService {
  let tx: LedgerTransaction

  /// The price that calls are made at now.
  ///
  /// - Throws: `LedgerError.noActivePrice`.
  package func active(_ model: ModelID) throws -> ModelPrice {
    let sql = """
      SELECT * FROM model_pricing
      WHERE model_provider = ? AND model_name = ? AND is_active = 1
      """
    guard
      let price = try ModelPrice.fetchOne(
        cached: sql, [model.provider.rawValue, model.name], in: tx.db)
    else {
      throw LedgerError.noActivePrice(model)
    }
    return price
  }

  /// The price of a model that can be sold.
  ///
  /// - Throws: `LedgerError.noActivePrice`, and `makesImages` for a model with a price or a name
  ///   for that.
  package func sold(_ model: ModelID) throws -> ModelPrice {
    let price = try active(model)
    guard price.tariff.imageOutput == nil, !model.isNamedForImages else {
      throw LedgerError.makesImages(model)
    }
    return price
  }

  /// Why calls of the model cannot be sold: it has no price, or one that cannot be used, or it
  /// makes images. `nil` if they can.
  package func whyNotSold(_ model: ModelID) throws -> LedgerError? {
    do {
      try check(try sold(model).tariff, of: model)
      return nil
    } catch let error as LedgerError {
      return error
    }
  }

  package func price(id: Int64) throws -> ModelPrice? {
    try ModelPrice.fetchOne(cached: "SELECT * FROM model_pricing WHERE id = ?", [id], in: tx.db)
  }

  /// Every active price, or with `includingClosed` every version there ever was, newest first
  /// within a model.
  package func list(includingClosed: Bool = false) throws -> [ModelPrice] {
    try ModelPrice.fetchAll(
      tx.db,
      sql: """
        SELECT * FROM model_pricing WHERE is_active = 1 OR ?
        ORDER BY model_provider, model_name, id DESC
        """,
      arguments: [includingClosed])
  }

  /// Every version of the price of that name, newest first within a provider.
  ///
  /// - Parameter model: With its provider, as in `google/gemini-2.5-flash`, or alone.
  package func versions(of model: String) throws -> [ModelPrice] {
    try ModelPrice.fetchAll(
      tx.db,
      sql: """
        SELECT * FROM model_pricing
        WHERE model_name = :name OR model_provider || '/' || model_name = :name
        ORDER BY model_provider, id DESC
        """,
      arguments: ["name": model])
  }

  /// Makes `tariff` the model's price from now on: the first one, or a new version.
  ///
  /// - Throws: `LedgerError.unusablePrice`; then nothing has changed.
  @discardableResult
  package func set(
    _ model: ModelID, tariff: Tariff, notes: String? = nil
  ) throws -> ModelPrice {
    try check(tariff, of: model)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let conditions = try tariff.conditions.map {
      String(decoding: try encoder.encode($0), as: UTF8.self)
    }
    try deactivate(model)
    try tx.db.execute(
      sql: """
        INSERT INTO model_pricing (model_provider, model_name, input_cost_per_million_tokens,
          output_cost_per_million_tokens, cached_input_cost_per_million_tokens,
          reasoning_cost_per_million_tokens, image_input_cost_per_image,
          image_output_cost_per_image, long_prompt_threshold_tokens,
          long_prompt_input_cost_per_million_tokens, long_prompt_output_cost_per_million_tokens,
          long_prompt_cached_input_cost_per_million_tokens, cache_write_cost_per_million_tokens,
          long_prompt_cache_write_cost_per_million_tokens, conditional_prices, notes, is_active,
          created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
        """,
      arguments: [
        model.provider.rawValue, model.name, tariff.input, tariff.output, tariff.cachedInput,
        tariff.reasoning,
        tariff.imageInput, tariff.imageOutput, tariff.longPrompt?.threshold,
        tariff.longPrompt?.input, tariff.longPrompt?.output, tariff.longPrompt?.cachedInput,
        tariff.cacheWrite, tariff.longPrompt?.cacheWrite, conditions, notes, tx.now.databaseText,
        tx.now.databaseText,
      ])
    return try active(model)
  }

  /// Takes the model off sale. Returns whether it had a price.
  @discardableResult
  package func deactivate(
    _ model: ModelID
  ) throws -> Bool {
    try tx.db.execute(
      sql: """
        UPDATE model_pricing SET is_active = 0, updated_at = ?
        WHERE model_provider = ? AND model_name = ? AND is_active = 1
        """,
      arguments: [tx.now.databaseText, model.provider.rawValue, model.name])
    return tx.db.changesCount > 0
  }

  private func check(_ tariff: Tariff, of model: ModelID) throws(LedgerError) {
    do {
      _ = try Rates(tariff)
    } catch {
      throw .unusablePrice(model, reason: String(describing: error))
    }
  }
}
