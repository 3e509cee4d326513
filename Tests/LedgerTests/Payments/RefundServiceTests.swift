import Foundation
import GRDB
@testable import Ledger
import Testing

@Suite("RefundService")
struct RefundServiceTests {
  private let file: LedgerFile
  private let user: UserAccount

  /// 100 credits to begin with, and 550 bought.
  init() throws {
    file = try LedgerFile()
    user = try file.user(credits: "100")
    try file.pay(by: user)
  }

  private func request(
    _ charge: String = "charge", isForced: Bool = false
  ) throws -> (refund: Refund, isNew: Bool) {
    try file.write {
      try $0.refunds.request(
        chargeID: charge, isForced: isForced, by: .administrator(7))
    }
  }

  private func confirm(_ refund: Refund) throws -> Bool {
    try file.write { try $0.refunds.confirm(refund.id) }
  }

  private func fail(_ refund: Refund) throws -> Bool {
    try file.write { try $0.refunds.fail(refund.id, because: "CHARGE_NOT_FOUND") }
  }

  private func bookRefunded(_ charge: String = "charge") throws -> Refund? {
    try file.write { try $0.refunds.bookRefunded(chargeID: charge) }
  }

  private func state(of refund: Refund) throws -> Refund.State? {
    try file.write { try $0.refunds.refund(id: refund.id)?.state }
  }

  private var balance: Int64 { get throws { try file.account().balance.micro } }

  /// Sets credits aside, as a call under way does; 0.2325 of them.
  private func hold() throws {
    let price = try file.price()
    let terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
    try file.write { tx in
      _ = try tx.holds(terms).take(
        CreditHoldService.Request(
          userID: user.id, projectID: nil, work: "upd1:chat", taskType: "chat", price: price,
          inputTokensBound: 1_000, inputTokensEstimate: 250, outputCap: 500,
          deadline: now.addingTimeInterval(600)))
    }
  }

  @Test func takesTheCreditsBackFirst() throws {
    let (refund, isNew) = try request()
    #expect(isNew && refund.state == .pending && refund.requester == .administrator(7))
    #expect(refund.clawback.micro == 550_000_000 && refund.loss == .zero)
    #expect(try balance == 100_000_000)
    #expect(try file.verify().breaks == [])
  }

  /// Each step comes twice, and each again after the last one.
  @Test func canBeAskedForAndConfirmedAgainAtAnyPoint() throws {
    let refund = try request().refund
    #expect(try request() == (refund, false))
    #expect(try confirm(refund))
    #expect(try !confirm(refund))
    #expect(try request().refund.id == refund.id)
    #expect(try request().isNew == false)
    #expect(try !fail(refund))
    #expect(try bookRefunded() == nil)
    #expect(try state(of: refund) == .done)
    #expect(try balance == 100_000_000 && file.count("refunds") == 1)
    #expect(try file.verify().breaks == [])
  }

  @Test func givesTheCreditsAgainWhereTelegramRefuses() throws {
    let refund = try request().refund
    #expect(try fail(refund))
    #expect(try !fail(refund))
    #expect(try !confirm(refund))
    #expect(try balance == 650_000_000)
    #expect(try state(of: refund) == .failed)
    #expect(try file.verify().breaks == [])
  }

  @Test func canBeAskedForAnewOnceTelegramHasRefused() throws {
    let refused = try request().refund
    _ = try fail(refused)
    let (refund, isNew) = try request()
    #expect(isNew && refund.id != refused.id)
    #expect(try balance == 100_000_000)
    #expect(try confirm(refund))
    #expect(try !fail(refused))
    #expect(try balance == 100_000_000)
    #expect(try file.verify().breaks == [])
  }

