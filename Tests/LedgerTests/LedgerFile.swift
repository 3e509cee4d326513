import Metering
import Foundation
import GRDB
@testable import Ledger

/// A real database in a folder of its own, gone with the test.
final class LedgerFile: Sendable {
  let folder: URL
  let path: String
  let database: LedgerDatabase

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("aidevbot-ledger-\(UUID().uuidString)")
    path = folder.appendingPathComponent("test.sqlite").path
    database = try LedgerDatabase(path: path)
  }

  deinit {
    try? database.close()
    try? FileManager.default.removeItem(at: folder)
  }

  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try database.write(body)
  }

  /// A user with that many credits.
  func user(_ telegramUserID: Int64 = 1, credits: String = "100") throws -> UserAccount {
    try write { db in
      try UserService().register(
        Profile(telegramUserID: telegramUserID, firstName: "Ada"),
        initialGrant: Credits(parsing: credits), at: now, in: db
      ).account
    }
  }

  func account(_ telegramUserID: Int64 = 1) throws -> UserAccount {
    try write { try UserService().account(telegramUserID: telegramUserID, in: $0) }
  }

  func price(
    _ tariff: Tariff = Tariff(input: "0.30", output: "2.50"), provider: ModelProvider = "google",
    model: String = "gemini-2.5-flash"
  ) throws -> ModelPrice {
    try write { db in
      try ModelPricingService().set(
        ModelID(provider: provider, name: model), tariff: tariff, at: now, in: db)
    }
  }

  /// Changes the file in a way that the ledger would not, nor let anybody else.
  func damage(_ sql: String) throws {
    let raw = try DatabaseQueue(path: path)
    try raw.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA foreign_keys = OFF")
      try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
      for trigger in try String.fetchAll(
        db, sql: "SELECT name FROM sqlite_schema WHERE type = 'trigger'")
      {
        try db.execute(sql: "DROP TRIGGER \(trigger)")
      }
      try db.execute(sql: sql)
    }
  }

  func verify(at date: Date = now) throws -> LedgerVerification.Report {
    try database.read { try LedgerVerification().verify(at: date, in: $0) }
  }
}

let now = Date(timeIntervalSince1970: 1_800_000_000)

/// In what is expected, a number is one of nano-dollars.
extension NanoDollars: ExpressibleByIntegerLiteral {
  package init(integerLiteral count: Int64) {
    self.init(count)
  }
}
