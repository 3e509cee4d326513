package import Foundation
package import GRDB
package import Metering

/// One version of a model's price: a row of `model_pricing`. Prices are decimal text in US dollars
/// per million tokens, or per image, exactly as published.
package struct ModelPrice: Sendable, Equatable {
  package var id: Int64
  package var model: ModelID
  package var tariff: Tariff
  package var notes: String?
  package var isActive: Bool
  package var createdAt: Date
  package var updatedAt: Date
}

extension ModelID {
  /// As the tables name one: `model_provider` and `model_name`.
  init(row: Row) {
    self.init(provider: ModelProvider(rawValue: row["model_provider"]), name: row["model_name"])
  }
}

extension ModelPrice: FetchableRecord {
  package init(row: Row) {
    id = row["id"]
    model = ModelID(row: row)
    notes = row["notes"]
    isActive = row["is_active"]
    createdAt = row["created_at"]
    updatedAt = row["updated_at"]
    tariff = Tariff(
      input: row["input_cost_per_million_tokens"],
      output: row["output_cost_per_million_tokens"],
      cachedInput: row["cached_input_cost_per_million_tokens"],
      cacheWrite: row["cache_write_cost_per_million_tokens"],
      reasoning: row["reasoning_cost_per_million_tokens"],
      imageInput: row["image_input_cost_per_image"],
      imageOutput: row["image_output_cost_per_image"])
    if let threshold: Int = row["long_prompt_threshold_tokens"] {
      tariff.longPrompt = Tariff.LongPromptTier(
        threshold: threshold,
        // What is missing is no price: it makes the model unsellable, and ends no process.
        input: row["long_prompt_input_cost_per_million_tokens"] ?? "",
        output: row["long_prompt_output_cost_per_million_tokens"] ?? "",
        cachedInput: row["long_prompt_cached_input_cost_per_million_tokens"],
        cacheWrite: row["long_prompt_cache_write_cost_per_million_tokens"])
    }
    if let json: String = row["conditional_prices"] {
      let conditions = try? JSONDecoder().decode([Tariff.Condition].self, from: Data(json.utf8))
      tariff.conditions = conditions ?? [Tariff.Condition(input: "")]  // Unsellable, as above.
    }
  }
}
