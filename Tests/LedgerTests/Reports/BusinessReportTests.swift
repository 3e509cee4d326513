import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

/// A day of business, whose figures are computed by hand.
@Suite("BusinessReport")
struct BusinessReportTests {
  private let file: LedgerFile
  private let terms: BillingTerms
  private var termsOfCalls: BillingTerms
  /// A call of 1,000 and 500 tokens costs 0.00155 USD, which is 0.2325 credits.
  private let cheap: ModelPrice
  /// The same call costs 0.006 USD, which is 0.9 credits.
  private let dear: ModelPrice
  private let tomorrow = now.addingTimeInterval(86_400)

  init() throws {
    file = try LedgerFile()
    terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
    termsOfCalls = terms
    cheap = try file.price()
    dear = try file.price(
      Tariff(input: "1.00", output: "10.00"), provider: "openrouter", model: "large")
  }

  @Test func readsNothingOfOtherTimes() throws {
    let steps = try file.read { tx in
      try tx.steps { _ = try $0.businessReports(terms).report(from: now, to: tomorrow) }
    }
    #expect(steps.contains { $0.contains("users_by_time") })
    #expect(!steps.contains { $0.hasPrefix("SCAN") }, "\(steps)")
  }

  private func register(
    _ telegramUserID: Int64, _ firstName: String, username: String? = nil, at date: Date = now,
    credits: String = "100"
  ) throws -> UserAccount {
    try file.write(at: date) { tx in
      try tx.users.register(
        Profile(telegramUserID: telegramUserID, username: username, firstName: firstName),
        initialGrant: Credits(parsing: credits)
      ).account
    }
  }

  private enum Ending {
    case settled(outputTokens: Int)
    case failed(outputTokens: Int)
    case lost(outputTokens: Int)
  }

  /// Of 1,000 input tokens; what 500 output tokens cost is held for it.
  private func call(
    _ price: ModelPrice, by user: UserAccount, work: String, _ ending: Ending, at date: Date = now
  ) throws {
    func call(_ outputTokens: Int, isEstimate: Bool = false) -> MeteredCall {
      MeteredCall(
        usage: TokenUsage(inputTokens: 1_000, outputTokens: outputTokens),
        model: price.model.name, keyIdentifier: "k", requestID: nil, responseMilliseconds: 1,
        isEstimate: isEstimate)
    }
    try file.write(at: date) { tx in
      let hold = try tx.holds(termsOfCalls).take(
        CreditHoldService.Request(
          userID: user.id, projectID: nil, work: work, taskType: "chat", price: price,
          inputTokensBound: 1_000, inputTokensEstimate: 250, outputCap: 500,
          deadline: date.addingTimeInterval(600)))
      switch ending {
      case .settled(let count): _ = try tx.holds(termsOfCalls).settle(hold.id, with: call(count))
      case .failed(let count): try tx.holds(termsOfCalls).void(hold.id, loss: call(count))
      case .lost(let count):
        try tx.holds(termsOfCalls).void(
          hold.id, loss: call(count, isEstimate: true), because: .interrupted)
      }
    }
  }

  private func giveBack(_ work: String, at date: Date = now) throws {
    try file.write(at: date) {
      _ = try $0.holds(termsOfCalls).refund(work: work, because: "undelivered")
    }
  }

  private func request(_ charge: String) throws -> Refund {
    try file.write {
      try $0.refunds.request(chargeID: charge, isForced: true, by: .shell)
        .refund
    }
  }

  private func report(from: Date = now, to: Date? = nil) throws -> BusinessReport {
    try file.database.read {
      try $0.businessReports(terms).report(from: from, to: to ?? tomorrow)
    }
  }

