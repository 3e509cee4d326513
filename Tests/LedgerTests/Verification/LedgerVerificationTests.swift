import Foundation
import GRDB
@testable import Ledger
import Metering
import Synchronization
import Testing

/// A sound ledger is damaged in one place, as a bug or a hand in the file would, and the
/// verification must name the break.
@Suite("LedgerVerification")
struct LedgerVerificationTests {
  let file: LedgerFile

  init() throws {
    file = try LedgerFile()
    let user = try file.user(credits: "10")
    let price = try file.price()
    try file.write { tx in
      for (number, ending) in ["settled", "voided", "pending"].enumerated() {
        let hold = try tx.holds(try BillingTerms(creditValueUSD: "0.01", markup: "1.5")).take(
          CreditHoldService.Request(
            userID: user.id, projectID: nil, work: "upd\(number + 1):chat", taskType: "chat",
            price: price, inputTokensBound: 1_000, inputTokensEstimate: 250, outputCap: 500,
            deadline: now.addingTimeInterval(600)))
        let call = MeteredCall(
          usage: TokenUsage(inputTokens: 1_000, outputTokens: 100),
          model: "m", keyIdentifier: "k", requestID: nil, responseMilliseconds: 1)
        if ending == "settled" {
          _ = try tx.holds(try BillingTerms(creditValueUSD: "0.01", markup: "1.5")).settle(
            hold.id, with: call)
        }
        if ending == "voided" {
          try tx.holds(try BillingTerms(creditValueUSD: "0.01", markup: "1.5")).void(
            hold.id, loss: call)
        }
      }
    }
  }

  @Test func findsNothingWrongWithASoundLedger() throws {
    #expect(try file.verify() == .init(users: 1, transactions: 2, settledCalls: 1))
  }

  @Test func provesAChargeAtAPriceByTheHourFromTheHourOfItsRow() throws {
    let user = try file.user(2, credits: "9000")
    let night = DailyHours(
      from: try #require(ClockTime(parsing: "22:00")), to: try #require(ClockTime(parsing: "06:00"))
    )
    let price = try file.price(
      Tariff(input: "1", output: "1", conditions: [.init(hours: night, input: "3")]), model: "m")
    let midnight = Date(timeIntervalSince1970: 1_793_577_600)
    for hour in [0, 5, 6, 21, 22] {
      let date = midnight.addingTimeInterval(Double(hour) * 3_600)
      let cost = try file.write(at: date) { tx in
        let hold = try tx.holds(try BillingTerms(creditValueUSD: "0.01", markup: "1.5")).take(
          CreditHoldService.Request(
            userID: user.id, projectID: nil, work: "upd\(hour)0:chat", taskType: "chat",
            price: price, inputTokensBound: 1_000_000, inputTokensEstimate: 250, outputCap: 500,
            deadline: date.addingTimeInterval(600)))
        let call = MeteredCall(
          usage: TokenUsage(inputTokens: 1_000_000, outputTokens: 0),
          model: "m", keyIdentifier: "k", requestID: nil, responseMilliseconds: 1)
        return try tx.holds(try BillingTerms(creditValueUSD: "0.01", markup: "1.5")).settle(
          hold.id, with: call
        ).cost.table.description
      }
      #expect(cost == ([6, 21].contains(hour) ? "1" : "3"))
    }
    #expect(try file.verify() == .init(users: 2, transactions: 8, settledCalls: 6))
    try file.damage(
      "UPDATE api_key_usage SET created_at = '2026-11-02 06:00:00.000' WHERE id = 3")
    #expect(try file.verify().breaks.count == 1)
  }

  @Test(arguments: [
    ("UPDATE users SET credit_balance_micro = credit_balance_micro + 1", "the balance is 9917501"),
    ("UPDATE users SET credit_held_micro = 0", "0 micro-credits are held, but"),
    (
      "UPDATE credit_transactions SET balance_after_micro = 5 WHERE id = 1",
      "transaction 1: the balance after it is given as 5"
    ),
    (
      "UPDATE credit_transactions SET credits_amount_micro = credits_amount_micro + 1 WHERE id = 2",
      "its charge should be 82500 micro-credits, but 82499 were taken"
    ),
    ("DELETE FROM api_key_usage WHERE charged_to = 'user'", "has 0 usage rows"),
    ("DELETE FROM api_key_usage WHERE charged_to = 'user'", "its usage row is missing"),
    ("DELETE FROM credit_transactions WHERE id = 2", "has 0 deductions"),
    ("UPDATE credit_transactions SET hold_id = NULL WHERE id = 2", "has 0 deductions"),
    ("UPDATE credit_holds SET state = 'voided'", "but its hold upd1:chat:1 is voided"),
    ("UPDATE credit_holds SET state = 'settled'", "hold upd3:chat:1 is settled, but has 0"),
    (
      "UPDATE api_key_usage SET output_tokens_used = 101",
      "usage 1: its tokens cost 0.0005525 USD at its price, but 0.00055 is recorded"
    ),
    ("UPDATE api_key_usage SET actual_cost_nanousd = 1", "usage 1: its real cost is 0.00055 USD"),
    (
      "UPDATE credit_transactions SET real_cost_associated_nanousd = 1 WHERE id = 2",
      "usage 1: its real cost is 0.00055 USD"
    ),
    ("UPDATE api_key_usage SET markup = '3'", "its charge should be 165000 micro-credits"),
    ("DELETE FROM model_pricing", "its price is missing"),
    ("UPDATE credit_holds SET deadline_at = '2000-01-01'", "hold upd3:chat:1 is still pending"),
    ("UPDATE credit_transactions SET user_id = 99 WHERE id = 2", "refers to a row of users"),
  ])
  func namesTheBreak(damage: String, sentence: String) throws {
    try file.damage(damage)
    let breaks = try file.verify().breaks
    #expect(breaks.contains { $0.contains(sentence) }, "\(breaks)")
  }

  @Test func findsTheSameOnTwoProcessors() async throws {
    try file.damage(
      """
      UPDATE users SET credit_balance_micro = 9999999;
      DELETE FROM credit_transactions WHERE id = 2;
      """)
    let progress = Mutex<[Int]>([])
    let report = try await file.database.verify { done in progress.withLock { $0.append(done) } }
    #expect(report == (try file.verify()))
    #expect(report.breaks.count > 2)
    #expect(progress.withLock { $0.max() } == 1_000)
  }

  /// The greatest sum that a column holds is passed by one.
  @Test func takesNoSumThatFitsIntoNoColumn() throws {
    try file.damage(
      """
      UPDATE credit_transactions SET credits_amount_micro = 9223372036854775807,
        balance_after_micro = 9223372036854775807 WHERE id = 1;
      UPDATE credit_transactions SET credits_amount_micro = 1,
        balance_after_micro = -9223372036854775808 WHERE id = 2;
      """)
    #expect(
      try file.verify().breaks.contains { $0.hasPrefix("transaction 2: the balance after it") })
  }
}
