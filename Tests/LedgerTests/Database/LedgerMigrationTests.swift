import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

/// A file as the first release left it, opened by this one.
@Suite("Migration of the ledger")
struct LedgerMigrationTests {
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("aidevbot-migration-\(UUID().uuidString)")

  /// People's ids on Telegram, in the order in which they came; the first ones are also those of
  /// each other's rows.
  private static let people: [Int64] = [3, 1, 2, 7_319_264_508]

  private func firstRelease() throws -> String {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appendingPathComponent("test.sqlite").path
    let queue = try DatabaseQueue(path: path)
    var migrator = DatabaseMigrator()
    LedgerSchema.register(in: &migrator)
    try migrator.migrate(queue, upTo: "ledger 1: users, prices, usage, transactions, holds")
    try queue.write { db in
      for (index, person) in Self.people.enumerated() {
        try db.execute(
          sql: """
            INSERT INTO users (telegram_user_id, username, credit_balance_micro, created_at,
              updated_at)
            VALUES (?, ?, 150, '2026-01-01 00:00:00.000', '2026-01-01 00:00:00.000')
            """, arguments: [person, "person\(person)"])
        let rows = [
          ("initial_grant", 100, "initial_grant:\(person)"), ("purchase", 50, "k\(index)"),
        ]
        for (number, (kind, amount, key)) in rows.enumerated() {
          try db.execute(
            sql: """
              INSERT INTO credit_transactions (user_id, transaction_type, credits_amount_micro,
                balance_after_micro, idempotency_key, description, created_at)
              VALUES (?, ?, ?, ?, ?, 'd', '2026-01-01 00:00:00.000')
              """, arguments: [index + 1, kind, amount, 100 + 50 * number, key])
        }
      }
    }
    try queue.write { db in
      try db.execute(
        sql: """
          INSERT INTO model_pricing (model_provider, model_name, input_cost_per_million_tokens,
            output_cost_per_million_tokens, long_prompt_threshold_tokens,
            long_prompt_input_cost_per_million_tokens, long_prompt_output_cost_per_million_tokens,
            is_active, created_at, updated_at)
          VALUES ('google', 'm', '1', '2', 200000, '3', '4', 1, '2026-01-01 00:00:00.000',
            '2026-01-01 00:00:00.000')
          """)
    }
    try queue.close()
    return path
  }

  private func opened<Value>(_ body: (LedgerDatabase) throws -> Value) throws -> Value {
    defer { try? FileManager.default.removeItem(at: folder) }
    let database = try LedgerDatabase(path: try firstRelease())
    defer { try? database.close() }
    return try body(database)
  }

  @Test func takesPeopleOutOfTheKeysOfTheirFirstGrantsAndMovesNoAmount() throws {
    try opened { database in
      let rows = try database.read {
        try String.fetchAll(
          $0.db,
          sql: """
            SELECT format('%d %s %d %d', user_id, idempotency_key, credits_amount_micro,
              balance_after_micro)
            FROM credit_transactions ORDER BY id
            """)
      }
      #expect(
        rows
          == (1...4).flatMap { ["\($0) initial_grant:\($0) 100 100", "\($0) k\($0 - 1) 50 150"] })
    }
  }

  @Test func asksBeforeItUpdatesAnOlderFileAndNoOther() throws {
    struct NotNow: Error {}
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = try firstRelease()
    func applied(to path: String) throws -> Int? {
      try DatabaseQueue(path: path).read {
        try Int.fetchOne($0, sql: "SELECT count(*) FROM grdb_migrations")
      }
    }
    #expect(throws: NotNow.self) {
      try LedgerDatabase(path: path, guardUpdate: { _ in throw NotNow() })
    }
    #expect(try applied(to: path) == 1)
    try LedgerDatabase(path: path, guardUpdate: { try $0() }).close()
    for path in [path, path + ".new"] {
      try LedgerDatabase(path: path, guardUpdate: { _ in throw NotNow() }).close()
    }
    #expect(try applied(to: path) == applied(to: path + ".new"))
  }

  @Test func keepsTheAccountsAndGrantsNothingAgain() throws {
    try opened { database in
      for (index, person) in Self.people.enumerated() {
        let (account, isNew) = try database.write {
          try $0.users.register(
            Profile(telegramUserID: person), initialGrant: Credits(micro: 100))
        }
        #expect(!isNew && account.id == Int64(index + 1) && account.balance.micro == 150)
        #expect(!account.isBlocked && !account.isReturning && account.referredBy == nil)
      }
      let newcomer = try database.write {
        try $0.users.register(
          Profile(telegramUserID: 9), initialGrant: Credits(micro: 100))
      }
      #expect(newcomer.isNew && newcomer.account.balance.micro == 100)
      #expect(try database.write { try $0.prove() } == [])
    }
  }

  @Test func keepsEveryPriceAsItWas() throws {
    try opened { database in
      let price = try database.read {
        try $0.pricing.active(ModelID(provider: "google", name: "m"))
      }
      #expect(
        price.tariff
          == Tariff(
            input: "1", output: "2", longPrompt: .init(threshold: 200_000, input: "3", output: "4"))
      )
    }
  }

  @Test func stillLetsNobodyEditTheJournal() throws {
    try opened { database in
      let edit = "UPDATE credit_transactions SET id = id"
      _ = #expect(throws: DatabaseError.self) {
        try database.write { try $0.db.execute(sql: edit) }
      }
    }
  }
}
