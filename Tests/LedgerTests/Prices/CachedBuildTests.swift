import Foundation
@testable import Ledger
import Metering
import Testing

/// What a cache saves over a build, at the prices that ship.
@Suite("A build of ten tasks")
struct CachedBuildTests {
  /// A task takes one and a half calls, as every second is mended once.
  private static let calls = 15
  /// The instructions, the plan, the shared names, and the files that are done.
  private static let stable = 12_000
  /// The task, and the files that it changes.
  private static let rest = 3_000
  private static let answer = 3_000

  /// Each call comes while the beginning is still kept, for five minutes; the first puts it there.
  ///
  /// - Parameter writesAreTold: Gemini's are not, and cost what any other input does.
  private func cost(
    _ model: ModelID, isCached: Bool, writesAreTold: Bool = false
  ) throws -> String {
    let shipped = try StarterPrices.shipped().prices
    let rates = try Rates(try #require(shipped.first { $0.id == model }).tariff)
    var sum = USD.zero
    for call in 0..<Self.calls {
      let usage = TokenUsage(
        inputTokens: Self.stable + Self.rest,
        cachedInputTokens: isCached && call > 0 ? Self.stable : 0,
        cacheWriteTokens: writesAreTold && call == 0 ? Self.stable : 0,
        outputTokens: Self.answer)
      sum = try sum + rates.cost(of: usage, at: PriceMoment(now))
    }
    return sum.description
  }

  @Test func costsAThirdLessOfGeminiWithItsCache() throws {
    let model = ModelID(provider: "google", name: "gemini-3.8-flash")
    #expect(try cost(model, isCached: false) == "0.3375")
    // Of which the answers are 0.16875, so that of the prompts it is two thirds.
    #expect(try cost(model, isCached: true) == "0.2241")
  }

  @Test func costsAThirdLessOfAnthropicWithItsCacheThoughWritingIsDearer() throws {
    let model = ModelID(provider: "openrouter", name: "anthropic/claude-sonnet-5.5")
    #expect(try cost(model, isCached: false) == "0.9")
    #expect(try cost(model, isCached: true, writesAreTold: true) == "0.5868")
  }
}
