import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

@Suite("UsageSummaryService")
struct UsageSummaryTests {
  let file: LedgerFile
  let user: UserAccount
  let price: ModelPrice

  init() throws {
    file = try LedgerFile()
    user = try file.user(7)
    price = try file.price()
  }

  /// A call that the house bears: nobody is charged for it.
  private func log(
    milliseconds: Int, cost: String = "0.001", isEstimate: Bool = false, task: String = "chat",
    at date: Date = now
  ) throws {
    _ = try file.write(at: date) { tx in
      try tx.usage.log(
        NewUsage(
          projectID: nil, userID: user.id, holdID: nil, taskType: task,
          provider: price.model.provider,
          priceID: price.id,
          call: MeteredCall(
            usage: TokenUsage(inputTokens: 10, outputTokens: 20),
            model: price.model.name, keyIdentifier: "…abcd", requestID: nil,
            responseMilliseconds: milliseconds, isEstimate: isEstimate),
          cost: CallCost(table: try USD(parsing: cost), reported: nil),
          terms: BillingTerms(creditValueUSD: "0.01", markup: "1.5"), bearer: .house(.failedCall)))
    }
  }

  /// A call of 0.1 dollars, of which a hold of so many credits covers a part.
  private func settle(
    hold credits: String, creditValue: String = "0.01", isEstimate: Bool = false
  ) throws -> String {
    let id = "upd\(UUID().uuidString):1:1"
    try file.damage(
      """
      INSERT INTO credit_holds (id, user_id, amount_micro, state, task_type, model_provider,
        model_name, model_pricing_id, input_tokens_estimate, output_tokens_cap, created_at,
        deadline_at)
      VALUES ('\(id)', \(user.id), 0, 'settled', 'plan', 'google', 'm', \(price.id), 1, 1,
        '2027-01-15 00:00:00.000', '')
      """)
    try file.write { tx in
      let terms = try BillingTerms(creditValueUSD: creditValue, markup: "1.5")
      let cost = try USD(parsing: "0.1")
      let (full, held) = (try terms.charge(for: cost), try Credits(parsing: credits))
      let usage = try tx.usage.log(
        NewUsage(
          projectID: nil, userID: user.id, holdID: id, taskType: "plan", provider: "google",
          priceID: price.id,
          call: MeteredCall(
            usage: TokenUsage(inputTokens: 1, outputTokens: 2), model: "m",
            keyIdentifier: "…abcd", requestID: nil, responseMilliseconds: 40,
            isEstimate: isEstimate),
          cost: CallCost(table: cost, reported: nil), terms: terms,
          bearer: .user(
            charge: min(full, held), forgiven: max(.zero, try full.subtracting(held)))))
      try tx.transactions.record(
        NewTransaction(
          userID: user.id, type: .usageDeduction, amount: Credits(micro: -min(full, held).micro),
          usageID: usage, holdID: id, idempotencyKey: "settle:\(id)", description: "plan"))
    }
    return id
  }

  private func total(since: Date? = nil) throws -> UsageSummary {
    try file.write { try $0.usageSummaries.total(since: since) }
  }

  private func rows(by grouping: UsageSummary.Grouping) throws -> [UsageSummary] {
    try file.write { try $0.usageSummaries.summaries(by: grouping, since: nil) }
  }

  @Test(arguments: [
    ([7], 7, 7), ([1, 2], 1, 2), ([3, 1, 2], 2, 3), ([5, 5, 5, 9], 5, 9),
    (Array(1...20).reversed(), 10, 19), (Array(1...21), 11, 20), (Array(1...100), 50, 95),
    (Array(1...101), 51, 96),
  ])
  func takesTheNearestRankOfTheTimes(times: [Int], median: Int64, p95: Int64) throws {
    for time in times { try log(milliseconds: time) }
    let total = try total()
    #expect(total.medianLatency == median)
    #expect(total.latency95 == p95)
    let row = try #require(try rows(by: .task).first)
    #expect(row.medianLatency == median && row.latency95 == p95)
  }

