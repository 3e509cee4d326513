import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

@Suite("CreditHoldService")
struct CreditHoldServiceTests {
  let file: LedgerFile
  let terms: BillingTerms

  init() throws {
    file = try LedgerFile()
    terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
  }

  /// 1,000 input and 500 output tokens at 0.30 and 2.50 bound the charge by 0.2325 credits.
  func take(
    _ user: UserAccount, _ price: ModelPrice, work: String = "upd1:chat", input: Int = 1_000,
    output: Int = 500, at date: Date = now
  ) throws -> CreditHold {
    try file.write(at: date) { tx in
      try tx.holds(terms).take(
        CreditHoldService.Request(
          userID: user.id, projectID: nil, work: work, taskType: "chat", price: price,
          inputTokensBound: input, inputTokensEstimate: input / 4, outputCap: output,
          deadline: now.addingTimeInterval(600)))
    }
  }

  func call(input: Int = 1_000, output: Int = 500, reported: String? = nil) -> MeteredCall {
    MeteredCall(
      usage: TokenUsage(
        inputTokens: input, outputTokens: output, reportedCostUSD: reported),
      model: "gemini-2.5-flash-001", keyIdentifier: "…abcd", requestID: "r1",
      responseMilliseconds: 321)
  }

  func settle(_ hold: CreditHold, _ call: MeteredCall) throws -> Settlement {
    try file.write { try $0.holds(terms).settle(hold.id, with: call) }
  }

  @Test func holdsTheUpperBoundBeforeTheCall() throws {
    let user = try file.user(credits: "1")
    let hold = try take(user, try file.price())
    #expect(hold.id == "upd1:chat:1")
    #expect(hold.amount.micro == 232_500)
    let account = try file.account()
    #expect(account.balance.micro == 1_000_000 && account.held.micro == 232_500)
    #expect(try file.verify().breaks == [])
  }

  @Test func settlesAtTheRealCostAndGivesTheRestBack() throws {
    let hold = try take(try file.user(credits: "1"), try file.price())
    let settlement = try settle(hold, call(output: 100))
    // 1,000 and 100 tokens: 0.0003 and 0.00025 dollars, × 1.5 ÷ 0.01.
    #expect(settlement.charge.micro == 82_500)
    #expect(settlement.balanceAfter.micro == 917_500)
    let account = try file.account()
    #expect(account.balance == settlement.balanceAfter && account.held == .zero)
    #expect(try file.verify() == .init(users: 1, transactions: 2, settledCalls: 1))
  }

  @Test func chargesNeverMoreThanWasHeldAndForgivesTheRest() throws {
    let hold = try take(try file.user(credits: "1"), try file.price())
    let settlement = try settle(hold, call(output: 5_000))
    #expect(settlement.charge == hold.amount)
    // 1.92 credits for 1,000 and 5,000 tokens, less the 0.2325 that were held.
    #expect(settlement.forgiven.micro == 1_687_500)
    #expect(try file.verify().breaks == [])
  }

  @Test func takesTheProvidersOwnCostAsTheRealOneAndNoticesDrift() throws {
    let user = try file.user(credits: "1")
    let price = try file.price()
    let settlement = try settle(try take(user, price), call(reported: "0.0007123"))
    // 0.0007123 dollars × 1.5 ÷ 0.01.
    #expect(settlement.charge.micro == 106_845)
    #expect(settlement.cost.hasDrifted)
    let usual = try settle(try take(user, price, work: "upd2:chat"), call(reported: "0.00155"))
    #expect(!usual.cost.hasDrifted)
    #expect(try file.verify().breaks == [])
  }

  @Test(arguments: ["-0.1", "1e99", "NaN", ""])
  func fallsBackToThePriceListWhereTheReportedCostIsNone(reported: String) throws {
    let hold = try take(try file.user(credits: "1"), try file.price())
    #expect(try settle(hold, call(reported: reported)).charge.micro == 232_500)
  }

