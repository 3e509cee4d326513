import Foundation
import GRDB
@testable import Ledger
import Testing

@Suite("PaymentService")
struct PaymentServiceTests {
  private let file: LedgerFile
  private let user: UserAccount
  private let order: Order

  /// 100 credits to begin with; the order is one of 550.
  init() throws {
    file = try LedgerFile()
    user = try file.user(credits: "100")
    order = try file.order(by: user)
  }

  @Test func creditsThePackageAndItsBonus() throws {
    let outcome = try file.book(.init("charge", order))
    guard case .credited(let package, let transaction) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(package == .small)
    #expect(transaction.type == .purchase && transaction.amount.micro == 550_000_000)
    #expect(transaction.externalTransactionID == "charge")
    #expect(try file.account().balance.micro == 650_000_000)
    #expect(try file.verify().breaks == [])
  }

  @Test func creditsAChargeOnceHoweverOftenItIsReported() throws {
    let report = ReportedPayment("charge", order)
    try file.book(report)
    for _ in 0..<3 {
      guard case .known(let payment) = try file.book(report) else {
        Issue.record("booked twice")
        return
      }
      #expect(payment.chargeID == "charge")
    }
    // Also where it comes again with another story.
    var other = ReportedPayment("charge", order, payer: 2)
    other.amount = 1
    guard case .known = try file.book(other) else {
      Issue.record("booked twice")
      return
    }
    #expect(try file.count("payments") == 1)
    #expect(try file.account().balance.micro == 650_000_000)
  }

  @Test func creditsAnInvoiceThatIsPaidTwiceTwice() throws {
    for charge in ["one", "two"] {
      guard case .credited = try file.book(.init(charge, order)) else {
        Issue.record("the money is taken, and nothing credited")
        return
      }
    }
    #expect(try file.account().balance.micro == 1_200_000_000)
    #expect(try file.verify().breaks == [])
  }

  @Test func creditsAnOrderThatWasClosedMeanwhile() throws {
    try file.write { try $0.db.execute(sql: "UPDATE orders SET state = 'closed'") }
    try file.book(.init("charge", order))
    #expect(try file.account().balance.micro == 650_000_000)
  }

  enum Flaw: CaseIterable {
    case amount, currency, payer, order
  }

  @Test(arguments: Flaw.allCases)
  func keepsARowOfAPaymentThatFitsNoOrderAndCreditsNothing(flaw: Flaw) throws {
    _ = try file.user(2)
    var report = ReportedPayment("charge", order)
    let words =
      switch flaw {
      case .amount: "costs 250 Stars"
      case .currency: "another currency"
      case .payer: "another person"
      case .order: "no order of ours"
      }
    switch flaw {
    case .amount: report.amount = 249
    case .currency: report.currency = "EUR"
    case .payer: report.payer = 2
    case .order: report.payload = "no such order"
    }
    guard case .unmatched(let reason) = try file.book(report) else {
      Issue.record("it was credited")
      return
    }
    #expect(reason.contains(words))
    let payment = try #require(
      try file.write { try $0.payments.find("charge") })
    #expect(payment.transactionID == nil && payment.flaw == reason)
    #expect(payment.payer == report.payer && payment.amount == report.amount)
    let orderID = try file.write {
      try String.fetchOne($0.db, sql: "SELECT order_id FROM payments")
    }
    #expect(orderID == (flaw == .order ? nil : order.id))
    #expect(try file.account(1).balance.micro == 100_000_000)
    #expect(try file.account(2).balance.micro == 100_000_000)
    #expect(try file.count("credit_transactions") == 2)
    #expect(try file.verify().breaks == [])
  }

  @Test func setsAsideWhatABalanceCannotHold() throws {
    try file.adjust(user, by: "9223372036500")
    guard case .unmatched(let reason) = try file.book(.init("charge", order)) else {
      Issue.record("it was credited")
      return
    }
    #expect(reason == "it cannot be credited: the amount is too large to be real")
    #expect(try file.count("payments") == 1)
    #expect(try file.verify().breaks == [])
  }

  /// As Telegram's list has it, with another amount.
  private func setAsideByTheList() throws {
    var listed = ReportedPayment("charge", order)
    (listed.amount, listed.source) = (225, .statement)
    guard case .unmatched = try file.book(listed) else {
      Issue.record("it was credited")
      return
    }
  }

  @Test func judgesAnewByTheUpdateWhatTheListDidNotExplain() throws {
    try setAsideByTheList()
    var wrong = ReportedPayment("charge", order)
    wrong.amount = 1
    guard case .known = try file.book(wrong),
      case .credited(_, let transaction) = try file.book(.init("charge", order)),
      case .known(let payment) = try file.book(.init("charge", order))
    else {
      Issue.record("it was not credited once")
      return
    }
    #expect(payment.transactionID == transaction.id && payment.flaw == nil)
    #expect(payment.amount == 250 && payment.source == .update)
    #expect(try file.account().balance.micro == 650_000_000)
    #expect(try file.count("payments") == 1)
    #expect(try file.verify().breaks == [])
  }

  @Test(arguments: [Refund.State.pending, .done, .failed])
  func judgesNothingAnewThatGoesBack(state: Refund.State) throws {
    try setAsideByTheList()
    try file.write { tx in
      let id = try tx.refunds.request(
        chargeID: "charge", isForced: false, by: .shell
      ).refund.id
      switch state {
      case .pending: break
      case .done: _ = try tx.refunds.confirm(id)
      case .failed: _ = try tx.refunds.fail(id, because: "no")
      }
    }
    try file.book(.init("charge", order))
    let hasComeBack = state != .failed
    #expect(try file.account().balance.micro == (hasComeBack ? 100_000_000 : 650_000_000))
    #expect(try file.verify().breaks == [])
  }

  @Test func listsThePersonsPaymentsNewestFirst() throws {
    try file.book(.init("one", order))
    try file.book(.init("two", order))
    try file.pay("other", by: try file.user(2))
    let listed = try file.write { try $0.payments.list(ofUser: user.id, limit: 9) }
    #expect(listed.map(\.chargeID) == ["two", "one"])
  }
}