  @Test func aLostAnswerHasACostButNoTime() throws {
    try log(milliseconds: 0, cost: "0.5", isEstimate: true)
    #expect(try total().medianLatency == nil)
    #expect(try total().houseLoss == 500_000_000)
    try log(milliseconds: 30)
    try log(milliseconds: 900, task: "code")
    #expect(try total().medianLatency == 30)
    #expect(try total().latency95 == 900)
    #expect(try rows(by: .task).map(\.key) == ["chat", "code"])
    #expect(try rows(by: .task).map(\.medianLatency) == [30, 900])
  }

  @Test func anAnswerWhoseUsageIsAnEstimateHasATimeAndIsNoLoss() throws {
    _ = try settle(hold: "20", isEstimate: true)
    #expect(try total().medianLatency == 40)
    #expect(try total().houseLoss == 0)
    #expect(try total().charged == Credits(micro: 15_000_000))
  }

  @Test func theMarginIsWhatChargesAreWorthLessTheRealCost() throws {
    // 15 credits for 0.1 dollars, worth 0.15.
    _ = try settle(hold: "20")
    var total = try total()
    #expect(total.charged == Credits(micro: 15_000_000))
    #expect(total.chargedValue == 150_000_000)
    #expect(total.margin == 50_000_000)
    #expect(total.houseLoss == 0)
    // 7.5 credits that are worth twice as much.
    _ = try settle(hold: "20", creditValue: "0.02")
    total = try self.total()
    #expect(total.charged == Credits(micro: 22_500_000))
    #expect(total.chargedValue == 300_000_000)
    #expect(total.margin == 100_000_000)
  }

  @Test func theHouseBearsWhatIsAboveTheHold() throws {
    _ = try settle(hold: "6")
    let total = try total()
    #expect(total.charged == Credits(micro: 6_000_000))
    // 6 credits are worth 0.06 of 0.1 dollars.
    #expect(total.houseLoss == 40_000_000)
    #expect(total.margin == NanoDollars(60_000_000 - 100_000_000))
  }

  @Test func anAnswerThatReachedNobodyIsTheHousesWhole() throws {
    let id = try settle(hold: "6")
    _ = try file.write { tx in
      try tx.holds(BillingTerms(creditValueUSD: "0.01", markup: "1.5")).refund(
        work: String(id.dropLast(2)), because: "not delivered")
    }
    let total = try total()
    #expect(total.charged == .zero)
    #expect(total.houseLoss == 100_000_000)
    #expect(total.margin == -100_000_000)
  }

  @Test func groupsByEachThing() throws {
    try log(milliseconds: 1, cost: "0.002", at: now.addingTimeInterval(86_400))
    try log(milliseconds: 2)
    _ = try settle(hold: "20")
    #expect(try rows(by: .day).map(\.key) == ["2027-01-15", "2027-01-16"])
    #expect(try rows(by: .day).map(\.calls) == [2, 1])
    #expect(try rows(by: .user).map(\.key) == ["7"])
    #expect(try rows(by: .user).map(\.name) == ["Ada"])
    #expect(try rows(by: .model).map(\.key) == ["google/m", "google/gemini-2.5-flash"])
    // 0.1 dollars; 0.002 and 0.001.
    #expect(try rows(by: .task).map(\.realCost) == [100_000_000, 3_000_000])
    #expect(try rows(by: .project).map(\.key) == [nil])
    #expect(try total(since: now.addingTimeInterval(1)).calls == 1)
    #expect(try total(since: now.addingTimeInterval(90_000)) == UsageSummary(key: "all"))
  }

  @Test func saysThatASumIsTooLarge() throws {
    for _ in 1...2 { try log(milliseconds: 1) }
    try file.damage("UPDATE api_key_usage SET actual_cost_nanousd = 9223372036854775807")
    #expect(throws: LedgerError.amountTooLarge) { try total() }
  }
}
