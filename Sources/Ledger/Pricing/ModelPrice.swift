package import Foundation
package import GRDB

/// One version of a model's price: a row of `model_pricing`. Prices are decimal text in US dollars
/// per million tokens, or per image, exactly as published.
package struct ModelPrice: Sendable, Equatable {
  package var id: Int64
  package var provider: String
  package var model: String
  package var tariff: Tariff
  package var notes: String?
  package var isActive: Bool
  package var createdAt: Date
  package var updatedAt: Date
}

/// What a model's tokens and images cost, as published.
package struct Tariff: Sendable, Equatable, Codable {
  package var input: String
  package var output: String
  /// For input tokens served from the provider's cache; the input price where absent.
  package var cachedInput: String?
  /// For thinking tokens; the output price where absent.
  package var reasoning: String?
  package var imageInput: String?
  package var imageOutput: String?
  /// For every token of a call whose prompt is longer than the threshold.
  package var longPrompt: LongPromptTier?

  package struct LongPromptTier: Sendable, Equatable, Codable {
    /// In tokens; the tier holds strictly above it.
    package var threshold: Int
    package var input: String
    package var output: String
    /// The tier's input price where absent.
    package var cachedInput: String?

    package init(threshold: Int, input: String, output: String, cachedInput: String? = nil) {
      self.threshold = threshold
      self.input = input
      self.output = output
      self.cachedInput = cachedInput
    }
  }

  package init(
    input: String, output: String, cachedInput: String? = nil, reasoning: String? = nil,
    imageInput: String? = nil, imageOutput: String? = nil, longPrompt: LongPromptTier? = nil
  ) {
    self.input = input
    self.output = output
    self.cachedInput = cachedInput
    self.reasoning = reasoning
    self.imageInput = imageInput
    self.imageOutput = imageOutput
    self.longPrompt = longPrompt
  }
}

extension ModelPrice: FetchableRecord {
  package init(row: Row) {
    id = row["id"]
    provider = row["model_provider"]
    model = row["model_name"]
    notes = row["notes"]
    isActive = row["is_active"]
    createdAt = row["created_at"]
    updatedAt = row["updated_at"]
    tariff = Tariff(
      input: row["input_cost_per_million_tokens"],
      output: row["output_cost_per_million_tokens"],
      cachedInput: row["cached_input_cost_per_million_tokens"],
      reasoning: row["reasoning_cost_per_million_tokens"],
      imageInput: row["image_input_cost_per_image"],
      imageOutput: row["image_output_cost_per_image"])
    if let threshold: Int = row["long_prompt_threshold_tokens"] {
      tariff.longPrompt = Tariff.LongPromptTier(
        threshold: threshold,
        // What is missing is no price: it makes the model unsellable, and ends no process.
        input: row["long_prompt_input_cost_per_million_tokens"] ?? "",
        output: row["long_prompt_output_cost_per_million_tokens"] ?? "",
        cachedInput: row["long_prompt_cached_input_cost_per_million_tokens"])
    }
  }
}
