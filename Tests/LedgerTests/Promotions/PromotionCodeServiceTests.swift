import Foundation
import GRDB
@testable import Ledger
import Testing

@Suite("PromotionCodeService")
struct PromotionCodeServiceTests {
  private let file: LedgerFile
  private let tomorrow = now.addingTimeInterval(86_400)

  init() throws {
    file = try LedgerFile()
  }

  private func create(_ code: String? = "SPRING", maximumUses: Int = 2) throws -> PromotionCode {
    try file.write {
      try $0.promotionCodes.create(
        code, credits: Credits(micro: 20_000_000), maximumUses: maximumUses, expiresAt: tomorrow)
    }
  }

  private func redeem(
    _ code: String = "SPRING", by user: UserAccount, at date: Date = now
  ) throws -> PromotionCodeService.Outcome {
    try file.write(at: date) { try $0.promotionCodes.redeem(code, by: user) }
  }

  private func uses() throws -> [Int] {
    try file.database.read { try $0.promotionCodes.list().map(\.uses) }
  }

  @Test func givesItsCreditsOnceToEachPerson() throws {
    _ = try create()
    let user = try file.user(credits: "100")
    guard case .redeemed(let transaction) = try redeem(" spring ", by: user) else {
      Issue.record("a good code was refused")
      return
    }
    #expect(transaction.amount.micro == 20_000_000 && transaction.type == .manualAdjustment)
    #expect(try redeem(by: user) == .usedBefore)
    #expect(try file.account().balance.micro == 120_000_000)
    #expect(try uses() == [1])
    #expect(try file.verify().breaks == [])
  }

