import Foundation
@testable import Ledger
import Metering
import Testing

/// What is taken over from a list, and what is refused.
@Suite("Price lists")
struct PriceListTests {
  private func openRouter(_ pricing: String, allowFree: Bool = false) throws -> PriceList {
    try OpenRouterPriceList.read(
      Data(#"{"data": [{"id": "a/b", "pricing": \#(pricing)}]}"#.utf8), allowFree: allowFree)
  }

  private func liteLLM(_ entry: String, allowFree: Bool = false) throws -> PriceList {
    try LiteLLMPriceList.read(
      Data(#"{"gemini/m": \#(entry), "gpt-4o": 5}"#.utf8), allowFree: allowFree)
  }

  static let fee = "it has a fee (request) that this price list cannot hold"
  static let absurd = [
    ("-1", "is negative"), ("-0.0000001", "is negative"), ("0.011", "is above 10000 USD"),
    ("1e-25", "is no decimal number"), ("1e40", "too large"), ("0", "is zero; --allow-free"),
  ]

  @Test(arguments: absurd + [("free", "is no decimal number"), ("", "is no decimal number")])
  func refuseAnAbsurdPriceOfOpenRouter(price: String, reason: String) throws {
    for pricing in [
      #"{"prompt": "\#(price)", "completion": "0.000001"}"#,
      #"{"prompt": "0.000001", "completion": "\#(price)"}"#,
      #"{"prompt": "1e-6", "completion": "1e-6", "overrides": [{"prompt": "\#(price)"}]}"#,
    ] {
      let list = try openRouter(pricing)
      #expect(list.entries.isEmpty)
      #expect(list.refusals.first?.reason.contains(reason) == true, "\(list.refusals)")
    }
  }

  @Test(arguments: absurd)
  func refuseAnAbsurdPriceOfLiteLLM(price: String, reason: String) throws {
    for entry in [
      #"{"input_cost_per_token": \#(price), "output_cost_per_token": 1e-6}"#,
      #"{"input_cost_per_token": 1e-6, "output_cost_per_token": \#(price)}"#,
      """
      {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6,
      "input_cost_per_token_above_200k_tokens": \(price)}
      """,
    ] {
      let list = try liteLLM(entry)
      #expect(list.entries.isEmpty)
      #expect(list.refusals.first?.reason.contains(reason) == true, "\(list.refusals)")
    }
  }

  @Test(arguments: [
    (#"{"completion": "0.000001"}"#, "prompt is missing"),
    (#"{"prompt": null, "completion": "0.000001"}"#, "prompt is missing"),
    (#"{"prompt": true, "completion": "0.000001"}"#, "prompt is no number"),
    ("null", "prompt is missing"), ("[]", "prompt is missing"),
    (#"{"prompt": "1e-6", "completion": "1e-6", "request": "0.01"}"#, Self.fee),
    (#"{"prompt": "1e-6", "completion": "1e-6", "overrides": {}}"#, "its overrides cannot be read"),
    (
      #"{"prompt": "1e-6", "completion": "1e-6", "input_cache_read": "-1"}"#,
      "input_cache_read is negative"
    ),
    (
      #"{"prompt": "1e-6", "completion": "1e-6", "overrides": [{"moon": "full"}]}"#,
      "an override says moon, which is not known here"
    ),
    (
      #"{"prompt": "1e-6", "completion": "1e-6", "overrides": [{"utc_start": 100}]}"#,
      "the hours of an override cannot be read"
    ),
    (
      #"{"prompt": "1e-6", "completion": "1e-6", "overrides": [{"utc_start": 2400,"utc_end": 1}]}"#,
      "the hours of an override cannot be read"
    ),
    (
      #"{"prompt": "1e-6", "completion": "1e-6", "overrides": [{"utc_days": ["funday"]}]}"#,
      "the days of an override cannot be read"
    ),
    (
      #"{"prompt": "1e-6", "completion": "1e-6", "overrides": [{"min_prompt_tokens": "2"}]}"#,
      "the min_prompt_tokens of an override are no number"
    ),
  ])
  func refuseWhatOpenRouterDoesNotDescribe(pricing: String, reason: String) throws {
    let list = try openRouter(pricing)
    #expect(list.entries.isEmpty)
    #expect(list.refusals.map(\.reason) == [reason])
  }

  @Test(arguments: [
    (#""mode": "embedding""#, "it is for embedding, which the bot does not ask for"),
    (#""tiered_pricing": []"#, "it has tiered_pricing, which this price list cannot hold"),
    (#""input_cost_per_request": 0.01"#, "it has a fee (input_cost_per_request) that this"),
    (
      #""off_peak_pricing": {"hours_utc": "01:00-02:00"}"#,
      "it has off_peak_pricing, which this price list cannot hold"
    ),
  ])
  func refuseWhatLiteLLMHasAndThePriceListHasNot(member: String, reason: String) throws {
    let list = try liteLLM(
      #"{"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, \#(member)}"#)
    #expect(list.entries.isEmpty)
    #expect(list.refusals.first?.reason.hasPrefix(reason) == true, "\(list.refusals)")
  }

  @Test func takeFreeModelsWhereTheyAreAskedFor() throws {
    let list = try openRouter(
      #"{"prompt": "0", "completion": "0", "internal_reasoning": "0"}"#, allowFree: true)
    #expect(list.entries.map(\.tariff) == [Tariff(input: "0", output: "0")])
    let entry = #"{"input_cost_per_token": 0.0, "output_cost_per_token": 0}"#
    #expect(
      try liteLLM(entry, allowFree: true).entries.map(\.tariff) == [
        Tariff(input: "0", output: "0")
      ])
  }

  @Test func takeEveryDigitAsItIsWritten() throws {
    // A Double would have 0.0000000833333333333333 end otherwise.
    let list = try liteLLM(
      """
      {"input_cost_per_token": 8.33333333333333E-8, "output_cost_per_token": 2.39395e-08,
      "cache_read_input_token_cost": 0.000000000000000000000001}
      """)
    let tariff = try #require(list.entries.first?.tariff)
    #expect(tariff.input == "0.0833333333333333" && tariff.output == "0.0239395")
    #expect(tariff.cachedInput == "0.000000000000000001")
  }

  @Test func neverTakeAPriceOfATokenForThatOfAnImage() throws {
    let list = try openRouter(
      #"{"prompt": "2e-6", "completion": "12e-6", "image": "2e-6", "image_output": "0.00012"}"#)
    #expect(list.entries.map(\.tariff) == [Tariff(input: "2", output: "12")])
  }

  /// OpenRouter puts the price of the moment beside its hours.
  @Test func areTheSameWhateverTheHourOfTheList() throws {
    let high = #""prompt": "2e-6", "completion": "6e-6""#
    let low = #""prompt": "1e-6", "completion": "3e-6""#
    let day = #"{"utc_start": 600, "utc_end": 2200, \#(high)}"#
    let night = #"{"utc_start": 2200, "utc_end": 600, \#(low)}"#
    let byDay = try openRouter(#"{\#(high), "overrides": [\#(day), \#(night)]}"#)
    let byNight = try openRouter(#"{\#(low), "overrides": [\#(night), \#(day)]}"#)
    #expect(byDay == byNight)
    #expect(byDay.entries.first?.tariff.input == "2")
  }

  @Test func refuseAModelThatIsListedTwice() throws {
    let model = #"{"id": "a/b", "pricing": {"prompt": "1e-6", "completion": "1e-6"}}"#
    let list = try OpenRouterPriceList.read(
      Data(#"{"data": [\#(model), 5, {}, \#(model)]}"#.utf8), allowFree: false)
    #expect(list.entries.isEmpty)
    #expect(list.refusals.map(\.reason) == ["it is listed more than once"])
  }

  @Test(arguments: [100, 500, 100_000])
  func endNoProcessHoweverDeepTheyAre(depth: Int) {
    for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
      let value =
        String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
      let list = try? openRouter(value)
      #expect(list == nil || list?.refusals.map(\.reason) == ["prompt is missing"])
      #expect((try? liteLLM(value))?.entries.isEmpty != false)
    }
  }

  @Test(arguments: ["", "{}", "[]", "null", #"{"data": {}}"#, #"{"gpt-4o": {}}"#, "\u{0}", "{"])
  func areKnownFromOtherThings(json: String) {
    #expect(throws: PriceListError.self) {
      try OpenRouterPriceList.read(Data(json.utf8), allowFree: false)
    }
    #expect(throws: PriceListError.self) {
      try LiteLLMPriceList.read(Data(json.utf8), allowFree: false)
    }
  }
}

extension LiteLLMPriceList {
  /// With the prefixes of the providers that have some.
  static func read(_ json: Data, allowFree: Bool) throws(PriceListError) -> PriceList {
    try read(
      json, prefixes: [("gemini/", "google"), ("openrouter/", "openrouter")], allowFree: allowFree)
  }
}
