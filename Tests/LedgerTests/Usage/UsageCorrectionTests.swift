import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

/// Calls that were charged by an estimate, once their provider tells what they used.
@Suite("A correction of usage")
struct UsageCorrectionTests {
  let file: LedgerFile
  let terms: BillingTerms
  let user: UserAccount

  init() throws {
    file = try LedgerFile()
    terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
    user = try file.user(credits: "1")
  }

  /// Of 1,000 and 500 tokens at 0.30 and 2.50 at most: 0.2325 credits are held.
  func hold() throws -> CreditHold {
    let price = try file.price()
    return try file.write { tx in
      try tx.holds(terms).take(
        CreditHoldService.Request(
          userID: user.id, projectID: nil, work: "upd1:chat", taskType: "chat", price: price,
          inputTokensBound: 1_000, inputTokensEstimate: 250, outputCap: 500,
          deadline: now.addingTimeInterval(600)))
    }
  }

  func call(_ input: Int, _ output: Int, requestID: String? = "gen-1") -> MeteredCall {
    MeteredCall(
      usage: TokenUsage(inputTokens: input, outputTokens: output), model: "m",
      keyIdentifier: "…abcd", requestID: requestID, responseMilliseconds: 1, isEstimate: true)
  }

  /// Settles with 400 and 200 tokens that are likely, and 200 and 100 that are paid for.
  func settleStopped() throws -> Settlement {
    let hold = try hold()
    return try file.write { tx in
      let settlement = try tx.holds(terms).settle(
        hold.id, with: call(400, 200),
        payingFor: TokenUsage(inputTokens: 200, outputTokens: 100))
      try tx.corrections.schedule(holdID: hold.id)
      return settlement
    }
  }

  func correct(_ input: Int, _ output: Int, cost: String? = nil) throws -> Credits? {
    try file.write(at: now + 60) { tx in
      try tx.corrections.correct(
        1, with: TokenUsage(inputTokens: input, outputTokens: output, reportedCostUSD: cost))
    }
  }

  @Test func isChargedForTheLeastUntilThen() throws {
    let settlement = try settleStopped()
    // 0.00031 and 0.00062 dollars × 1.5 ÷ 0.01.
    #expect(settlement.charge.micro == 46_500)
    #expect(settlement.forgiven.micro == 46_500)
    #expect(try file.account().balance.micro == 953_500)
    #expect(try file.verify().breaks == [])
    // 0.00062 dollars, of which 0.000465 are paid.
    let loss = try file.read { try $0.usage.houseLoss(ofUser: user.id, since: .distantPast) }
    #expect(loss == NanoDollars(155_000))
  }

  @Test func givesBackWhatWasTooMuchOnce() throws {
    _ = try settleStopped()
    // 0.000155 dollars.
    #expect(try correct(100, 50)?.micro == 23_250)
    #expect(try correct(1, 1) == nil)
    #expect(try file.account().balance.micro == 976_750)
    #expect(try file.verify().breaks == [])
    let rows = try file.read { try $0.transactions.list(userID: user.id, limit: 1) }
    #expect(rows.first?.type == .usageCorrection)
    #expect(rows.first?.idempotencyKey == "correct:upd1:chat:1")
    let sums = try file.read { tx in
      try CallSums.total(
        ["from": Date.distantPast.databaseText, "to": Date.distantFuture.databaseText], in: tx)
    }
    #expect(sums.charged.micro == 23_250)
    #expect(sums.realCost == NanoDollars(155_000))
    #expect(sums.loss == .zero)
  }

  @Test func takesNothingMoreAndCountsWhatTheHouseBears() throws {
    _ = try settleStopped()
    #expect(try correct(10_000, 5_000, cost: "0.02") == .zero)
    #expect(try file.account().balance.micro == 953_500)
    #expect(try file.verify().breaks == [])
    let loss = try file.read { try $0.usage.houseLoss(ofUser: user.id, since: now) }
    #expect(loss == NanoDollars(20_000_000 - 465_000))
  }

