import Foundation
import GRDB
@testable import Ledger
import Metering

/// A real database in a folder of its own, gone with the test.
final class LedgerFile: Sendable {
  let folder: URL
  let path: String
  let database: LedgerDatabase

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("aidevbot-ledger-\(UUID().uuidString)")
    path = folder.appendingPathComponent("test.sqlite").path
    database = try LedgerDatabase(path: path, clock: { now })
  }

  deinit {
    try? database.close()
    try? FileManager.default.removeItem(at: folder)
  }

  func write<Value>(
    at date: Date = now, _ body: (LedgerTransaction) throws -> Value
  ) throws -> Value {
    try database.write { try body($0.at(date)) }
  }

  func read<Value>(
    at date: Date = now, _ body: (LedgerTransaction) throws -> Value
  ) throws -> Value {
    try database.read { try body($0.at(date)) }
  }

  /// A user with that many credits.
  func user(_ telegramUserID: Int64 = 1, credits: String = "100") throws -> UserAccount {
    try write { tx in
      try tx.users.register(
        Profile(telegramUserID: telegramUserID, firstName: "Ada"),
        initialGrant: Credits(parsing: credits)
      ).account
    }
  }

  func account(_ telegramUserID: Int64 = 1) throws -> UserAccount {
    try write { try $0.users.account(telegramUserID: telegramUserID) }
  }

  func price(
    _ tariff: Tariff = Tariff(input: "0.30", output: "2.50"), provider: ModelProvider = "google",
    model: String = "gemini-2.5-flash"
  ) throws -> ModelPrice {
    try write { tx in
      try tx.pricing.set(
        ModelID(provider: provider, name: model), tariff: tariff)
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
    try read(at: date) { try $0.verification.verify() }
  }
}

extension LedgerTransaction {
  /// What the proof beside the bot finds, from where the last one ended.
  func prove() throws -> [String] {
    var proof = try LedgerProof(in: self)
    while !proof.isAtEnd { try proof.proveSlice(in: self) }
    try proof.keep(in: self)
    return proof.breaks
  }
}

extension LedgerTransaction {
  /// How SQLite goes about what is read, step by step.
  func steps(of read: (LedgerTransaction) throws -> Void) throws -> [String] {
    var queries: [String] = []
    db.trace { queries.append($0.expandedDescription) }
    defer { db.trace(options: []) }
    try read(self)
    db.trace(options: [])
    return try queries.flatMap { query in
      try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(query)").map { row -> String in row["detail"]
      }
    }
  }
}

let now = Date(timeIntervalSince1970: 1_800_000_000)

/// In what is expected, a number is one of nano-dollars.
extension NanoDollars: ExpressibleByIntegerLiteral {
  package init(integerLiteral count: Int64) {
    self.init(count)
  }
}