  /// Ada buys twice, Bob once; of three refunds one is done, one refused, and one under way.
  private func doADaysBusiness() throws {
    let yesterday = now.addingTimeInterval(-1)
    let bob = try register(2, "Bob", at: yesterday)
    try call(cheap, by: bob, work: "upd0:chat", .settled(outputTokens: 500), at: yesterday)
    try file.pay("yesterday", by: bob, at: yesterday)
    try file.adjust(bob, by: "-550", key: "yesterday")

    let ada = try register(1, "Ada", username: "ada")
    try file.pay("first", by: ada)
    try file.pay("second", by: ada)
    try file.pay("third", by: bob)
    let order = try file.order(by: bob)
    var odd = ReportedPayment("odd", order, payer: 2)
    odd.amount = 10
    try file.book(odd)
    (odd.chargeID, odd.currency) = ("euros", "EUR")
    try file.book(odd)
    try file.adjust(ada, by: "3", key: "gift")
    try file.write { tx in
      _ = try tx.transactions.record(
        NewTransaction(
          userID: ada.id, type: .referralBonus, amount: Credits(parsing: "5"),
          idempotencyKey: "bonus", description: "test"))
    }

    try call(cheap, by: ada, work: "upd1:chat", .settled(outputTokens: 500))
    try call(cheap, by: ada, work: "upd2:chat", .settled(outputTokens: 5_000))
    try call(dear, by: bob, work: "upd3:chat", .settled(outputTokens: 500))
    try giveBack("upd3:chat")
    try call(cheap, by: bob, work: "upd4:chat", .failed(outputTokens: 100))
    try call(dear, by: ada, work: "upd5:chat", .lost(outputTokens: 200))

    // 49.7675 of Bob's credits are left: 100 and 550, less 0.2325 and 600.
    try file.adjust(bob, by: "-600", key: "spent")
    let (done, refused) = (try request("third"), try request("second"))
    _ = try request("first")
    try file.write { tx in
      _ = try tx.refunds.confirm(done.id)
      _ = try tx.refunds.fail(refused.id, because: "no")
    }

    _ = try register(3, "Eve", at: tomorrow)
    try call(cheap, by: ada, work: "upd6:chat", .settled(outputTokens: 500), at: tomorrow)
  }

  @Test func sumsUpADay() throws {
    try doADaysBusiness()
    let expected = BusinessReport(
      from: now, to: tomorrow, payments: 4, starsReceived: 760, refunds: 1, starsRefunded: 250,
      // Sold: three times 550. Given: Ada's first 100, 3 and 5. Taken back: 550, Bob's 49.7675,
      // and 550 and 600 by hand. Spent: twice 0.2325, as the second call's hold was no larger.
      // Real cost of upd1 to upd5, in millions: 1.55 + 12.8 + 6 + 0.55 + 3.
      creditsSold: Credits(micro: 1_650_000_000), creditsGiven: Credits(micro: 108_000_000),
      creditsTakenBack: Credits(micro: 1_749_767_500), creditsSpent: Credits(micro: 465_000),
      creditsSpentValue: 4_650_000, realCost: 23_900_000,
      houseLosses: [
        // 500.2325 credits at 0.01 ÷ 1.5 USD.
        .init(reason: .refundedCredits, count: 1, amount: 3_334_883_333),
        // 12.8 million, of which 0.2325 credits paid 2.325.
        .init(reason: .call(.overrun), count: 1, amount: 10_475_000),
        .init(reason: .call(.undelivered), count: 1, amount: 6_000_000),
        .init(reason: .call(.interrupted), count: 1, amount: 3_000_000),
        .init(reason: .call(.failedCall), count: 1, amount: 550_000),
      ],
      newUsers: 1, activeUsers: 2,
      topModels: [
        .init(
          provider: "google", model: "gemini-2.5-flash", calls: 3,
          charged: Credits(micro: 465_000), realCost: 14_900_000),
        .init(
          provider: "openrouter", model: "large", calls: 2, charged: .zero, realCost: 9_000_000),
      ],
      // What is listed adds up to what was spent.
      topUsers: [
        .init(
          telegramUserID: 1, name: "@ada", calls: 3, charged: Credits(micro: 465_000),
          realCost: 17_350_000),
        .init(telegramUserID: 2, name: "Bob", calls: 2, charged: .zero, realCost: 6_550_000),
      ])
    #expect(try report() == expected)
  }

