import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

/// Repairs are charged by terms of their own, whatever those of all calls become meanwhile.
@Suite("The terms of repairs")
struct RepairTermsTests {
  private let file: LedgerFile
  private let terms: BillingTerms
  private let price: ModelPrice
  private let user: UserAccount

  init() throws {
    file = try LedgerFile()
    terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
    price = try file.price()
    user = try file.user(credits: "1")
    try file.build(of: user, cap: "1")
  }

  private func take(
    _ repairs: RepairTerms, work: String = "a:repair", lossBound: NanoDollars? = nil
  ) throws -> CreditHold {
    try file.write { tx in
      try tx.holds(terms).take(
        file.request(
          work, by: user, at: price, markup: repairs.markup(under: terms), lossBound: lossBound))
    }
  }

  private func losses() throws -> [String] {
    try file.texts(
      """
      SELECT format('%s: %d %s', markup, loss_nanousd, coalesce(loss_cause, '-'))
      FROM api_key_usage ORDER BY id
      """)
  }

  @Test(
    arguments: [
      (.atCost, "1", 155_000, "0 -"), (.charged, nil, 232_500, "0 -"),
      (.free, "0", 0, "1550000 overrun"),
    ] as [(RepairTerms, String?, Int64, String)])
  func areThoseOfTheHold(
    repairs: RepairTerms, markup: String?, amount: Int64, loss: String
  ) throws {
    let hold = try take(repairs)
    #expect(hold.markup == markup && hold.amount.micro == amount)
    // The operator changes the settings meanwhile; what has no terms of its own takes the new ones.
    let later = try BillingTerms(creditValueUSD: "0.01", markup: "1.25")
    let settlement = try file.write { try $0.holds(later).settle(hold.id, with: file.call()) }
    let charge = markup == nil ? 193_750 : amount
    #expect(settlement.charge.micro == charge && settlement.forgiven == .zero)
    #expect(try losses() == ["\(markup ?? "1.25"): \(loss)"])
    #expect(try file.verify().breaks == [])
  }

  @Test func areNeverDearerThanThoseOfOtherCalls() throws {
    let gift = try BillingTerms(creditValueUSD: "0.01", markup: "0.5")
    #expect(RepairTerms.atCost.markup(under: gift) == nil)
    #expect(try RepairTerms.atCost.applied(to: gift) == gift)
    #expect(try RepairTerms.atCost.applied(to: terms).markup == "1")
    #expect(try RepairTerms.free.applied(to: terms).chargesNothing)
    #expect(RepairTerms.allCases.map(\.rawValue) == ["at_cost", "charged", "free"])
  }

  @Test func areGoneByWhenACallIsGivenBackLostOrCorrected() throws {
    let first = try take(.atCost)
    try file.write { tx in
      _ = try tx.holds(terms).settle(
        first.id, with: file.call(output: 400, requestID: "gen-1", isEstimate: true))
      try tx.corrections.schedule(holdID: first.id)
    }
    // 0.00055 instead of 0.0013 USD.
    let back = try file.write(at: now + 60) {
      try $0.corrections.correct(1, with: TokenUsage(inputTokens: 1_000, outputTokens: 100))
    }
    #expect(back?.micro == 75_000)
    let second = try take(.atCost, work: "b:repair")
    let given = try file.write { tx in
      _ = try tx.holds(terms).settle(second.id, with: file.call())
      return try tx.holds(terms).refund(work: "b:repair", because: "undelivered")
    }
    #expect(given?.micro == 155_000)
    let third = try take(.atCost, work: "c:repair")
    try file.write { try $0.holds(terms).void(third.id, loss: file.call()) }
    #expect(
      try losses() == ["1: 0 -", "1: 1550000 undelivered", "1: 1550000 failed_call"])
    #expect(try file.verify(at: now + 60).breaks == [])
  }

  /// 0.00155 USD is borne of each.
  @Test func letTheHouseBearNoMoreOfAPersonThanItDoesInADay() throws {
    #expect(throws: LedgerError.lossBoundPassed) { try take(.free, lossBound: 1_549_999) }
    for work in ["a:repair", "b:repair"] {
      let hold = try take(.free, work: work, lossBound: 3_100_000)
      try file.write { _ = try $0.holds(terms).settle(hold.id, with: file.call()) }
    }
    #expect(throws: LedgerError.lossBoundPassed) {
      try take(.free, work: "c:repair", lossBound: 3_100_000)
    }
    let borne = try file.read { try $0.usage.houseLoss(ofUser: user.id, since: now - .day) }
    #expect(borne == 3_100_000)
    let report = try file.read { tx in
      try tx.businessReports(terms).report(from: now, to: now + 1)
    }
    #expect(report.houseLosses == [.init(reason: .freeRepairs, count: 2, amount: 3_100_000)])
    #expect(try file.verify().breaks == [])
  }
}
