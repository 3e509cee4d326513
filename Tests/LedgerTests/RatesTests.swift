@testable import Ledger
import Testing

@Suite("Rates")
struct RatesTests {
  static let pro = Tariff(
    input: "1.25", output: "10", cachedInput: "0.125",
    longPrompt: .init(threshold: 200_000, input: "2.50", output: "15", cachedInput: "0.25"))

  func cost(_ tariff: Tariff, _ usage: MeteredUsage) throws -> String {
    try Rates(tariff).cost(of: usage).description
  }

  @Test func chargesInputAndOutputAtTheirOwnPrices() throws {
    let tariff = Tariff(input: "0.30", output: "2.50")
    #expect(try cost(tariff, MeteredUsage(inputTokens: 1_000, outputTokens: 500)) == "0.00155")
  }

  @Test func chargesCachedTokensAtTheCachedPriceOrElseAtTheInputPrice() throws {
    let usage = MeteredUsage(inputTokens: 1_000_000, cachedInputTokens: 400_000, outputTokens: 0)
    #expect(try cost(Tariff(input: "1", output: "1", cachedInput: "0.1"), usage) == "0.64")
    #expect(try cost(Tariff(input: "1", output: "1", cachedInput: "0"), usage) == "0.6")
    #expect(try cost(Tariff(input: "1", output: "1"), usage) == "1")
  }

  @Test func chargesThinkingAtItsOwnPriceOrElseAtTheOutputPrice() throws {
    let usage = MeteredUsage(inputTokens: 0, outputTokens: 1_000_000, reasoningTokens: 250_000)
    #expect(try cost(Tariff(input: "1", output: "2", reasoning: "4"), usage) == "2.5")
    #expect(try cost(Tariff(input: "1", output: "2"), usage) == "2")
  }

  @Test func takesTheLongPromptPricesStrictlyAboveTheThresholdForEveryToken() throws {
    let at = MeteredUsage(inputTokens: 200_000, cachedInputTokens: 100_000, outputTokens: 1_000)
    let above = MeteredUsage(inputTokens: 200_001, cachedInputTokens: 100_000, outputTokens: 1_000)
    #expect(try cost(Self.pro, at) == "0.1475")
    #expect(try cost(Self.pro, above) == "0.2900025")
  }

  @Test func chargesImagesEach() throws {
    let usage = MeteredUsage(inputTokens: 0, outputTokens: 0, images: 3)
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
      let usage = MeteredUsage(
        inputTokens: usedInput, cachedInputTokens: cached, outputTokens: usedOutput)
      #expect(try rates.cost(of: usage) <= bound)
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
    let usage = MeteredUsage(
      inputTokens: -5, cachedInputTokens: 10, outputTokens: 3, reasoningTokens: 9, images: -1)
    #expect(usage == MeteredUsage(inputTokens: 0, outputTokens: 3, reasoningTokens: 3))
  }
}
