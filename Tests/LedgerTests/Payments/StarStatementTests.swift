import Foundation
import GRDB
@testable import Ledger
import Testing

/// Telegram's list of a few days: four payments, of which one is refunded, and a withdrawal.
@Suite("StarStatement")
struct StarStatementTests {

  private func entry(
    _ id: String, _ kind: StarStatement.Entry.Kind, stars: Int64 = 250, isIncoming: Bool = true,
    day: Int = 0
  ) -> StarStatement.Entry {
    StarStatement.Entry(
      id: id, isIncoming: isIncoming, stars: stars, nanostars: 0,
      happenedAt: now.addingTimeInterval(Double(day) * 86_400), kind: kind)
  }

  private func entries(_ small: Order, _ monthly: Order) -> [StarStatement.Entry] {
    [
      entry("a", .payment(payer: 1, payload: small.id, isSubscription: false)),
      entry("b", .payment(payer: 1, payload: monthly.id, isSubscription: true), stars: 100),
      entry("a", .repayment, isIncoming: false, day: 1),
      entry("c", .payment(payer: 1, payload: small.id, isSubscription: false), day: 2),
      entry("w", .ofTheOperator("withdrawal"), stars: 1_000, isIncoming: false, day: 3),
      entry(
        "d", .payment(payer: 1, payload: monthly.id, isSubscription: true), stars: 100, day: 30),
    ]
  }

  /// A ledger with the orders of the list.
  private struct Shop {
    var file: LedgerFile
    var small: Order
    var monthly: Order
  }

  /// A person with 100 credits; 550 are on offer, and 300 a month.
  private func shop() throws -> Shop {
    let file = try LedgerFile()
    let user = try file.user(credits: "100")
    return Shop(
      file: file, small: try file.order(by: user), monthly: try file.order(.monthly, by: user))
  }

  private func take(
    _ entries: [StarStatement.Entry], nextOffset: Int = 6, into shop: Shop
  ) throws -> [StarStatement.Finding] {
    try shop.file.write {
      try $0.starStatement.take(entries, nextOffset: nextOffset).map(\.finding)
    }
  }

  /// As updates would have told it, each at its time.
  private func liveBooked() throws -> Shop {
    let shop = try shop()
    for entry in entries(shop.small, shop.monthly) {
      switch entry.kind {
      case .payment(_, let payload, let isSubscription):
        var report = ReportedPayment(
          entry.id, payload == shop.small.id ? shop.small : shop.monthly, at: entry.happenedAt)
        if isSubscription {
          report.subscription = (entry.happenedAt.addingTimeInterval(2_592_000), entry.id == "b")
        }
        try shop.file.book(report)
      case .repayment:
        try shop.file.write {
          _ = try $0.refunds.bookRefunded(chargeID: entry.id)
        }
      case .ofTheOperator, .other: break
      }
    }
    return shop
  }

  /// Every row that money hangs on; orders have names of their own in each file.
  private func rows(of shop: Shop) throws -> [String] {
    let tables = [
      ("SELECT * FROM users", ["referral_code"]), ("SELECT * FROM credit_transactions", []),
      ("SELECT * FROM payments", ["order_id", "learned_from"]), ("SELECT * FROM refunds", []),
      ("SELECT * FROM subscriptions", ["order_id"]),
      ("SELECT * FROM orders ORDER BY rowid", ["id"]),
    ]
    return try shop.file.write { tx in
      try tables.flatMap { sql, own in
        try Row.fetchAll(tx.db, sql: sql).map { row in
          row.filter { !own.contains($0.0) }.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
        }
      }
    }
  }

  @Test func makesTheLiveLedgerFromNothing() throws {
    let (live, recovered) = (try liveBooked(), try shop())
    let findings = try take(entries(recovered.small, recovered.monthly), into: recovered)
    for (index, finding) in findings.enumerated() {
      switch (index, finding) {
      case (0, .creditedNow), (1, .creditedNow), (2, .refundedNow), (3, .creditedNow),
        (4, .ofTheOperator("withdrawal")), (5, .creditedNow):
        break
      default: Issue.record("entry \(index): \(finding)")
      }
    }
    #expect(try rows(of: recovered) == rows(of: live))
    // 100 credits to begin with, 550 bought by c, a being refunded, and 300 each by b and d.
    // In Stars: 250 − 250 + 100 + 250 + 100 − 1,000, in billionths.
    #expect(try recovered.file.account().balance.micro == 1_250_000_000)
    #expect(try recovered.file.verify().breaks == [])
    #expect(try recovered.file.database.read { try $0.starStatement.balance() } == -550_000_000_000)
  }

