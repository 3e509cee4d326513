package import Foundation
package import Metering

/// LiteLLM's `model_prices_and_context_window.json`: JSON numbers in US dollars per token, under
/// keys such as `gemini/gemini-2.5-pro`, and prices of long prompts under names that end in
/// `_above_200k_tokens` (BerriAI/litellm, its price map and `llm_cost_calc/utils.py`).
package enum LiteLLMPriceList {
  /// What the keys of a provider's models begin with.
  package typealias Prefix = (key: String, provider: ModelProvider)

  /// What the bot can ask a model for.
  private static let soldModes: Set = ["chat", "completion", "responses", "image_generation"]

  private static let input = "input_cost_per_token"
  private static let output = "output_cost_per_token"
  private static let cachedInput = "cache_read_input_token_cost"
  private static let cacheWrite = "cache_creation_input_token_cost"
  private static let reasoning = "output_cost_per_reasoning_token"

  /// - Parameters:
  ///   - prefixes: Of the providers whose models are taken over.
  ///   - allowFree: Whether a price of zero is.
  /// - Throws: `PriceListError.unreadable` for what is no such file. Single models that cannot be
  ///   taken over are refusals in it.
  package static func read(
    _ json: Data, prefixes: [Prefix], allowFree: Bool
  ) throws(PriceListError) -> PriceList {
    let models: Models?
    do {
      models = try JSONDecoder().decode(Models.self, from: json, configuration: prefixes)
    } catch DecodingError.dataCorrupted {
      throw .unreadable("it \(JSONFlaw.sentence(of: json))")
    } catch {
      models = nil  // JSON of something else.
    }
    guard let models, !models.all.isEmpty else {
      let keys = prefixes.map(\.key).joined(separator: " or ")
      throw .unreadable(
        "it is no model_prices_and_context_window.json of LiteLLM, or has no model of \(keys)")
    }
    var list = PriceList(source: "LiteLLM's list")
    for (name, model) in models.all {
      list.add(name, endsOn: model["deprecation_date"].day) { () throws(ListedPriceFlaw) in
        try tariff(model, allowFree: allowFree)
      }
    }
    return list
  }

  /// Of thousands of entries, only those of our providers are decoded.
  private struct Models: DecodableWithConfiguration {
    struct Key: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }

      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    var all: [(ModelID, ListedValue)] = []

    init(from decoder: any Decoder, configuration prefixes: [Prefix]) throws {
      let container = try decoder.container(keyedBy: Key.self)
      for key in container.allKeys {
        for (prefix, provider) in prefixes where key.stringValue.hasPrefix(prefix) {
          let name = ModelID(
            provider: provider, name: String(key.stringValue.dropFirst(prefix.count)))
          guard name.isPrintable else { continue }
          all.append((name, try container.decode(ListedValue.self, forKey: key)))
        }
      }
      all.sort { $0.0 < $1.0 }
    }
  }

  private static func tariff(
    _ model: ListedValue, allowFree: Bool
  ) throws(ListedPriceFlaw) -> Tariff {
    if let mode = model["mode"].text, !soldModes.contains(mode) {
      throw ListedPriceFlaw(reason: "it is for \(mode.prefix(40)), which the bot does not ask for")
    }
    let unreadNames = ["tiered_pricing", "pricing_periods", "off_peak_pricing"]
    for name in unreadNames where !model[name].isNothing {
      throw ListedPriceFlaw(reason: "it has \(name), which this price list cannot hold")
    }
    let prices = ListedPrices(values: model.members, allowFree: allowFree)
    for fee in ["input_cost_per_request", "output_cost_per_request"] { try prices.refuseFee(fee) }
    var tariff = Tariff(
      input: try prices.required(input), output: try prices.required(output),
      cachedInput: try prices.price(cachedInput, zero: ListedPrices.isNone),
      cacheWrite: try prices.price(cacheWrite, zero: ListedPrices.isNone),
      imageInput: try prices.imagePrice("input_cost_per_image"),
      imageOutput: try prices.imagePrice("output_cost_per_image"))
    let thinking = try prices.price(reasoning, zero: ListedPrices.isNone)
    // What costs as much as the answer goes with it, even if that has other prices.
    tariff.reasoning = thinking == "0" || thinking == tariff.output ? nil : thinking
    try addTiers(of: prices, to: &tariff)
    return tariff
  }

  /// Above each threshold, strictly, the prices that are given for it; all others stay.
  private static func addTiers(
    of prices: ListedPrices, to tariff: inout Tariff
  ) throws(ListedPriceFlaw) {
    let names = [input, output, cachedInput, cacheWrite]
    var ends: [Int: String] = [:]
    for name in prices.values.keys {
      guard let match = name.wholeMatch(of: /(.+)(_above_([0-9]{1,9})(k?)_tokens)/),
        names.contains(String(match.1)), let number = Int(match.3)
      else { continue }
      ends[match.4.isEmpty ? number : number * 1_000] = String(match.2)
    }
    var tiers: [Tariff.Condition] = []
    for (threshold, end) in ends.sorted(by: { $0.key < $1.key }) {
      tiers.append(
        Tariff.Condition(
          promptOver: threshold, input: try prices.price(input + end),
          output: try prices.price(output + end), cachedInput: try prices.price(cachedInput + end),
          cacheWrite: try prices.price(cacheWrite + end)))
    }
    guard let first = tiers.first, let threshold = first.promptOver else { return }
    guard tiers.count == 1 else {
      tariff.conditions = tiers
      return
    }
    tariff.longPrompt = Tariff.LongPromptTier(
      threshold: threshold, input: first.input ?? tariff.input,
      output: first.output ?? tariff.output, cachedInput: first.cachedInput ?? tariff.cachedInput,
      cacheWrite: first.cacheWrite ?? tariff.cacheWrite)
  }
}
