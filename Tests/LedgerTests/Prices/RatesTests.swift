import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

@Suite("Rates")
struct RatesTests {
  static let pro = Tariff(
    input: "1.25", output: "10", cachedInput: "0.125",
    longPrompt: .init(threshold: 200_000, input: "2.50", output: "15", cachedInput: "0.25"))

  func cost(
    _ tariff: Tariff, _ usage: TokenUsage, at date: Date = now
  ) throws -> String {
    try Rates(tariff).cost(of: usage, at: PriceMoment(date)).description
  }

  @Test func chargesInputAndOutputAtTheirOwnPrices() throws {
    let tariff = Tariff(input: "0.30", output: "2.50")
    #expect(try cost(tariff, TokenUsage(inputTokens: 1_000, outputTokens: 500)) == "0.00155")
  }

  @Test func chargesCachedTokensAtTheCachedPriceOrElseAtTheInputPrice() throws {
    let usage = TokenUsage(inputTokens: 1_000_000, cachedInputTokens: 400_000, outputTokens: 0)
    // 600,000 at 1, and 400,000 at each of three prices.
    #expect(try cost(Tariff(input: "1", output: "1", cachedInput: "0.1"), usage) == "0.64")
    #expect(try cost(Tariff(input: "1", output: "1", cachedInput: "0"), usage) == "0.6")
    #expect(try cost(Tariff(input: "1", output: "1"), usage) == "1")
  }

  @Test func chargesThinkingAtItsOwnPriceOrElseAtTheOutputPrice() throws {
    let usage = TokenUsage(inputTokens: 0, outputTokens: 1_000_000, reasoningTokens: 250_000)
    // 750,000 at 2, and 250,000 at 4 or 2.
    #expect(try cost(Tariff(input: "1", output: "2", reasoning: "4"), usage) == "2.5")
    #expect(try cost(Tariff(input: "1", output: "2"), usage) == "2")
  }

  @Test func takesTheLongPromptPricesStrictlyAboveTheThresholdForEveryToken() throws {
    let at = TokenUsage(inputTokens: 200_000, cachedInputTokens: 100_000, outputTokens: 1_000)
    let above = TokenUsage(inputTokens: 200_001, cachedInputTokens: 100_000, outputTokens: 1_000)
    // 100,000 at 1.25 and 0.125, 1,000 at 10; then 100,001 at 2.50, 100,000 at 0.25, 1,000 at 15.
    #expect(try cost(Self.pro, at) == "0.1475")
    #expect(try cost(Self.pro, above) == "0.2900025")
  }

  @Test func chargesImagesEach() throws {
    let usage = TokenUsage(inputTokens: 0, outputTokens: 0, images: 3)
    #expect(try cost(Tariff(input: "1", output: "1", imageOutput: "0.039"), usage) == "0.117")
    #expect(try cost(Tariff(input: "1", output: "1", imageInput: "0.01"), usage) == "0.03")
  }

  @Test(arguments: [
    (0, 0), (1, 1), (199_999, 5_000), (200_000, 5_000), (200_001, 5_000), (900_000, 60_000),
  ])
  func boundsEveryCallThatFitsIntoIt(input: Int, output: Int) throws {
    let rates = try Rates(Self.pro)
    let bound = try rates.bound(inputTokens: input, outputTokens: output)
    for (usedInput, cached, usedOutput) in [
      (input, 0, output), (input, input, output), (input / 2, 0, output), (input, input / 2, 0),
    ] {
      let usage = TokenUsage(
        inputTokens: usedInput, cachedInputTokens: cached, outputTokens: usedOutput)
      #expect(try rates.cost(of: usage, at: PriceMoment(now)) <= bound)
    }
  }

  @Test func chargesWhatIsPutIntoTheCacheAtItsOwnPriceOrElseAtTheInputPrice() throws {
    let usage = TokenUsage(
      inputTokens: 1_000_000, cachedInputTokens: 200_000, cacheWriteTokens: 300_000,
      outputTokens: 0)
    let tariff = Tariff(input: "1", output: "1", cachedInput: "0.1", cacheWrite: "2")
    // 500,000 at 1, 200,000 at 0.1, 300,000 at 2 or 1.
    #expect(try cost(tariff, usage) == "1.12")
    #expect(try cost(Tariff(input: "1", output: "1", cachedInput: "0.1"), usage) == "0.82")
    var tiered = tariff
    tiered.longPrompt = .init(threshold: 9, input: "3", output: "1", cacheWrite: "4")
    // 700,000 at 3, as the tier has no price for cached ones, and 300,000 at 4 or 3.
    #expect(try cost(tiered, usage) == "3.3")
    tiered.longPrompt?.cacheWrite = nil
    #expect(try cost(tiered, usage) == "3")
  }