  @Test func givesNothingBackTwiceWhereTheAnswerReachedNobody() throws {
    _ = try settleStopped()
    try file.write { _ = try $0.holds(terms).refund(work: "upd1:chat", because: "x") }
    #expect(try correct(100, 50) == .zero)
    #expect(try file.account().balance.micro == 1_000_000)
    #expect(try file.verify().breaks == [])
  }

  @Test func isGivenBackWithTheRestWhereTheAnswerReachesNobodyLater() throws {
    _ = try settleStopped()
    _ = try correct(100, 50)
    let refund = try file.write { try $0.holds(terms).refund(work: "upd1:chat", because: "x") }
    #expect(refund?.micro == 23_250)
    #expect(try file.account().balance.micro == 1_000_000)
    #expect(try file.verify().breaks == [])
  }

  @Test func putsRightWhatTheHouseBearsOfACallThatFailed() throws {
    let hold = try hold()
    try file.write { tx in
      try tx.holds(terms).void(hold.id, loss: call(400, 200))
      try tx.corrections.schedule(holdID: hold.id)
    }
    #expect(try correct(100, 50) == .zero)
    #expect(try file.read { try $0.usage.houseLoss(since: .distantPast) } == NanoDollars(155_000))
    #expect(try file.verify().breaks == [])
  }

  @Test func isAskedForSomeTimesAndThenNoMore() throws {
    _ = try settleStopped()
    var at = now
    for pause in UsageCorrectionService.pauses {
      #expect(try file.read(at: at) { try $0.corrections.due() } == [])
      at += pause
      let due = try file.read(at: at) { try $0.corrections.due() }
      #expect(due.map(\.requestID) == ["gen-1"])
      try file.write(at: at) { try $0.corrections.postpone(1) }
    }
    #expect(try file.read(at: at + 1e9) { try $0.corrections.due() } == [])
    #expect(try file.verify().breaks == [])
  }

  @Test func isNotAskedForAgainOnceItIsKnownOrGivenUp() throws {
    _ = try settleStopped()
    _ = try correct(100, 50)
    try file.write { try $0.corrections.postpone(1) }
    #expect(try file.read(at: now + 1e6) { try $0.corrections.due() } == [])
    #expect(try file.verify().breaks == [])
  }

  @Test func isNotAskedForWithoutAnID() throws {
    let hold = try hold()
    try file.write { tx in
      _ = try tx.holds(terms).settle(hold.id, with: call(400, 200, requestID: nil))
      try tx.corrections.schedule(holdID: hold.id)
    }
    #expect(try file.read(at: now + 1e6) { try $0.corrections.due() } == [])
  }

  @Test func thatIsForgedIsABreak() throws {
    _ = try settleStopped()
    _ = try correct(100, 50)
    try file.damage(
      """
      UPDATE credit_transactions SET credits_amount_micro = credits_amount_micro + 1,
        balance_after_micro = balance_after_micro + 1 WHERE transaction_type = 'usage_correction';
      UPDATE users SET credit_balance_micro = credit_balance_micro + 1
      """)
    #expect(
      try file.verify().breaks == [
        "usage 1: its charge should be 23250 micro-credits, but 23249 were taken"
      ])
  }

  @Test func ofACallThatWasNotLookedUpIsABreak() throws {
    _ = try settleStopped()
    try file.damage(
      """
      INSERT INTO credit_transactions (user_id, transaction_type, credits_amount_micro,
        balance_after_micro, idempotency_key, description, created_at, hold_id)
      VALUES (1, 'usage_correction', 5, 953505, 'k', 'd', '2027-01-15 08:00:00.000', 'upd1:chat:1');
      UPDATE users SET credit_balance_micro = 953505
      """)
    let breaks = try file.verify().breaks
    #expect(breaks.contains { $0.hasPrefix("transaction 3 corrects a charge, but no charge") })
  }
}