  @Test func agreesWithALedgerThatWasToldEverything() throws {
    let live = try liveBooked()
    let before = try rows(of: live)
    let findings = try take(entries(live.small, live.monthly), into: live)
    #expect(
      findings == [.agrees, .agrees, .agrees, .agrees, .ofTheOperator("withdrawal"), .agrees])
    #expect(try rows(of: live) == before)
  }

  @Test func changesNothingTheSecondTime() throws {
    let shop = try shop()
    let entries = entries(shop.small, shop.monthly)
    _ = try take(entries, into: shop)
    let before = try rows(of: shop)
    #expect(try take(entries, into: shop) == [])
    #expect(try rows(of: shop) == before && shop.file.count("star_statement") == 6)
    for entry in entries {
      guard case .payment(_, let payload, _) = entry.kind else { continue }
      let order = payload == shop.small.id ? shop.small : shop.monthly
      guard case .known = try shop.file.book(.init(entry.id, order)) else {
        Issue.record("the update that comes after the list is booked again")
        return
      }
    }
    #expect(try rows(of: shop) == before)
  }

  @Test func takesPagesThatOverlap() throws {
    let (whole, paged) = (try shop(), try shop())
    _ = try take(entries(whole.small, whole.monthly), into: whole)
    let entries = entries(paged.small, paged.monthly)
    #expect(try take(Array(entries[0..<4]), nextOffset: 4, into: paged).count == 4)
    #expect(try take(Array(entries[2..<6]), nextOffset: 6, into: paged).count == 2)
    #expect(try rows(of: paged) == rows(of: whole))
    let cursor = try #require(try paged.file.write { try $0.starStatement.cursor() })
    #expect(cursor == .init(nextOffset: 6, lastID: "d", lastIsIncoming: true))
    #expect(cursor.names(entries[5]) && !cursor.names(entries[2]))
    #expect(try take([], nextOffset: 0, into: paged) == [])
    #expect(try paged.file.write { try $0.starStatement.cursor() } == cursor)
  }

  @Test func findsAnAmountThatDisagrees() throws {
    let shop = try shop()
    try shop.file.book(.init("a", shop.small))
    let kind = StarStatement.Entry.Kind.payment(
      payer: 1, payload: shop.small.id, isSubscription: false)
    let findings = try take([entry("a", kind, stars: 249)], into: shop)
    #expect(findings == [.unexplained("we were told of 250 XTR for this payment")])
    #expect(try shop.file.account().balance.micro == 650_000_000)
  }

  @Test(
    arguments: [
      (250, 0, 25, 0, true), (225, 0, 25, 0, true), (225, 500_000_000, 24, 500_000_000, true),
      (225, 0, 24, 0, false), (225, 0, 25, 1, false),
    ] as [(Int64, Int64, Int64, Int64, Bool)])
  func takesThePriceWithOrWithoutACommission(
    stars: Int64, nanostars: Int64, commission: Int64, itsNanostars: Int64, fits: Bool
  ) throws {
    let shop = try shop()
    try shop.file.book(.init("known", shop.small))
    let entries = ["known", "lost"].map { id in
      var entry = entry(
        id, .payment(payer: 1, payload: shop.small.id, isSubscription: false), stars: stars)
      (entry.nanostars, entry.commission) = (nanostars, (commission, itsNanostars))
      return entry
    }
    let findings = try take(entries, into: shop)
    #expect((findings[0] == .agrees) == fits)
    #expect((findings[1].reason == nil) == fits)
    #expect(try shop.file.account().balance.micro == (fits ? 1_200_000_000 : 650_000_000))
    #expect(try shop.file.verify().breaks == [])
  }

  @Test func goesOnBehindWhatCannotBeBooked() throws {
    let shop = try shop()
    let other = try shop.file.order(by: try shop.file.user(2, credits: "100"))
    let first = try shop.file.account()
    try shop.file.book(.init("a", shop.small))
    try shop.file.adjust(first, by: "9223372036000", key: "refund:payment:1")
    let findings = try take(
      [
        entry("a", .payment(payer: 1, payload: shop.small.id, isSubscription: false)),
        entry("b", .payment(payer: 1, payload: shop.small.id, isSubscription: false)),
        entry("a", .repayment, isIncoming: false),
        entry("c", .payment(payer: 2, payload: other.id, isSubscription: false)),
      ], into: shop)
    #expect(findings[0] == .agrees)
    #expect(
      findings[1].reason == "a payment that credits nothing: it cannot be credited: the amount is "
        + "too large to be real")
    #expect(
      findings[2].reason
        == "it cannot be booked: the key refund:payment:1 already names a different entry")
    #expect(findings[3].reason == nil)
    #expect(try shop.file.count("refunds") == 0)
    #expect(try shop.file.account(2).balance.micro == 650_000_000)
    #expect(try shop.file.verify().breaks == [])
  }

  @Test func explainsNothingThatItCannot() throws {
    let shop = try shop()
    let findings = try take(
      [
        entry("x", .payment(payer: 1, payload: "no such order", isSubscription: false)),
        entry("y", .payment(payer: 2, payload: shop.small.id, isSubscription: false)),
        entry("z", .repayment, isIncoming: false), entry("o", .other("a gift")),
      ], into: shop)
    #expect(
      findings == [
        .setAside(payer: 1, flaw: "it names no order of ours"),
        .setAside(payer: 2, flaw: "its order was made for another person"),
        .unexplained("Stars went back for a payment that is not known"), .unexplained("a gift"),
      ])
    #expect(try shop.file.account().balance.micro == 100_000_000)
    #expect(try shop.file.count("payments") == 2)
  }

  /// An earlier bot had the token, or its file is lost.
  @Test func keepsWhatIsOlderThanTheFileForAdministratorsAlone() throws {
    let shop = try shop()
    let findings = try take(
      [
        entry("x", .payment(payer: 7, payload: "old", isSubscription: false), day: -3),
        entry("x", .repayment, isIncoming: false, day: -2),
        entry("y", .repayment, isIncoming: false, day: -2),
        entry("z", .payment(payer: 7, payload: "old", isSubscription: false), day: -1),
        entry("a", .payment(payer: 1, payload: shop.small.id, isSubscription: false), day: -1),
        entry("b", .payment(payer: 7, payload: "new", isSubscription: false)),
      ], into: shop)
    #expect(
      findings[...3].map(\.sentence) == [
        "older than this database: a payment that credits nothing: it names no order of ours",
        "older than this database: Stars went back for a payment that credited nothing",
        "older than this database: Stars went back for a payment that is not known",
        "older than this database: a payment that credits nothing: it names no order of ours",
      ])
    guard case .creditedNow = findings[4] else {
      Issue.record("a payment of an order is credited, however old it is: \(findings[4])")
      return
    }
    #expect(findings[5] == .setAside(payer: 7, flaw: "it names no order of ours"))
    #expect(findings.map(\.isExplained) == [true, true, true, true, true, false])

    let untold = try shop.file.write { try $0.starStatement.takeUntold() }
    #expect(untold.ofBefore.map(\.id) == ["x", "x", "y", "z"])
    #expect(untold.others.map(\.id) == ["b"])
    #expect(
      untold.others.map(\.reason) == [
        "a payment that credits nothing: it names no order of ours"
      ])
    let again = try shop.file.write { try $0.starStatement.takeUntold() }
    #expect(again.ofBefore.isEmpty && again.others.isEmpty)
    // The payment and the refund of x are a pair.
    let unexplained = try shop.file.write { try $0.starStatement.unexplained() }
    #expect(unexplained.map(\.id) == ["y", "z", "b"])
    #expect(unexplained.map(\.isIncoming) == [false, true, true])
    #expect(try shop.file.verify().breaks == [])
  }

  @Test func explainsWhatTheUpdateTellsLater() throws {
    let shop = try shop()
    let kind = StarStatement.Entry.Kind.payment(payer: 1, payload: "", isSubscription: false)
    _ = try take([entry("a", kind)], into: shop)
    #expect(try shop.file.write { try $0.starStatement.unexplained() }.map(\.id) == ["a"])
    try shop.file.book(.init("a", shop.small))
    #expect(try shop.file.write { try $0.starStatement.unexplained() }.isEmpty)
    #expect(try shop.file.write { try $0.starStatement.takeUntold() }.others.isEmpty)
  }

  @Test func endsARefundOfOursThatTelegramHasDone() throws {
    let shop = try shop()
    try shop.file.book(.init("a", shop.small))
    let refund = try shop.file.write {
      try $0.refunds.request(chargeID: "a", isForced: false, by: .shell)
        .refund
    }
    let findings = try take([entry("a", .repayment, isIncoming: false)], into: shop)
    guard case .refundedNow(let done)? = findings.first else {
      Issue.record("\(findings)")
      return
    }
    #expect(done.id == refund.id && done.state == .done)
    #expect(try shop.file.account().balance.micro == 100_000_000)
  }

  @Test func namesPaymentsThatTelegramDoesNotList() throws {
    let shop = try shop()
    try shop.file.book(.init("a", shop.small))
    try shop.file.book(.init("b", shop.small))
    let kind = StarStatement.Entry.Kind.payment(
      payer: 1, payload: shop.small.id, isSubscription: false)
    _ = try take([entry("a", kind)], into: shop)
    let unlisted = try shop.file.write {
      try $0.starStatement.unlistedPayments(since: .distantPast, before: now.addingTimeInterval(1))
    }
    #expect(unlisted.map(\.chargeID) == ["b"])
    #expect(
      try shop.file.write {
        try $0.starStatement.unlistedPayments(since: .distantPast, before: now)
      } == [])
  }
}