  @Test func refusesToRefundSpentCreditsUnlessItIsForced() throws {
    try file.adjust(user, by: "-300")
    let spent = LedgerError.creditsSpent(
      Credits(micro: 200_000_000), of: Credits(micro: 550_000_000))
    #expect(throws: spent) { try request() }
    #expect(try balance == 350_000_000 && file.count("refunds") == 0)
    let (refund, isNew) = try request(isForced: true)
    #expect(isNew && refund.clawback.micro == 350_000_000 && refund.loss.micro == 200_000_000)
    #expect(try balance == 0)
    #expect(try file.verify().breaks == [])
    _ = try fail(refund)
    #expect(try balance == 350_000_000)
    #expect(try file.verify().breaks == [])
  }

  @Test func refundsToSomebodyWithNothingLeftWithoutAJournalRow() throws {
    try file.adjust(user, by: "-650")
    let rows = try file.count("credit_transactions")
    let refund = try request(isForced: true).refund
    #expect(refund.transactionID == nil && refund.loss.micro == 550_000_000)
    #expect(try fail(refund))
    #expect(try file.count("credit_transactions") == rows)
    #expect(try file.verify().breaks == [])
  }

  @Test func leavesHeldCreditsAloneAndWaitsForTheCallThatHoldsThem() throws {
    try hold()
    try file.adjust(user, by: "-100")
    for isForced in [false, true] {
      #expect(throws: LedgerError.callUnderWay) { try request(isForced: isForced) }
    }
    #expect(try balance == 550_000_000 && file.count("refunds") == 0)
    // What is gone on Telegram's side is gone: there, held credits are a loss.
    let refund = try #require(try bookRefunded())
    // Of 550 credits, all but the 0.2325 that are held.
    #expect(refund.clawback.micro == 549_767_500 && refund.loss.micro == 232_500)
    #expect(try balance == 232_500)
    #expect(try file.verify().breaks == [])
  }

  @Test func waitsForNoCallWhereEnoughIsAvailable() throws {
    try hold()
    #expect(try request().refund.loss == .zero)
  }

  @Test func refundsAPaymentThatCreditedNothing() throws {
    var report = ReportedPayment("odd", try file.order(by: user))
    report.amount = 3
    try file.book(report)
    let (refund, isNew) = try request("odd")
    #expect(isNew && refund.clawback == .zero && refund.loss == .zero)
    #expect(try confirm(refund))
    #expect(try balance == 650_000_000)
    #expect(try file.verify().breaks == [])
  }

  @Test func knowsNoPaymentThatNobodyMade() throws {
    let unknown = LedgerError.unknownPayment(chargeID: "other")
    #expect(throws: unknown) { try request("other") }
    #expect(throws: unknown) { try bookRefunded("other") }
  }

  @Test func booksARefundMadeElsewhereOnce() throws {
    try file.adjust(user, by: "-300")
    let refund = try #require(try bookRefunded())
    #expect(refund.state == .done && refund.requester == .telegram)
    #expect(refund.clawback.micro == 350_000_000 && refund.loss.micro == 200_000_000)
    #expect(try bookRefunded() == nil)
    #expect(try request(isForced: true).isNew == false)
    #expect(try balance == 0 && file.count("refunds") == 1)
    #expect(try file.verify().breaks == [])
  }

  @Test func takesTelegramsWordForTheEndOfARefundOfOurs() throws {
    let refund = try request().refund
    let done = try #require(try bookRefunded())
    #expect(done.id == refund.id && done.state == .done)
    #expect(try bookRefunded() == nil)
    #expect(try !fail(refund))
    #expect(try balance == 100_000_000 && file.count("refunds") == 1)
  }

  @Test func booksARefundMadeElsewhereAlsoAfterOneOfOursThatFailed() throws {
    _ = try fail(try request().refund)
    let refund = try #require(try bookRefunded())
    #expect(refund.state == .done && refund.clawback.micro == 550_000_000)
    #expect(try balance == 100_000_000 && file.count("refunds") == 2)
    #expect(try file.verify().breaks == [])
  }
}