  /// 16:30 on Monday, the second of November 2026, and other moments.
  @Test(arguments: [
    (1_793_637_000.0, "0.5"), (1_793_636_999.9994, "2"), (1_793_636_999.9996, "0.5"),
    (1_793_665_799.0, "0.5"), (1_793_665_800.0, "2"), (1_793_577_600.0, "0.5"),
    // Saturday at noon, and the last minute of Sunday.
    (1_794_052_800.0, "0.25"), (1_794_182_399.0, "0.25"), (1_794_182_400.0, "0.5"),
    (-5.0, "0.5"),
  ])
  func takesPricesByTheHour(seconds: Double, expected: String) throws {
    let tariff = Tariff(
      input: "2", output: "1",
      conditions: [
        .init(hours: try hours("16:30", "00:30"), input: "0.5"),
        .init(days: [6, 7], input: "0.25"),
      ])
    let usage = TokenUsage(inputTokens: 1_000_000, outputTokens: 0)
    let date = Date(timeIntervalSince1970: seconds)
    #expect(try cost(tariff, usage, at: date) == expected)
    // What the tables keep of the date says the same.
    let kept = try #require(Date.fromDatabaseValue(date.databaseText.databaseValue))
    #expect(PriceMoment(kept) == PriceMoment(date))
  }

  @Test func takesTheLastConditionThatIsMetPriceByPrice() throws {
    let tariff = Tariff(
      input: "1", output: "10", reasoning: "20",
      longPrompt: .init(threshold: 100, input: "2", output: "30"),
      conditions: [
        .init(promptOver: 1_000, input: "4", reasoning: "50"), .init(promptOver: 500, output: "40"),
      ])
    let million = 1_000_000
    func sum(_ input: Int) throws -> String {
      try cost(
        tariff, TokenUsage(inputTokens: input, outputTokens: million, reasoningTokens: 500_000))
    }
    // Half a million each of answer and thinking, at 10 and 20, 30 and 20, 40 and 20, 40 and 50;
    // the input at 1, 2, 2 and 4.
    #expect(try sum(0) == "15")
    #expect(try sum(101) == "25.000202")
    #expect(try sum(501) == "30.001002")
    #expect(try sum(1_001) == "45.004004")
  }

  @Test func boundsACallAtTheDearestHour() throws {
    let night = try hours("22:00", "06:00")
    let tariff = Tariff(
      input: "1", output: "1", cacheWrite: "1.5",
      conditions: [
        .init(hours: night, input: "3", output: "5"),
        .init(promptOver: 10, hours: night, input: "7"),
      ])
    let rates = try Rates(tariff)
    // 10 at 3 and 10 at 5; 11 at 7.
    #expect(try rates.bound(inputTokens: 10, outputTokens: 10).description == "0.00008")
    #expect(try rates.bound(inputTokens: 11, outputTokens: 0).description == "0.000077")
    let low = try tariff.ceiling(inputTokens: 10)
    let high = try tariff.ceiling(inputTokens: 11)
    #expect(low == (input: "3", output: "5") && high == (input: "7", output: "5"))
  }

  private func hours(_ from: String, _ to: String) throws -> DailyHours {
    DailyHours(
      from: try #require(ClockTime(parsing: from)), to: try #require(ClockTime(parsing: to)))
  }

  @Test(arguments: ["24:00", "1:00", "01:60", "0100", "01:00:00", "-1:00", "+1:00", ""])
  func knowsNoSuchTime(text: String) {
    #expect(ClockTime(parsing: text) == nil)
  }

  @Test func refusesConditionsThatMakeNoSense() {
    for condition in [
      Tariff.Condition(promptOver: -1), .init(days: [0]), .init(days: [8]), .init(output: "-1"),
    ] {
      #expect(throws: LedgerError.self) {
        try Rates(Tariff(input: "1", output: "1", conditions: [condition]))
      }
    }
  }

  @Test(arguments: ["-1", "", "free", "1000001", "0.0000000000000000001"])
  func refusesAPriceThatCannotBeSold(price: String) {
    #expect(throws: LedgerError.self) { try Rates(Tariff(input: price, output: "1")) }
    #expect(throws: LedgerError.self) { try Rates(Tariff(input: "1", output: price)) }
    #expect(throws: LedgerError.self) {
      try Rates(Tariff(input: "1", output: "1", cachedInput: price))
    }
  }

  @Test func givesUsageThatContradictsItselfTheSmallerReading() {
    let usage = TokenUsage(
      inputTokens: -5, cachedInputTokens: 10, cacheWriteTokens: 5, outputTokens: 3,
      reasoningTokens: 9, images: -1)
    #expect(usage == TokenUsage(inputTokens: 0, outputTokens: 3, reasoningTokens: 3))
    let written = TokenUsage(
      inputTokens: 10, cachedInputTokens: 7, cacheWriteTokens: 9, outputTokens: 0)
    #expect(written.cacheWriteTokens == 3)
  }
}
