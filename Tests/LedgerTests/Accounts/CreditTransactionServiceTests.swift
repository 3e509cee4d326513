import Foundation
import GRDB
@testable import Ledger
import Testing

@Suite("CreditTransactionService")
struct CreditTransactionServiceTests {
  let file: LedgerFile

  init() throws {
    file = try LedgerFile()
  }

  func adjust(_ user: UserAccount, by amount: String, key: String) throws -> CreditTransaction {
    try file.write { tx in
      try tx.transactions.record(
        NewTransaction(
          userID: user.id, type: .manualAdjustment, amount: Credits(parsing: amount),
          idempotencyKey: key, description: "test"))
    }
  }

  @Test func recordsTheRowAndMovesTheBalanceWithIt() throws {
    let user = try file.user(credits: "100")
    let row = try adjust(user, by: "-30.5", key: "a")
    #expect(row.balanceAfter.description == "69.5")
    #expect(try file.account().balance == row.balanceAfter)
    #expect(try file.verify().breaks == [])
  }

  @Test func listsNewestFirst() throws {
    let user = try file.user()
    for (number, key) in ["a", "b", "c"].enumerated() {
      _ = try adjust(user, by: "\(number + 1)", key: key)
    }
    let rows = try file.write { try $0.transactions.list(userID: user.id, limit: 3) }
    #expect(rows.map(\.idempotencyKey) == ["c", "b", "a"])
    #expect(rows.map(\.amount.description) == ["3", "2", "1"])
  }

  @Test func booksAnEventOnceHoweverOftenItIsReported() throws {
    let user = try file.user()
    let first = try adjust(user, by: "5", key: "same")
    #expect(try adjust(user, by: "5", key: "same") == first)
    #expect(try file.account().balance.description == "105")
    #expect(throws: LedgerError.idempotencyKeyReused("same")) {
      try adjust(user, by: "6", key: "same")
    }
  }

  @Test func takesNoMoreThanIsThere() throws {
    let user = try file.user(credits: "10")
    #expect(throws: LedgerError.insufficientCredits(shortfall: Credits(micro: 500_000))) {
      try adjust(user, by: "-10.5", key: "a")
    }
    #expect(try adjust(user, by: "-10", key: "b").balanceAfter == .zero)
  }

  @Test func bringsNoBalanceBeyondItsRange() throws {
    let user = try file.user(credits: "100")
    let most = Credits(micro: .max).description
    #expect(throws: LedgerError.amountTooLarge) { try adjust(user, by: most, key: "a") }
    #expect(try file.verify().breaks == [])
  }

  @Test(arguments: [
    "UPDATE credit_transactions SET credits_amount_micro = 1", "DELETE FROM credit_transactions",
  ])
  func letsNobodyEditTheJournal(sql: String) throws {
    _ = try file.user()
    #expect(throws: DatabaseError.self) { try file.write { try $0.db.execute(sql: sql) } }
  }

  @Test func findsByANameWhoHasItNow() throws {
    func register(_ id: Int64, _ username: String) throws {
      _ = try file.write { tx in
        try tx.users.register(
          Profile(telegramUserID: id, username: username), initialGrant: .zero)
      }
    }
    func holder(_ name: String) throws -> Int64? {
      try file.write { try $0.users.find(username: name)?.telegramUserID }
    }
    try register(5, "ada")
    try register(6, "Ada")
    #expect(try holder("@ada") == 6)
    try register(5, "ADA")
    #expect(try holder("ada") == 5)
    let names = try file.write { try String?.fetchAll($0.db, sql: "SELECT username FROM users") }
    #expect(names == ["ADA", nil])
  }

  @Test func grantsTheInitialCreditsOnceAndKeepsTheProfileCurrent() throws {
    let user = try file.user(credits: "100")
    let again = try file.write { tx in
      try tx.users.register(
        Profile(telegramUserID: 1, username: "ada", firstName: "Ada L."),
        initialGrant: Credits(parsing: "100"))
    }
    #expect(!again.isNew)
    #expect(again.account.id == user.id)
    #expect(again.account.username == "ada")
    #expect(again.account.balance.description == "100")
    let rows = try file.write { try $0.transactions.list(userID: user.id, limit: 9) }
    #expect(rows.map(\.type) == [.initialGrant])
  }
}