  @Test func shrinksTheAnswerToWhatTheBalanceCanPay() throws {
    let user = try file.user(credits: "0.2")
    let hold = try take(user, try file.price(), output: 8_192)
    // 0.2 credits pay for 0.00133 dollars, the input costs 0.0003, and an output token 0.0000025.
    #expect(hold.outputTokensCap == 413)
    #expect(hold.amount <= user.balance)
    // One token more would be too dear.
    #expect(throws: LedgerError.self) {
      try take(try file.user(2, credits: "0.2"), try file.price(), input: 400_000)
    }
  }

  @Test func refusesWithTheShortfallWhereNotEvenAShortAnswerCanBePaid() throws {
    let user = try file.user(credits: "0.1")
    let price = try file.price()
    // 1,000 input and 256 output tokens are 0.141 credits.
    #expect(throws: LedgerError.insufficientCredits(shortfall: Credits(micro: 41_000))) {
      try take(user, price, output: 8_192)
    }
    #expect(try file.account().held == .zero)
  }

  @Test func voidsWithoutACharge() throws {
    let hold = try take(try file.user(credits: "1"), try file.price())
    try file.write { try $0.holds(terms).void(hold.id, loss: nil) }
    let account = try file.account()
    #expect(account.balance.micro == 1_000_000 && account.held == .zero)
    #expect(try file.verify().breaks == [])
  }

  @Test func booksWhatALostCallCostToTheHouse() throws {
    let user = try file.user(credits: "1")
    let price = try file.price()
    let first = try take(user, price)
    _ = try settle(first, call(output: 100))
    let hold = try take(user, price, work: "upd2:chat")
    let report = try file.write { tx in
      let loss = try tx.holds(terms).estimate(of: hold, requestID: nil)
      #expect(loss.usage == TokenUsage(inputTokens: 250, outputTokens: 100))
      try tx.holds(terms).void(hold.id, loss: loss)
      return try tx.usageSummaries.total(since: nil)
    }
    // 250 and 100 tokens: 75,000 and 250,000 nano-dollars.
    #expect(report.houseLoss == 325_000)
    #expect(report.charged.micro == 82_500)
    #expect(try file.verify().breaks == [])
  }

  @Test func givesBackOnceWhatReachedNobody() throws {
    let user = try file.user(credits: "1")
    let hold = try take(user, try file.price())
    _ = try settle(hold, call(output: 100))
    for expected in [82_500, 82_500] as [Int64] {
      let amount = try file.write {
        try $0.holds(terms).refund(work: "upd1", because: "not delivered")
      }
      #expect(amount?.micro == expected)
    }
    #expect(try file.account().balance.micro == 1_000_000)
    #expect(try file.verify().breaks == [])
    let voided = try take(user, try file.price(), work: "upd2:chat")
    let nothing = try file.write { tx in
      try tx.holds(terms).void(voided.id, loss: nil)
      return try tx.holds(terms).refund(work: "upd2", because: "not delivered")
    }
    #expect(nothing == nil)
  }

  @Test(arguments: [true, false])
  func finishesAHoldOnce(settlesFirst: Bool) throws {
    let hold = try take(try file.user(credits: "1"), try file.price())
    try file.write { tx in
      if settlesFirst {
        _ = try tx.holds(terms).settle(hold.id, with: call())
      } else {
        try tx.holds(terms).void(hold.id, loss: nil)
      }
    }
    let before = try file.account()
    #expect(throws: LedgerError.holdNotPending(id: hold.id)) { try settle(hold, call()) }
    #expect(throws: LedgerError.holdNotPending(id: hold.id)) {
      try file.write { try $0.holds(terms).void(hold.id, loss: call()) }
    }
    #expect(try file.account() == before)
  }

  @Test func numbersTheAttemptsOfTheSameWork() throws {
    let user = try file.user(credits: "1")
    let price = try file.price()
    let first = try take(user, price)
    try file.write { try $0.holds(terms).void(first.id, loss: nil) }
    #expect(try take(user, price).id == "upd1:chat:2")
    #expect(try take(user, price, work: "upd1:code").id == "upd1:code:1")
    #expect(try take(user, price, work: "upd11:chat").id == "upd11:chat:1")
  }

  @Test func ordersAttemptsAsTheyWereTakenAlsoWhereTheClockIsSetBack() throws {
    let user = try file.user(credits: "1")
    let price = try file.price()
    let attempts = try [0, -3_600].map { seconds in
      try take(user, price, at: now.addingTimeInterval(seconds)).id
    }
    let listed = try file.write { try $0.holds(terms).holds(forWork: "upd1:chat").map(\.id) }
    #expect(listed == attempts)
  }

  @Test func keepsThePriceThatTheCallWasMadeAt() throws {
    let hold = try take(try file.user(credits: "1"), try file.price())
    _ = try file.price(Tariff(input: "100", output: "100"))
    #expect(try settle(hold, call()).charge.micro == 232_500)
    #expect(try file.verify().breaks == [])
  }

  /// Each call costs 0.2325 credits and the balance covers 50 of them.
  @Test func letsConcurrentCallsSpendNoMoreThanThereIs() async throws {
    let user = try file.user(credits: "11.625")
    let price = try file.price()
    let settled = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<200 {
        group.addTask {
          do {
            let hold = try file.write { tx in
              try tx.holds(terms).take(
                CreditHoldService.Request(
                  userID: user.id, projectID: nil, work: "upd\(number):chat", taskType: "chat",
                  price: price, inputTokensBound: 1_000, inputTokensEstimate: 250, outputCap: 500,
                  deadline: now.addingTimeInterval(600)))
            }
            let used = min(500, hold.outputTokensCap)
            _ = try file.write {
              try $0.holds(terms).settle(hold.id, with: call(output: used))
            }
            return true
          } catch {
            return false
          }
        }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(settled == 50)
    #expect(try file.account().balance == .zero)
    #expect(try file.verify() == .init(users: 1, transactions: 51, settledCalls: 50))
  }
}