  /// What was sold and given, less what was taken back and spent, is what people have.
  @Test func addsUpToTheBalances() throws {
    try doADaysBusiness()
    let eve = try register(4, "Eve", at: tomorrow)
    try file.write(at: tomorrow) { try $0.erasure.erase(eve) }
    let all = try report(from: .distantPast, to: .distantFuture)
    let balances = try file.read {
      try Int64.fetchOne($0.db, sql: "SELECT sum(credit_balance_micro) FROM users") ?? 0
    }
    #expect(
      all.creditsSold.micro + all.creditsGiven.micro - all.creditsTakenBack.micro
        - all.creditsSpent.micro == balances)
  }

  @Test func countsNothingOfAnotherDay() throws {
    try doADaysBusiness()
    let later = try report(from: tomorrow.addingTimeInterval(1), to: .distantFuture)
    #expect(later.payments == 0 && later.starsReceived == 0 && later.refunds == 0)
    #expect(later.creditsSold == .zero && later.creditsGiven == .zero)
    #expect(later.creditsTakenBack == .zero && later.creditsSpent == .zero)
    #expect(later.creditsSpentValue == 0)
    #expect(later.realCost == 0 && later.houseLosses == [])
    #expect(later.newUsers == 0 && later.activeUsers == 0)
    #expect(later.topModels == [] && later.topUsers == [])
  }

  @Test func showsARefusedRefundAndALateLossInThePeriodInWhichTheyHappened() throws {
    let ada = try register(1, "Ada")
    try file.pay(by: ada)
    let refund = try request("charge")
    try call(cheap, by: ada, work: "upd1:chat", .settled(outputTokens: 500))
    try giveBack("upd1:chat", at: tomorrow)
    try file.write(at: tomorrow) { _ = try $0.refunds.fail(refund.id, because: "no") }
    let (today, next) = (try report(), try report(from: tomorrow, to: .distantFuture))
    #expect(today.creditsTakenBack.micro == 550_000_000)
    #expect(next.creditsTakenBack.micro == -550_000_000)
    // 0.00155 dollars; × 1.5 ÷ 0.01 that is 0.2325 credits, worth 0.002325 dollars.
    // What is given back belongs to its call.
    #expect(today.creditsSpent == .zero && next.creditsSpent == .zero)
    #expect(today.creditsSpentValue == 0 && next.creditsSpentValue == 0)
    #expect(today.houseLosses == [])
    #expect(
      next.houseLosses == [.init(reason: .call(.undelivered), count: 1, amount: 1_550_000)])
  }

  /// Twice as much is charged at half the value, and is worth the same.
  @Test mutating func valuesWhatWasSpentAtTheTermsOfEachCall() throws {
    let ada = try register(1, "Ada")
    try call(cheap, by: ada, work: "upd1:chat", .settled(outputTokens: 500))
    termsOfCalls = try BillingTerms(creditValueUSD: "0.005", markup: "1.5")
    try call(cheap, by: ada, work: "upd2:chat", .settled(outputTokens: 500))
    #expect(try report().creditsSpent.micro == 3 * 232_500)
    #expect(try report().creditsSpentValue == NanoDollars(2 * 2_325_000))
  }

  @Test func countsAnOverrunThatReachedNobodyOnce() throws {
    let ada = try register(1, "Ada")
    try call(cheap, by: ada, work: "upd1:chat", .settled(outputTokens: 5_000))
    try giveBack("upd1:chat")
    #expect(
      try report().houseLosses
        // 1,000 and 5,000 tokens at 0.30 and 2.50 dollars a million.
        == [.init(reason: .call(.undelivered), count: 1, amount: 12_800_000)])
  }

  @Test func namesAtMostFiveThatWereChargedMost() throws {
    for number in 1...6 {
      let user = try register(Int64(number), "User \(number)")
      let price = try file.price(model: "model \(number)")
      for call in 1...number {
        try self.call(
          price, by: user, work: "upd\(number)\(call):chat", .settled(outputTokens: 500))
      }
    }
    let report = try report()
    #expect(report.topUsers.map(\.telegramUserID) == [6, 5, 4, 3, 2])
    #expect(report.topModels.map(\.model) == (2...6).reversed().map { "model \($0)" })
    #expect(report.topUsers.map(\.calls) == [6, 5, 4, 3, 2])
  }

  @Test func refusesASumBeyondItsRange() throws {
    let most = Credits(micro: .max).description
    _ = try register(1, "Ada", credits: most)
    #expect(try report().creditsGiven.micro == .max)
    _ = try register(2, "Bob", credits: "0.000001")
    #expect(throws: LedgerError.amountTooLarge) { try report() }
  }
}
