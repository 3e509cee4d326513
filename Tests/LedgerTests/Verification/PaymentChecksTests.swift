import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

/// As `LedgerVerificationTests`, for what is bought, refunded and given away.
@Suite("PaymentChecks")
struct PaymentChecksTests {
  private let file: LedgerFile

  /// Transactions: 1 the first grant, 2 to 4 purchases, 5 and 6 refunds, of which 7 takes the
  /// second one back, 8 a call, 9 its repayment, 10 a promotion code. Refund 3 is of a payment that
  /// brought nothing.
  init() throws {
    file = try LedgerFile()
    let user = try file.user(credits: "10")
    _ = try file.user(2, credits: "0")
    for charge in ["a", "b", "c"] { try file.pay(charge, by: user) }
    var odd = ReportedPayment("odd", try file.order(by: user))
    odd.amount = 1
    try file.book(odd)
    try file.write { tx in
      func request(_ charge: String) throws -> Int64 {
        try tx.refunds.request(chargeID: charge, isForced: false, by: .shell)
          .refund.id
      }
      _ = try tx.refunds.confirm(try request("a"))
      _ = try tx.refunds.fail(try request("b"), because: "no")
      _ = try tx.refunds.confirm(try request("odd"))
    }
    try giveBackACall(of: user)
    try file.write { tx in
      _ = try tx.promotionCodes.create(
        "SPRING", credits: Credits(micro: 5), maximumUses: 2, expiresAt: .distantFuture)
      _ = try tx.promotionCodes.redeem("SPRING", by: user)
    }
  }

  private func giveBackACall(of user: UserAccount) throws {
    let price = try file.price()
    try file.write { tx in
      let hold = try tx.holds(try BillingTerms(creditValueUSD: "0.01", markup: "1.5")).take(
        CreditHoldService.Request(
          userID: user.id, projectID: nil, work: "upd1:chat", taskType: "chat", price: price,
          inputTokensBound: 1_000, inputTokensEstimate: 250, outputCap: 500,
          deadline: now.addingTimeInterval(600)))
      let call = MeteredCall(
        usage: TokenUsage(inputTokens: 1_000, outputTokens: 100), model: "m",
        keyIdentifier: "k", requestID: nil, responseMilliseconds: 1)
      _ = try tx.holds(try BillingTerms(creditValueUSD: "0.01", markup: "1.5")).settle(
        hold.id, with: call)
      try tx.holds(try BillingTerms(creditValueUSD: "0.01", markup: "1.5")).refund(
        work: "upd1:chat", because: "undelivered")
    }
  }

  @Test func findNothingWrongWithASoundLedger() throws {
    #expect(try file.verify() == .init(users: 2, transactions: 10, settledCalls: 1))
  }

  private static let noPayment = "transaction 4 is a purchase, but there is no payment of an order"
  private static let noRefund = "transaction 5 takes credits back, but no refund of a purchase"

  @Test(arguments: [
    ("DELETE FROM payments WHERE id = 3", noPayment),
    ("UPDATE payments SET amount = 249 WHERE id = 3", noPayment),
    ("UPDATE payments SET currency = 'EUR' WHERE id = 3", noPayment),
    ("UPDATE payments SET charge_id = 'other' WHERE id = 3", noPayment),
    ("UPDATE orders SET user_id = 2", noPayment),
    ("UPDATE orders SET bonus_micro = 0", noPayment),
    (
      "UPDATE payments SET transaction_id = 1 WHERE id = 3",
      "payment 3 has credited transaction 1, which is no purchase but initial_grant"
    ),
    (
      "UPDATE payments SET transaction_id = 99 WHERE id = 3",
      "payment 3 has credited transaction 99, which is missing"
    ),
    ("DELETE FROM refunds WHERE id = 1", noRefund),
    ("UPDATE refunds SET clawback_micro = 1 WHERE id = 1", noRefund),
    ("UPDATE refunds SET payment_id = 3 WHERE id = 1", noRefund),
    (
      "UPDATE refunds SET state = 'done' WHERE id = 2",
      "transaction 7 gives credits back, but neither a refund that Telegram refused nor an answer"
    ),
    ("UPDATE refunds SET reversal_transaction_id = NULL", "transaction 7 gives credits back"),
    (
      "UPDATE credit_transactions SET hold_id = 'other' WHERE id = 9",
      "transaction 9 gives credits back"
    ),
    (
      "UPDATE credit_transactions SET credits_amount_micro = 82501 WHERE id = 9",
      "transaction 9 gives credits back"
    ),
    (
      "UPDATE refunds SET loss_micro = 1 WHERE id = 1",
      "refund 1 of payment 1 takes back 550000000 and loses 1 micro-credits of 550000000"
    ),
    (
      "UPDATE refunds SET loss_micro = 1 WHERE id = 3",
      "refund 3 of payment 4 takes back 0 and loses 1 micro-credits of 0"
    ),
    ("UPDATE refunds SET transaction_id = NULL WHERE id = 1", "refund 1 of payment 1 takes back"),
    ("UPDATE refunds SET reversal_transaction_id = NULL", "refund 2 of payment 2 takes back"),
    (
      "UPDATE refunds SET payment_id = 1, reversal_transaction_id = NULL WHERE id = 2",
      "payment 1 brought 550000000 micro-credits, but its refunds took back 1100000000"
    ),
    (
      "UPDATE promotion_codes SET uses = 2",
      "promotion code SPRING counts 2 uses, but 1 people got its credits"
    ),
    ("DELETE FROM code_redemptions", "SPRING counts 1 uses, but 0 people"),
    ("UPDATE code_redemptions SET user_id = 2", "SPRING counts 1 uses, but 0 people"),
    ("UPDATE promotion_codes SET credits_micro = 6", "SPRING counts 1 uses, but 0 people"),
    ("UPDATE promotion_codes SET most_uses = 0", "SPRING counts 1 uses, but 1 people"),
  ])
  func nameTheBreak(damage: String, sentence: String) throws {
    try file.damage(damage)
    let breaks = try file.verify().breaks
    #expect(breaks.contains { $0.contains(sentence) }, "\(breaks)")
  }
}