  @Test func endsOnceItIsRevoked() throws {
    _ = try create()
    let (ada, bob) = (try file.user(1), try file.user(2))
    _ = try redeem(by: ada)
    let before = try file.write { try $0.promotionCodes.revoke(" spring ") }
    #expect(before.revokedAt == nil && before.uses == 1)
    // However often the right code is sent, it is no guess.
    for _ in 0...PromotionCodeService.maximumFailuresPerHour {
      #expect(try redeem(by: bob) == .revoked)
    }
    #expect(try redeem(by: ada) == .usedBefore)
    #expect(try file.account(2).balance == bob.balance)
    let later = now.addingTimeInterval(60)
    #expect(try file.write(at: later) { try $0.promotionCodes.revoke("SPRING") }.revokedAt == now)
    let code = try #require(try file.read { try $0.promotionCodes.list() }.first)
    #expect(code.uses == 1 && code.revokedAt == now && code.state(at: now) == .revoked)
    #expect(throws: LedgerError.unknownCode("WINTER")) {
      try file.write { try $0.promotionCodes.revoke("winter") }
    }
    #expect(throws: LedgerError.codeTaken("SPRING")) { try create() }
    #expect(try file.verify().breaks == [])
  }

  @Test func isUsedUpOrExpiredOrOpen() throws {
    let code = try create(maximumUses: 1)
    #expect(code.state(at: now) == .active && code.state(at: tomorrow) == .expired)
    _ = try redeem(by: try file.user())
    let used = try #require(try file.read { try $0.promotionCodes.list() }.first)
    #expect(used.state(at: now) == .usedUp)
  }

  /// A file of the version before "ledger 8", opened by this one.
  @Test func isKeptByTheMigrationAsItWas() throws {
    let path = file.folder.appendingPathComponent("old.sqlite").path
    let queue = try DatabaseQueue(path: path)
    var ledger = DatabaseMigrator()
    LedgerSchema.register(in: &ledger)
    try ledger.migrate(queue, upTo: "ledger 7: proposed prices that administrators were told of")
    try queue.write { db in
      try db.execute(
        sql: """
          INSERT INTO promotion_codes (code, credits_micro, most_uses, uses, expires_at, created_at)
          VALUES ('OLD', 5000000, 3, 2, '2027-01-16 08:00:00.000', '2026-01-01 00:00:00.000')
          """)
    }
    try queue.close()
    let database = try LedgerDatabase(path: path, clock: { now })
    defer { try? database.close() }
    let code = try #require(try database.read { try $0.promotionCodes.list() }.first)
    #expect(code.code == "OLD" && code.credits.micro == 5_000_000 && code.revokedAt == nil)
    #expect(code.uses == 2 && code.maximumUses == 3 && code.state(at: now) == .active)
    _ = try database.write { try $0.promotionCodes.revoke("OLD") }
    #expect(try database.read { try $0.promotionCodes.list() }.first?.revokedAt == now)
  }

  @Test func givesNoMoreThanItMay() throws {
    _ = try create(maximumUses: 1)
    let (ada, bob) = (try file.user(1), try file.user(2))
    _ = try redeem(by: ada)
    #expect(try redeem(by: bob) == .notValid)
    #expect(try redeem(by: ada) == .usedBefore)
    #expect(try file.account(2).balance == bob.balance)
    #expect(try uses() == [1])
  }

  @Test func isGoodUntilItExpires() throws {
    _ = try create()
    let (ada, bob) = (try file.user(1), try file.user(2))
    guard case .redeemed = try redeem(by: ada, at: tomorrow.addingTimeInterval(-1)) else {
      Issue.record("a code that lasts was refused")
      return
    }
    #expect(try redeem(by: bob, at: tomorrow) == .notValid)
    #expect(try uses() == [1])
  }

  @Test func givesNothingToWhoErasedAnAccountAndCameBack() throws {
    _ = try create()
    let user = try file.user()
    try file.write { try $0.erasure.erase(user) }
    let returning = try file.user()
    #expect(try redeem(by: returning) == .returning)
    #expect(try uses() == [0])
    #expect(try file.account().balance == .zero)
  }

  @Test func refusesWhoGuesses() throws {
    _ = try create()
    let (ada, bob) = (try file.user(1), try file.user(2))
    for number in 1...5 { #expect(try redeem("GUESS\(number)", by: ada) == .notValid) }
    #expect(try redeem(by: ada) == .tooManyFailures)
    #expect(try uses() == [0])
    guard case .redeemed = try redeem(by: bob) else {
      Issue.record("somebody else is refused")
      return
    }
    let later = now.addingTimeInterval(3_599)
    #expect(try redeem(by: ada, at: later) == .tooManyFailures)
    guard case .redeemed = try redeem(by: ada, at: now.addingTimeInterval(3_600)) else {
      Issue.record("refused for ever")
      return
    }
  }

  @Test func keepsFailuresOfTheLastHourAlone() throws {
    let ada = try file.user(1)
    for hour in 0..<5 {
      _ = try redeem("GUESS", by: ada, at: now.addingTimeInterval(Double(hour) * 3_600))
    }
    #expect(try file.count("failed_redemptions") == 1)
  }

  @Test func makesCodesThatNobodyGuessesAndNoneTwice() throws {
    let codes = try (0..<20).map { _ in try create(nil).code }
    #expect(Set(codes).count == 20 && codes.allSatisfy { $0.count == 10 })
    _ = try create("Spring")
    #expect(throws: LedgerError.codeTaken("SPRING")) { try create("sprinG ") }
  }

  @Test func givesExactlyAsManyAsItMayToACrowdAtOnce() async throws {
    _ = try create(maximumUses: 10)
    let users = try (1...100).map { try file.user(Int64($0), credits: "1") }
    let commits = GroupCommit(file.database)
    let database = file.database
    let outcomes = try await withThrowingTaskGroup { group in
      for (number, user) in users.enumerated() {
        group.addTask {
          let isGrouped = number.isMultiple(of: 2)
          return isGrouped
            ? try await commits.write { try $0.promotionCodes.redeem("SPRING", by: user) }
            : try database.write { try $0.promotionCodes.redeem("SPRING", by: user) }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let redeemed = outcomes.count { if case .redeemed = $0 { true } else { false } }
    #expect(redeemed == 10 && outcomes.count { $0 == .notValid } == 90)
    #expect(try uses() == [10])
    let sum = try file.database.read {
      try Int64.fetchOne($0.db, sql: "SELECT sum(credit_balance_micro) FROM users")
    }
    // One for each of a hundred people, and 20 more for ten of them.
    #expect(sum == 300_000_000)
    #expect(try file.verify().breaks == [])
  }
}
