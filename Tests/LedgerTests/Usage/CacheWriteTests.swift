import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

/// What a provider puts into its cache has a price of its own, from the hold to the proof.
@Suite("Cache writes")
struct CacheWriteTests {
  private let file: LedgerFile
  private let terms: BillingTerms
  private let user: UserAccount
  private let price: ModelPrice

  init() throws {
    file = try LedgerFile()
    terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
    user = try file.user(credits: "10")
    price = try file.price(
      Tariff(input: "2", output: "10", cachedInput: "0.10", cacheWrite: "2.50"),
      provider: "openrouter", model: "anthropic/claude-sonnet-5.5")
  }

  private func call(cached: Int, written: Int, isEstimate: Bool = false) -> MeteredCall {
    MeteredCall(
      usage: TokenUsage(
        inputTokens: 1_000, cachedInputTokens: cached, cacheWriteTokens: written,
        outputTokens: 500),
      model: "m", keyIdentifier: "k", requestID: "gen-1", responseMilliseconds: 1,
      isEstimate: isEstimate)
  }

  private func settled(_ call: MeteredCall) throws -> (hold: CreditHold, charge: Int64) {
    try file.write { tx in
      let hold = try tx.holds(terms).take(
        file.request("upd1:coding", by: user, at: price, build: nil))
      let settlement = try tx.holds(terms).settle(hold.id, with: call)
      try tx.corrections.schedule(holdID: hold.id)
      #expect(settlement.forgiven == .zero)
      return (hold, settlement.charge.micro)
    }
  }

  private func row() throws -> [String] {
    try file.texts(
      """
      SELECT format('%d in, %d cached, %d written: %s', input_tokens_used, cached_input_tokens,
        cache_write_tokens, table_cost_usd) FROM api_key_usage
      """)
  }

  @Test func areChargedAtTheirOwnPriceAndProven() throws {
    // 100 at 2, 300 at 0.10, 600 at 2.50 and 500 at 10 USD a million: 0.00673 USD.
    #expect(try settled(call(cached: 300, written: 600)).charge == 1_009_500)
    #expect(try row() == ["1000 in, 300 cached, 600 written: 0.00673"])
    #expect(try file.verify().breaks == [])
    try file.damage("UPDATE api_key_usage SET cache_write_tokens = 599")
    let breaks = try file.verify().breaks
    #expect(
      breaks == ["usage 1: its tokens cost 0.0067295 USD at its price, but 0.00673 is recorded"])
  }

  @Test func areWithinTheHoldWhereTheWholePromptIsOne() throws {
    let (hold, charge) = try settled(call(cached: 0, written: 1_000))
    // 1,000 at 2.50 and 500 at 10 USD a million: the dearest that the call could come to.
    #expect(hold.amount.micro == 1_125_000 && charge == 1_125_000)
    #expect(try file.verify().breaks == [])
  }

  @Test func areCorrectedWithTheRest() throws {
    #expect(try settled(call(cached: 0, written: 1_000, isEstimate: true)).charge == 1_125_000)
    let back = try file.write(at: now + 60) {
      try $0.corrections.correct(1, with: call(cached: 600, written: 400).usage)
    }
    // 600 at 0.10, 400 at 2.50 and 500 at 10 USD a million are 0.00606 USD.
    #expect(back?.micro == 216_000)
    #expect(try row() == ["1000 in, 600 cached, 400 written: 0.00606"])
    #expect(try file.verify(at: now + 60).breaks == [])
  }
}
