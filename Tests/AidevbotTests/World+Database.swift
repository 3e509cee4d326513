import Ledger
import Foundation
import Dispatch
import GRDB
import Testing
import TestSupport

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

  /// What a migration leaves that this version does not know.
  static let markOfANewerVersion = "INSERT INTO grdb_migrations (identifier) VALUES ('ledger 999')"

  /// Changes the file past the product.
  func damage(_ sql: String) throws {
    try openDatabase().writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA foreign_keys = OFF")
      try db.execute(sql: sql)
    }
  }

  /// Whatever is in the inbox now or later is young enough to be handled again, however late the
  /// next life of a process begins.
  func keepYoung() throws {
    let hence = "strftime('%Y-%m-%d %H:%M:%f', 'now', '+12 hours')"
    try damage(
      """
      UPDATE inbox SET received_at = \(hence) WHERE state = 'pending';
      CREATE TRIGGER kept_young AFTER INSERT ON inbox
      BEGIN
        UPDATE inbox SET received_at = \(hence) WHERE update_id = NEW.update_id;
      END
      """)
  }

  /// Leaves zeros of a table and its indexes.
  func overwritePages(of table: String) throws {
    try damage("PRAGMA wal_checkpoint(TRUNCATE)")
    let (size, roots) = try read { db in
      (
        try UInt64.fetchOne(db, sql: "PRAGMA page_size") ?? 0,
        try UInt64.fetchAll(
          db, sql: "SELECT rootpage FROM sqlite_schema WHERE tbl_name = ? AND rootpage > 0",
          arguments: [table])
      )
    }
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: databasePath))
    for root in roots {
      try file.seek(toOffset: (root - 1) * size)
      try file.write(contentsOf: Data(count: Int(size)))
    }
    try file.close()
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

  /// - Parameter daemon: Its end ends the wait too.
  func wait(
    for what: String, untilThereIs sql: String, orEndOf daemon: ChildProcess? = nil
  ) async throws {
    try await wait(for: what) {
      try daemon?.state.value.hasEnded == true || (self.number(sql) ?? 0) > 0
    }
  }

  /// What one process does wakes no other, so it is looked for again and again. Where the look
  /// fails, it has not happened; once it has, it is not looked for again.
  func wait(
    for what: String, within limit: Duration = .seconds(600),
    until hasHappened: @escaping @Sendable () throws -> Bool
  ) async throws {
    let isOver = Watched(false)
    let timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now(), repeating: .milliseconds(10))
    timer.setEventHandler {
      guard !isOver.value, (try? hasHappened()) == true else { return }
      isOver.change { $0 = true }
    }
    timer.activate()
    defer { timer.cancel() }
    try await isOver.wait(for: what, within: limit) { $0 }
  }

  /// After a stop: nothing is left to be done, and the ledger holds.
  func expectNothingLeft() async throws {
    #expect(try number("SELECT count(*) FROM credit_holds WHERE state = 'pending'") == 0)
    #expect(try number("SELECT sum(credit_held_micro) FROM users") == 0)
    #expect(try number("SELECT count(*) FROM inbox WHERE state = 'pending'") == 0)
    #expect(try number("SELECT count(*) FROM outbox WHERE state <> 'sent'") == 0)
    try await expectSoundLedger()
  }

  func expectWholeFile() throws {
    #expect(try read { try String.fetchAll($0, sql: "PRAGMA integrity_check") } == ["ok"])
  }

  /// What `aidevbot ledger verify` proves, without the start of a process.
  func expectSoundLedger() async throws {
    let breaks = try read { db in
      try LedgerTransaction(db: db, now: Date()).verification.verify().breaks
    }
    #expect(breaks == [])
  }

  private func openDatabase() throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    return try DatabaseQueue(path: databasePath, configuration: configuration)
  }
}
