import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

@Suite("What the house bears of a call")
struct CallLossTests {
  private let file: LedgerFile
  private let price: ModelPrice
  private let terms: BillingTerms
  private let user: UserAccount

  init() throws {
    file = try LedgerFile()
    price = try file.price()
    terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
    user = try file.user(credits: "100")
  }

  /// At 0.30 and 2.50 USD a million: 1,000 and 500 tokens are 1,550,000 nano-dollars.
  private func call(output: Int) -> MeteredCall {
    MeteredCall(
      usage: TokenUsage(inputTokens: 1_000, outputTokens: output), model: "m",
      keyIdentifier: "k", requestID: nil, responseMilliseconds: 1)
  }

  @discardableResult
  private func take(
    _ work: String, by user: UserAccount? = nil, bound: Int64? = nil, cap: Int = 500,
    at date: Date = now
  ) throws -> CreditHold {
    try file.write(at: date) { tx in
      try tx.holds(terms).take(
        CreditHoldService.Request(
          userID: (user ?? self.user).id, projectID: nil, work: "\(work):chat", taskType: "chat",
          price: price, inputTokensBound: 1_000, inputTokensEstimate: 250, outputCap: cap,
          deadline: date.addingTimeInterval(600), lossBound: bound.map { NanoDollars($0) }))
    }
  }

  private func void(
    _ hold: CreditHold, output: Int = 500, because cause: CallLoss.Cause = .failedCall,
    at date: Date = now
  ) throws {
    try file.write(at: date) {
      try $0.holds(terms).void(hold.id, loss: call(output: output), because: cause)
    }
  }

  private func losses() throws -> [String] {
    try file.database.read {
      try String.fetchAll(
        $0.db,
        sql: """
          SELECT format('%d %s', loss_nanousd, coalesce(loss_cause, '-')) FROM api_key_usage
          ORDER BY id
          """)
    }
  }

  @Test func isTheActualCostLessWhatTheChargeIsWorthAndNeverBelowZero() throws {
    let terms = terms
    // 0.2325 credits were held, worth 2,325,000: 12.8 million less that is borne; 1.55 is not.
    for (number, output) in [(1, 500), (2, 5_000)] {
      let hold = try take("upd\(number)")
      try file.write { _ = try $0.holds(terms).settle(hold.id, with: call(output: output)) }
    }
    try void(try take("upd3"))
    try void(try take("upd4"), because: .interrupted)
    #expect(
      try losses() == ["0 -", "10475000 overrun", "1550000 failed_call", "1550000 interrupted"])
    #expect(try file.verify().breaks == [])
  }

  @Test func isAllOfAnAnswerThatIsGivenBackAndCountsFromThenOn() throws {
    let terms = terms
    let hold = try take("upd1")
    let later = now.addingTimeInterval(2 * .day)
    try file.write { _ = try $0.holds(terms).settle(hold.id, with: call(output: 500)) }
    for _ in 1...2 {
      try file.write(at: later) { _ = try $0.holds(terms).refund(work: "upd1", because: "lost") }
    }
    #expect(try losses() == ["1550000 undelivered"])
    let sum = try file.database.read {
      try $0.usage.houseLoss(ofUser: user.id, since: later.addingTimeInterval(-60))
    }
    #expect(sum == 1_550_000)
    #expect(try file.verify().breaks == [])
  }

  /// The hold of 1,000 and 500 tokens may cost 1,550,000 nano-dollars.
  @Test(arguments: [(3_100_000, true), (3_099_999, false)] as [(Int64, Bool)])
  func refusesWhatCouldPassTheBound(bound: Int64, isTaken: Bool) throws {
    try void(try take("upd1", bound: 0))
    if isTaken {
      try take("upd2", bound: bound)
    } else {
      #expect(throws: LedgerError.lossBoundPassed) { try take("upd2", bound: bound) }
    }
    // What is smaller is still open, and so is everything a day later.
    try take("upd3", bound: bound, cap: 300)
    try take("upd4", bound: bound, at: now.addingTimeInterval(.day + 1))
  }

  @Test func countsForNobodyWhatWeOrTheProviderBroughtAbout() throws {
    try void(try take("upd1"), because: .interrupted)
    try void(try take("upd2"), because: .outage)
    try take("upd3", bound: 0)
    let (all, outages) = try file.database.read {
      (
        try $0.usage.houseLoss(since: now.addingTimeInterval(-60)),
        try $0.usage.outageLoss(since: now.addingTimeInterval(-60))
      )
    }
    #expect(all == 3_100_000 && outages == 1_550_000)
  }

  @Test func knowsWhoGotNoAnswerSinceTheLastOne() throws {
    let terms = terms
    let others = try [8, 9, 10].map { try file.user($0, credits: "100") }
    func count() throws -> Int {
      try file.database.read {
        try $0.usage.peopleWithoutAnswer(
          from: price.model.provider, since: now.addingTimeInterval(-900), besides: user.id)
      }
    }
    try void(try take("upd1", by: others[0]))
    let answered = try take("upd2", by: others[1])
    try file.write(at: now.addingTimeInterval(1)) {
      _ = try $0.holds(terms).settle(answered.id, with: call(output: 1))
    }
    #expect(try count() == 0)
    for (number, person) in ([user] + others + [others[0]]).enumerated() {
      let date = now.addingTimeInterval(Double(number) + 2)
      try void(try take("upd\(number + 3)", by: person, at: date), at: date)
    }
    #expect(try count() == 3)
  }

  @Test(arguments: [
    "UPDATE api_key_usage SET loss_nanousd = loss_nanousd + 1",
    "UPDATE api_key_usage SET loss_cause = 'undelivered'",
    "UPDATE api_key_usage SET loss_cause = NULL, lost_at = NULL, loss_nanousd = 0",
  ])
  func isProvenOverTheFile(damage: String) throws {
    try void(try take("upd1"))
    try file.damage(damage)
    #expect(try file.verify().breaks.map { $0.hasPrefix("usage 1: the house bears") } == [true])
  }
}
