import Foundation
import GRDB
@testable import Ledger
import Testing

@Suite("SubscriptionService")
struct SubscriptionServiceTests {
  private let file: LedgerFile
  private let user: UserAccount
  private let order: Order

  init() throws {
    file = try LedgerFile()
    user = try file.user(credits: "100")
    order = try file.order(.monthly, by: user)
  }

  private func month(_ number: Int) -> Date { now.addingTimeInterval(Double(number) * 2_592_000) }

  /// The charge that pays for the month after the given one.
  @discardableResult
  private func charge(_ id: String, month: Int, isFirst: Bool = false) throws
    -> PaymentService.Outcome
  {
    var report = ReportedPayment(id, order, at: self.month(month))
    report.subscription = (self.month(month + 1), isFirst)
    return try file.book(report, at: self.month(month))
  }

  private func found() throws -> Subscription? {
    try file.database.read { try $0.subscriptions.find(order: order.id) }
  }

  /// 100 credits to begin with, and three times 300.
  @Test func creditsEachChargeOnceAndLastsAMonthLonger() throws {
    for (id, month) in [("one", 0), ("two", 1), ("two", 1), ("three", 2), ("one", 0)] {
      try charge(id, month: month, isFirst: month == 0)
    }
    #expect(try file.account().balance.micro == 1_000_000_000)
    let subscription = try #require(try found())
    #expect(subscription.orderID == order.id && subscription.chargeID == "one")
    #expect(subscription.state == .active && subscription.paidUntil == month(3))
    #expect(try file.verify(at: month(3)).breaks == [])
  }

  @Test func takesNothingBackForAChargeThatComesLate() throws {
    try charge("one", month: 0, isFirst: true)
    try charge("three", month: 2)
    try file.write(at: month(2)) { try $0.subscriptions.setState(.canceled, order: order.id) }
    try charge("two", month: 1)
    #expect(try file.account().balance.micro == 1_000_000_000)
    let subscription = try #require(try found())
    #expect(subscription.state == .canceled && subscription.paidUntil == month(3))
  }

  @Test func isActiveAgainOnceItIsPaidAgain() throws {
    try charge("one", month: 0, isFirst: true)
    try file.write(at: month(1)) { try $0.subscriptions.setState(.failed, order: order.id) }
    #expect(try found()?.state == .failed)
    try charge("two", month: 1)
    #expect(try found()?.state == .active)
    #expect(try found()?.chargeID == "one")
  }

  @Test func isNamedByItsNewFirstChargeWhereItBeganAnew() throws {
    try charge("one", month: 0, isFirst: true)
    try charge("again", month: 5, isFirst: true)
    #expect(try found()?.chargeID == "again")
  }

  @Test func countsNothingThatWasNotCredited() throws {
    var report = ReportedPayment("one", order)
    report.amount = 1
    report.subscription = (month(1), true)
    try file.book(report)
    #expect(try found() == nil)
  }

  @Test func findsAllOfThePersonLongestFirst() throws {
    try charge("one", month: 0, isFirst: true)
    let other = try file.order(.monthly, by: user)
    var report = ReportedPayment("other", other)
    report.subscription = (month(4), true)
    try file.book(report)
    let all = try file.database.read { try $0.subscriptions.list(ofUser: user.id) }
    #expect(all.map(\.orderID) == [other.id, order.id])
    let stranger = try file.user(2)
    #expect(try file.database.read { try $0.subscriptions.list(ofUser: stranger.id) } == [])
  }

  @Test(arguments: [
    (Subscription.State.active, true, true), (.failed, true, false), (.canceled, false, false),
  ])
  func mayBeChargedUntilItIsCanceledOrLongOver(
    state: Subscription.State, mayBeCharged: Bool, goesOn: Bool
  ) throws {
    try charge("one", month: 0, isFirst: true)
    try file.write(at: month(1)) { try $0.subscriptions.setState(state, order: order.id) }
    let subscription = try #require(try found())
    #expect(subscription.goesOn(at: month(1) - 1) == goesOn)
    #expect(!subscription.goesOn(at: month(1)))
    #expect(subscription.mayBeCharged(at: month(2) - 1) == mayBeCharged)
    #expect(!subscription.mayBeCharged(at: month(2)))
  }
}
