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

  /// How long an answer may get, if there may be one.
  private func cap(_ work: String, bound: Int64, at date: Date = now) throws -> Int? {
    do {
      return try take(work, bound: bound, at: date).outputTokensCap
    } catch LedgerError.lossBoundPassed {
      return nil
    }
  }

  /// The hold of 1,000 and 500 tokens may cost 1,550,000 nano-dollars, one with the 256 of the
  /// shortest answer 940,000.
  @Test(
    arguments: [
      (3_100_000, 500), (3_099_999, 499), (2_490_000, 256), (2_489_999, nil), (1_550_000, nil),
      (0, nil),
    ] as [(Int64, Int?)])
  func keepsWhatCouldPassTheBoundShortOrRefusesIt(bound: Int64, cap: Int?) throws {
    try void(try take("upd1", bound: 0))
    #expect(try self.cap("upd2", bound: bound) == cap)
    // A day later, everything is open again.
    #expect(try self.cap("upd3", bound: bound, at: now.addingTimeInterval(.day + 1)) == 500)
  }

  /// 250 and 500 tokens are 1,325,000 nano-dollars; 302,500 of them are booked for what was seen,
  /// and borne by the house where that was nothing.
  @Test(arguments: [(true, 1_022_500), (false, 1_325_000)] as [(Bool, Int64)])
  func countsWhatAStoppedCallMayHaveCostUntilItIsTold(isSeen: Bool, mayBeBorne: Int64) throws {
    let terms = terms
    let hold = try take("upd1")
    var seen = call(output: 1)
    (seen.isEstimate, seen.requestID) = (true, "r")
    try file.write { [seen] tx in
      if isSeen {
        _ = try tx.holds(terms).settle(hold.id, with: seen, payingFor: seen.usage)
      } else {
        try tx.holds(terms).void(hold.id, loss: seen)
      }
      try tx.corrections.schedule(holdID: hold.id)
    }
    let bound = mayBeBorne + 1_550_000
    func expectThatItCounts(_ works: [String]) throws {
      #expect(try cap(works[0], bound: bound) == 500)
      #expect(try cap(works[1], bound: bound - 1) == 499)
    }
    try expectThatItCounts(["upd2", "upd3"])
    try file.write { tx in
      for _ in 1...5 { try tx.corrections.postpone(1) }
    }
    try expectThatItCounts(["upd4", "upd5"])
    try file.write { [seen] in _ = try $0.corrections.correct(1, with: seen.usage) }
    let borne: Int64 = isSeen ? 0 : 302_500
    #expect(try cap("upd6", bound: borne + 1_550_000) == 500)
  }

  /// However often their provider is asked in vain.
  @Test func countsForADayWhatNobodyTells() throws {
    let terms = terms
    let hold = try take("upd1")
    var seen = call(output: 1)
    (seen.isEstimate, seen.requestID) = (true, "r")
    try file.write { [seen] tx in
      try tx.holds(terms).void(hold.id, loss: seen)
      try tx.corrections.schedule(holdID: hold.id)
      for _ in 1...UsageCorrectionService.pauses.count { try tx.corrections.postpone(1) }
    }
    #expect(try cap("upd2", bound: 1_325_000) == nil)
    #expect(try cap("upd3", bound: 1_325_000, at: now.addingTimeInterval(.day + 1)) == 500)
  }

  /// Else somebody could have their own answers say that an answer is short.
  @Test func takesACallThatThePersonEndsForAsLongAsThoseOfOthers() throws {
    let terms = terms
    let other = try file.user(8, credits: "100")
    func output(isPersonsDoing: Bool, _ hold: CreditHold) throws -> Int {
      try file.database.read {
        try $0.holds(terms).estimate(
          of: hold, requestID: nil, isPersonsDoing: isPersonsDoing
        ).usage.outputTokens
      }
    }
    for number in 1...3 {
      let hold = try take("upd\(number)")
      try file.write { _ = try $0.holds(terms).settle(hold.id, with: call(output: 4)) }
    }
    let stopped = try take("upd4")
    #expect(try output(isPersonsDoing: false, stopped) == 4)
    #expect(try output(isPersonsDoing: true, stopped) == 500)
    let hold = try take("upd5", by: other)
    try file.write { _ = try $0.holds(terms).settle(hold.id, with: call(output: 404)) }
    #expect(try output(isPersonsDoing: false, stopped) == 104)
    #expect(try output(isPersonsDoing: true, stopped) == 404)
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
