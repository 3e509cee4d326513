import Foundation
@testable import Ledger
import Metering
import Testing

/// Every model of a stored sample of each list, at what its prices come to by hand, to the last
/// digit. The rules here are written from the descriptions of the lists, not from the product.
@Suite("Costs by the lists")
struct ListedCostTests {
  // MARK: OpenRouter

  @Test func everyModelOfOpenRouterCostsWhatItsListSays() throws {
    let list = try OpenRouterPriceList.read(
      try StoredValue.data("openrouter-models.json"), allowFree: false)
    #expect(list.entries.count == 32)
    #expect(
      Dictionary(uniqueKeysWithValues: list.refusals.map { ($0.model.name, $0.reason) }) == [
        "qwen/qwen3.8-27b:free": "prompt is zero; --allow-free takes it",
        "nvidia/nemotron-3.5-lightning:free": "prompt is zero; --allow-free takes it",
        "openrouter/auto": "prompt is negative",
        "perplexity/sonar-pro": "it has a fee (request) that this price list cannot hold",
      ])
    let stored = try StoredValue.read("openrouter-models.json")["data"]?.list ?? []
    #expect(stored.count == list.entries.count + list.refusals.count)
    for entry in list.entries {
      let model = try #require(stored.first { $0["id"]?.text == entry.model.name })
      let pricing = try #require(model["pricing"])
      try check(entry) { call in try Self.openRouterCost(of: call, pricing) }
      #expect(entry.endsOn == model["expiration_date"]?.text)
    }
  }

  /// Later overrides whose conditions are all met win, price by price.
  private static func openRouterCost(
    of call: PricedCall, _ pricing: StoredValue
  ) throws -> Decimal {
    var prices: [String: Decimal] = [:]
    let names = [
      "prompt", "completion", "input_cache_read", "input_cache_write", "internal_reasoning",
    ]
    for name in names { prices[name] = pricing[name]?.decimal?.unlessZero }
    // Thinking that is listed at the price of the answer is a part of it.
    if prices["internal_reasoning"] == prices["completion"] { prices["internal_reasoning"] = nil }
    for override in pricing["overrides"]?.list ?? [] where applies(override, to: call) {
      for name in names {
        guard let price = override[name]?.decimal else { continue }
        let isAnswer = name == "internal_reasoning" && price == override["completion"]?.decimal
        if !isAnswer { prices[name] = price }
      }
    }
    // What is listed for an image may be what a token of one costs, which is far less.
    let images = ["image_output", "image"].compactMap { pricing[$0]?.decimal }
    return call.cost(
      input: try #require(prices["prompt"]), output: try #require(prices["completion"]),
      cached: prices["input_cache_read"], written: prices["input_cache_write"],
      thinking: prices["internal_reasoning"],
      image: images.first { $0 > Decimal(sign: .plus, exponent: -4, significand: 2) })
  }

  private static func applies(_ override: StoredValue, to call: PricedCall) -> Bool {
    if let least = override["min_prompt_tokens"]?.integer, call.input <= least { return false }
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    let named = override["utc_days"]?.list.compactMap(\.text)
    if let named, !named.contains(days[call.day - 1]) { return false }
    guard let start = override["utc_start"]?.integer, let end = override["utc_end"]?.integer else {
      return true
    }
    // Midnight as an end is that of the day's end.
    return start <= end
      ? call.clock >= start && call.clock < end : call.clock >= start || call.clock < end
  }

  // MARK: LiteLLM

  @Test func everyModelOfLiteLLMCostsWhatItsListSays() throws {
    let file = "model_prices_and_context_window.json"
    let list = try LiteLLMPriceList.read(try StoredValue.data(file), allowFree: false)
    #expect(list.entries.count == 42)
    #expect(
      Set(list.refusals.map(\.model.name)) == [
        "gemini-2.5-flash-preview-tts", "gemini-3.8-live", "gemini-embedding-2",
        "gemini-exp-1206", "gemma-4-31b-it", "imagen-3.0-generate-001", "veo-3.1-generate-001",
        "qwen/qwen3.8-27b:free", "deepseek/deepseek-v4-pro-0813", "tencent/hy3",
        "tencent/hy4-preview",
      ])
    let stored = try StoredValue.read(file)
    for entry in list.entries {
      let prefix = entry.model.provider == "google" ? "gemini" : "openrouter"
      let model = try #require(stored["\(prefix)/\(entry.model.name)"])
      try check(entry) { call in try Self.liteLLMCost(of: call, model) }
      #expect(entry.endsOn == model["deprecation_date"]?.text)
    }
  }

  /// Thresholds upwards, each strictly; zero or nothing is the price of input, or of the answer.
  private static func liteLLMCost(of call: PricedCall, _ model: StoredValue) throws -> Decimal {
    let names = [
      "input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost",
      "cache_creation_input_token_cost",
    ]
    var prices: [String: Decimal] = [:]
    for name in names { prices[name] = model[name]?.decimal?.unlessZero }
    let answer = model["output_cost_per_token"]?.decimal
    let thinking = model["output_cost_per_reasoning_token"]?.decimal?.unlessZero
    for thousands in [32, 100, 128, 200, 256, 272] where call.input > thousands * 1_000 {
      for name in names {
        if let price = model["\(name)_above_\(thousands)k_tokens"]?.decimal { prices[name] = price }
      }
    }
    let image = (model["output_cost_per_image"] ?? model["input_cost_per_image"])?.decimal
    return call.cost(
      input: try #require(prices["input_cost_per_token"]),
      output: try #require(prices["output_cost_per_token"]),
      cached: prices["cache_read_input_token_cost"],
      written: prices["cache_creation_input_token_cost"],
      thinking: thinking == answer ? nil : thinking, image: image)
  }

  // MARK: Both

  private func check(
    _ entry: ListedModel, _ byHand: (PricedCall) throws -> Decimal
  ) throws {
    let rates = try Rates(entry.tariff)
    for call in PricedCall.all {
      let expected = try byHand(call)
      let usage = TokenUsage(
        inputTokens: call.input, cachedInputTokens: call.cached, cacheWriteTokens: call.written,
        outputTokens: call.output, reasoningTokens: call.thinking, images: call.images)
      let cost = try rates.cost(of: usage, at: PriceMoment(call.date))
      guard try cost.nanoDollars() == expected.nanoDollars, cost.description == "\(expected)" else {
        Issue.record("\(entry.model), \(call): \(cost) and not \(expected)")
        return
      }
      let bound = try rates.bound(inputTokens: call.input, outputTokens: call.output)
      #expect(call.images > 1 || cost <= bound, "\(entry.model), \(call)")
    }
  }
}
