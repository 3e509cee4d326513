import Foundation
import InMemoryLogging
@testable import Ledger
import Logging
import Testing

/// What is logged of money that moves: a line each, once it is committed, and no person in it.
@Suite("Log of the ledger")
struct LedgerLogTests {
  private let file: LedgerFile
  private let log = InMemoryLogHandler()
  private let logger: Logger

  init() throws {
    file = try LedgerFile()
    let log = log
    logger = Logger(label: "test") { _ in log }
  }

  private func logged<Value>(_ body: () throws -> Value) throws -> (Value, [String]) {
    let count = log.entries.count
    let value = try withLogger(logger) { _ in try body() }
    let lines = log.entries.dropFirst(count).map { entry in
      let details = entry.metadata.map { "\($0.key)=\($0.value)" }.sorted()
      return ([entry.message.description] + details).joined(separator: " ")
    }
    return (value, lines)
  }

  @Test func tellsOfAGrantOfEachKind() throws {
    let (user, welcome) = try logged { try file.user(4_711, credits: "100") }
    #expect(welcome == ["Welcome credits are given. credits=100 transaction=1"])
    let (_, given) = try logged { try file.adjust(user, by: "0.5", key: "a") }
    #expect(given == ["Credits are given. credits=0.5 transaction=2"])
    let (_, taken) = try logged { try file.adjust(user, by: "-20", key: "b") }
    #expect(taken == ["Credits are taken back. credits=-20 transaction=3"])
    // Reported again, it changes nothing.
    #expect(try logged { try file.adjust(user, by: "-20", key: "b") }.1 == [])
    let (_, code) = try logged {
      try file.write { tx in
        _ = try tx.promotionCodes.create(
          "SPRING", credits: Credits(micro: 5_000_000), maximumUses: 1,
          expiresAt: now.addingTimeInterval(60))
        _ = try tx.promotionCodes.redeem("SPRING", by: try tx.users.account(id: user.id))
      }
    }
    #expect(code == ["Credits are given. credits=5 transaction=4"])
    let (_, invited) = try logged {
      try file.write { tx in
        _ = try tx.transactions.record(
          NewTransaction(
            userID: user.id, type: .referralBonus, amount: Credits(micro: 20_000_000),
            idempotencyKey: "referral", description: "Ada"))
      }
    }
    #expect(invited == ["A referral bonus is given. credits=20 transaction=5"])
  }

  @Test func tellsOfAPurchaseAndItsRefund() throws {
    let user = try file.user()
    let (_, bought) = try logged { try file.pay("charge-1", by: user) }
    #expect(
      bought == ["Credits are bought. credits=550 package=Small stars=250 transaction=2"])
    #expect(try logged { try file.pay("charge-1", by: user) }.1 == [])
    let (refund, refunded) = try logged {
      try file.write {
        try $0.refunds.request(chargeID: "charge-1", isForced: false, by: .administrator(1_001))
      }.refund
    }
    #expect(
      refunded == [
        "A refund is booked. by=administrator credits=-550 house_loss=0 package=Small refund=1 "
          + "stars=250 transaction=3"
      ])
    let (_, refused) = try logged {
      try file.write { _ = try $0.refunds.fail(refund.id, because: "a reason") }
    }
    #expect(
      refused == [
        "The credits of a refund that was refused are given again. credits=550 refund=1 "
          + "transaction=4"
      ])
  }

  /// Whoever made it, and however much is left to take.
  @Test func tellsOfARefundOfSpentCreditsAndOfTelegrams() throws {
    let user = try file.user(credits: "0")
    try file.pay("charge-1", by: user)
    try file.pay("charge-2", by: user)
    try file.adjust(user, by: "-1100")
    let (_, forced) = try logged {
      try file.write {
        _ = try $0.refunds.request(chargeID: "charge-1", isForced: true, by: .shell)
      }
    }
    #expect(
      forced == [
        "A refund is booked. by=shell credits=0 house_loss=550 package=Small refund=1 stars=250"
      ])
    let (_, telegrams) = try logged {
      try file.write { _ = try $0.refunds.bookRefunded(chargeID: "charge-2") }
    }
    #expect(
      telegrams == [
        "A refund is booked. by=telegram credits=0 house_loss=550 package=Small refund=2 stars=250"
      ])
  }

  @Test func tellsOfNothingThatIsRolledBack() throws {
    struct Stop: Error {}
    let user = try file.user()
    let (_, lines) = try logged {
      #expect(throws: Stop.self) {
        try file.write { tx in
          _ = try tx.transactions.record(
            NewTransaction(
              userID: user.id, type: .manualAdjustment, amount: Credits(micro: 1),
              idempotencyKey: "never", description: "never"))
          throw Stop()
        }
      }
      // Nor does a later commit tell of it.
      try file.adjust(user, by: "1")
    }
    #expect(lines == ["Credits are given. credits=1 transaction=2"])
  }
}
