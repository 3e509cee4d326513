import Dispatch
import GRDB
import TestSupport
import Testing

/// A row of `api_key_usage`.
struct UsageRow: Sendable, Equatable, FetchableRecord {
  var chargedTo: String
  var provider: String
  var nanoDollars: Int64
  var isEstimate: Bool

  init(row: Row) {
    chargedTo = row["charged_to"]
    provider = row["model_provider"]
    nanoDollars = row["actual_cost_nanousd"]
    isEstimate = row["is_estimate"]
  }
}

extension World {
  /// Reads the file past the product.
  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try openDatabase().read(body)
  }

  /// Changes the file past the product.
  func damage(_ sql: String) throws {
    try openDatabase().writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA foreign_keys = OFF")
      try db.execute(sql: sql)
    }
  }

  func number(_ sql: String) throws -> Int64? {
    try read { try Int64.fetchOne($0, sql: sql) }
  }

  /// In micro-credits.
  func balance(of user: Int64 = 42) throws -> Int64? {
    try number("SELECT credit_balance_micro FROM users WHERE telegram_user_id = \(user)")
  }

  func usage() throws -> [UsageRow] {
    try read { try UsageRow.fetchAll($0, sql: "SELECT * FROM api_key_usage ORDER BY id") }
  }

  func usage(ofUpdate id: Int64) throws -> [UsageRow] {
    try read { db in
      try UsageRow.fetchAll(
        db, sql: "SELECT * FROM api_key_usage WHERE hold_id LIKE 'upd\(id):%' ORDER BY id")
    }
  }

  /// What one process commits wakes no other, so the file is looked at again and again.
  ///
  /// - Parameter daemon: Its end ends the wait too.
  func wait(
    for what: String, untilThereIs sql: String, orEndOf daemon: ChildProcess? = nil
  ) async throws {
    let isThere = Watched(false)
    let timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now(), repeating: .milliseconds(10))
    timer.setEventHandler {
      let found = try? self.number(sql)
      guard found ?? 0 > 0 || daemon?.state.value.hasEnded == true else { return }
      isThere.change { $0 = true }
    }
    timer.activate()
    defer { timer.cancel() }
    try await isThere.wait(for: what) { $0 }
  }

  /// After a stop: nothing is left to be done, and the ledger holds.
  func expectNothingLeft() async throws {
    #expect(try number("SELECT count(*) FROM credit_holds WHERE state = 'pending'") == 0)
    #expect(try number("SELECT sum(credit_held_micro) FROM users") == 0)
    #expect(try number("SELECT count(*) FROM inbox WHERE state = 'pending'") == 0)
    #expect(try number("SELECT count(*) FROM outbox WHERE state <> 'sent'") == 0)
    try await expectSoundLedger()
  }

  func expectSoundLedger() async throws {
    let verdict = try await aidevbot("ledger", "verify")
    #expect(verdict.status == 0)
    #expect(verdict.outputLines.count == 1, "\(verdict.output)")
    #expect(verdict.output.hasPrefix("The ledger holds."))
  }

  private func openDatabase() throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    return try DatabaseQueue(path: databasePath, configuration: configuration)
  }
}
