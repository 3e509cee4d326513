import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

@Suite("The cap of a build")
struct BuildCapTests {
  private let file: LedgerFile
  private let terms: BillingTerms
  private let price: ModelPrice
  private let user: UserAccount

  init() throws {
    file = try LedgerFile()
    terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
    price = try file.price()
    user = try file.user(credits: "100")
  }

  @discardableResult
  private func take(_ work: String, build: String? = "b1", output: Int = 500) throws -> CreditHold {
    try file.write { tx in
      try tx.holds(terms).take(
        file.request(work, by: user, at: price, build: build, output: output))
    }
  }

  @discardableResult
  private func settle(_ hold: CreditHold, output: Int = 500) throws -> Settlement {
    try file.write { try $0.holds(terms).settle(hold.id, with: file.call(output: output)) }
  }

  private func spending(_ build: String = "b1") throws -> [Int64] {
    let (charged, held) = try file.read { try $0.spending(ofBuild: build) }
    return [charged.micro, held.micro]
  }

  @Test func countsWhatIsChargedAndWhatIsHeld() throws {
    try file.build(of: user, cap: "10")
    #expect(try spending() == [0, 0])
    try settle(try take("a:code"), output: 100)
    let hold = try take("b:code")
    let voided = try take("c:code")
    try file.write { try $0.holds(terms).void(voided.id, loss: nil) }
    try take("d:code", build: nil)
    #expect(hold.buildID == "b1")
    #expect(try spending() == [82_500, 232_500])
    #expect(try spending("b2") == [0, 0])
    #expect(try file.verify().breaks == [])
  }

  @Test func shrinksTheAnswerToWhatTheCapLeaves() throws {
    try file.build(of: user, cap: "0.4")
    try take("a:code")
    let hold = try take("b:code")
    // 0.1675 credits are left: 0.00111667 USD, of which the prompt takes 0.0003.
    #expect(hold.outputTokensCap == 326)
    #expect(hold.amount.micro <= 167_500)
    #expect(try file.verify().breaks == [])
    // Of a build without a cap yet, the whole.
    try file.write { try $0.db.execute(sql: "UPDATE builds SET cap_micro = NULL") }
    #expect(try take("c:code").outputTokensCap == 500)
  }

  @Test func refusesWhereTheLeastThatIsOfUseDoesNotFit() throws {
    try file.build(of: user, cap: "0.3")
    try take("a:code")
    // 1,000 and 256 tokens are 0.141 credits; 0.0675 are left.
    #expect(throws: LedgerError.capReached(shortfall: Credits(micro: 73_500))) {
      try take("b:code")
    }
    #expect(try file.account().held.micro == 232_500)
    // The least alone would not fit either, whatever the prompt.
    let mayFit = try file.read { tx in
      let account = try tx.users.account(id: user.id)
      return tx.holds(terms).mayFit(file.request("b:code", by: user, at: price), of: account)
    }
    #expect(!mayFit)
    #expect(throws: LedgerError.unknownBuild(id: "b2")) { try take("c:code", build: "b2") }
  }

  @Test func isNotWhatIsMissingWhereTheAccountHasLess() throws {
    try file.build(of: user, cap: "200")
    let poor = try file.user(2, credits: "0.1")
    try file.build("b2", of: poor, cap: "5")
    #expect(throws: LedgerError.insufficientCredits(shortfall: Credits(micro: 41_000))) {
      try file.write {
        try $0.holds(terms).take(file.request("a:code", by: poor, at: price, build: "b2"))
      }
    }
    // Nor does anybody spend on the build of somebody else.
    #expect(throws: LedgerError.unknownBuild(id: "b1")) {
      try file.write { try $0.holds(terms).take(file.request("b:code", by: poor, at: price)) }
    }
  }

  @Test func hasRoomAgainForWhatWasGivenBackAndForWhatWasNotUsed() throws {
    try file.build(of: user, cap: "0.2325")
    let first = try take("a:code")
    #expect(throws: LedgerError.self) { try take("b:code") }
    try settle(first, output: 0)
    #expect(try spending() == [45_000, 0])
    try file.write { _ = try $0.holds(terms).refund(work: "a:code", because: "undelivered") }
    #expect(try spending() == [0, 0])
    #expect(try take("b:code").outputTokensCap == 500)
  }

  @Test func countsACorrectionOfWhatWasEstimated() throws {
    try file.build(of: user, cap: "1")
    let hold = try take("a:code")
    try file.write { tx in
      _ = try tx.holds(terms).settle(
        hold.id, with: file.call(output: 400, requestID: "gen-1", isEstimate: true))
      try tx.corrections.schedule(holdID: hold.id)
    }
    #expect(try spending() == [195_000, 0])
    let back = try file.write(at: now + 60) {
      try $0.corrections.correct(1, with: TokenUsage(inputTokens: 1_000, outputTokens: 100))
    }
    #expect(back?.micro == 112_500)
    #expect(try spending() == [82_500, 0])
    #expect(try file.verify(at: now + 60).breaks == [])
  }

  /// Each call may cost 0.2325 credits, and the cap is 4 of them and some; a fifth shrinks.
  @Test func isPassedByNoTwoHoldsThatComeAtOnce() async throws {
    try file.build(of: user, cap: "1.1")
    let taken = await withTaskGroup(of: Int.self) { group in
      for number in 0..<60 {
        group.addTask {
          guard let hold = try? take("step\(number):code") else { return 0 }
          return hold.outputTokensCap
        }
      }
      return await group.reduce(into: []) { $0 += $1 > 0 ? [$1] : [] }
    }
    #expect(taken.count == 5 && taken.filter { $0 == 500 }.count == 4)
    #expect(try spending().reduce(0, +) <= 1_100_000)
    #expect(try file.verify().breaks == [])
  }

  @Test(arguments: [
    ("UPDATE builds SET cap_micro = 400000", "build b1 may cost 400000 micro-credits, but 427500"),
    ("UPDATE credit_holds SET amount_micro = 345001 WHERE state = 'pending'", "but 540001 are"),
    ("UPDATE builds SET user_id = 2", "is of build b1, which is another user's"),
    (
      "UPDATE credit_holds SET markup = '1' WHERE state = 'settled'",
      "usage 1 is charged at a markup of 1.5, but its hold a:code:1 was taken at 1"
    ),
  ])
  func isProvenOverTheFile(damage: String, sentence: String) throws {
    _ = try file.user(2)
    try file.build(of: user, cap: "0.54")
    try settle(try take("a:code"), output: 400)
    try take("b:code")
    #expect(try spending() == [195_000, 232_500])
    #expect(try file.verify().breaks == [])
    try file.damage(damage)
    let breaks = try file.verify().breaks
    #expect(breaks.contains { $0.contains(sentence) }, "\(breaks)")
  }

  @Test func belongsToOneOpenBuildOfAPerson() throws {
    try file.build(of: user, state: "delivered")
    try file.build("b2", of: user, state: "paused")
    try file.build("b3", of: user, state: "stopped")
    #expect(throws: DatabaseError.self) { try file.build("b4", of: user, state: "asking") }
  }
}
