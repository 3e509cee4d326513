import Foundation
import GRDB
@testable import Ledger
import Testing

@Suite("OrderService")
struct OrderServiceTests {
  private let file: LedgerFile
  private let user: UserAccount

  init() throws {
    file = try LedgerFile()
    user = try file.user()
  }

  private func check(
    _ id: String, payer: Int64 = 1, currency: String = "XTR", amount: Int64 = 250,
    sold: [CreditPackage] = [.small, .monthly]
  ) throws {
    try file.database.read {
      try $0.orders.check(
        id, payer: payer, currency: currency, amount: amount, sold: sold)
    }
  }

  @Test func letsAnOrderBePaidAsItWasMade() throws {
    let order = try file.order(by: user)
    try check(order.id)
    #expect(try file.database.read { try $0.orders.find(order.id) } == order)
  }

  @Test func refusesAnOrderThatItNeverTook() throws {
    #expect(throws: OrderService.Refusal.unknownOrder) { try check("no such order") }
  }

  @Test func refusesMoneyOfAnotherPerson() throws {
    let order = try file.order(by: user)
    _ = try file.user(2)
    #expect(throws: OrderService.Refusal.madeForSomebodyElse) { try check(order.id, payer: 2) }
  }

  @Test(arguments: [("XTR", 249), ("XTR", 251), ("EUR", 250)] as [(String, Int64)])
  func refusesAnotherAmountOrCurrency(currency: String, amount: Int64) throws {
    let order = try file.order(by: user)
    #expect(throws: OrderService.Refusal.wrongAmount) {
      try check(order.id, currency: currency, amount: amount)
    }
  }

  @Test func refusesWhatIsNotSoldAnyMoreOrOnOtherTerms() throws {
    let order = try file.order(by: user)
    var generous = CreditPackage.small
    generous.bonus = Credits(micro: 60_000_000)
    for sold in [[], [generous]] {
      #expect(throws: OrderService.Refusal.noLongerSold) { try check(order.id, sold: sold) }
    }
    try file.write { try $0.db.execute(sql: "UPDATE orders SET state = 'closed'") }
    #expect(throws: OrderService.Refusal.noLongerSold) { try check(order.id) }
  }

  @Test func refusesMoneyOfWhoIsBlocked() throws {
    let order = try file.order(by: user)
    try file.write { try $0.users.setBlocked(true, userID: user.id) }
    #expect(throws: OrderService.Refusal.accountBlocked) { try check(order.id) }
  }

  @Test func refusesASecondSubscriptionBesideOneThatLasts() throws {
    let first = try file.order(.monthly, by: user)
    var report = ReportedPayment("first", first)
    report.subscription = (now.addingTimeInterval(2_592_000), true)
    try file.book(report)
    let second = try file.order(.monthly, by: user)
    #expect(second.id != first.id)
    #expect(throws: OrderService.Refusal.alreadySubscribed) { try check(second.id, amount: 100) }
    try check(try file.order(by: user).id)
    try file.write {
      try $0.subscriptions.setState(.canceled, order: first.id)
    }
    try check(second.id, amount: 100)
    // By the link of before, nobody could cancel the first one any more.
    #expect(throws: OrderService.Refusal.alreadyPaid) { try check(first.id, amount: 100) }
    // The second one is canceled too, and the first one goes on again.
    report = ReportedPayment("second", second)
    report.subscription = (now.addingTimeInterval(2 * 2_592_000), true)
    try file.book(report)
    try file.write {
      try $0.subscriptions.setState(.canceled, order: second.id)
      try $0.subscriptions.setState(.active, order: first.id)
    }
    let third = try file.order(.monthly, by: user)
    #expect(throws: OrderService.Refusal.alreadySubscribed) { try check(third.id, amount: 100) }
  }

  @Test func letsSomebodySubscribeAgainWhoseSubscriptionHasRunOut() throws {
    let first = try file.order(.monthly, by: user)
    var report = ReportedPayment("first", first)
    report.subscription = (now.addingTimeInterval(-1), true)
    try file.book(report)
    try check(try file.order(.monthly, by: user).id, amount: 100)
  }

  @Test func usesAnUnpaidOrderAgainButNotForAnotherPackageOrPerson() throws {
    let order = try file.order(by: user)
    #expect(try file.order(by: user).id == order.id)
    #expect(try file.order(.monthly, by: user).id != order.id)
    #expect(try file.order(by: try file.user(2)).id != order.id)
    var cheaper = CreditPackage.small
    cheaper.price = 200
    #expect(try file.order(cheaper, by: user).package == cheaper)
    try file.book(.init("charge", order))
    #expect(try file.order(by: user).id != order.id)
  }

  @Test func letsAPaidOrderBePaidAgain() throws {
    let order = try file.order(by: user)
    try file.book(.init("charge", order))
    #expect(try file.database.read { try $0.orders.find(order.id)?.state } == .paid)
    try check(order.id)
  }

  @Test func listsThePersonsOrdersNewestFirst() throws {
    let (small, monthly) = (try file.order(by: user), try file.order(.monthly, by: user))
    _ = try file.order(by: try file.user(2))
    let listed = try file.database.read { try $0.orders.list(ofUser: user.id, limit: 9) }
    #expect(listed == [monthly, small])
  }
}
