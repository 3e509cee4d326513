@testable import Bot
import Foundation
import GRDB
@testable import Ledger
import Testing

/// A file of the version before "ledger 4", opened by this one.
@Suite("Migration to columns of state")
struct LedgerStateMigrationTests {
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("aidevbot-migration-\(UUID().uuidString)")
  private var path: String { folder.appendingPathComponent("test.sqlite").path }

  /// After all that happened in the old file.
  private static let later = Date(timeIntervalSince1970: 1_800_010_000)

  /// - Parameters:
  ///   - look: Looks at the old file.
  ///   - body: Gets what that has seen.
  private func migrated<Old>(
    lookedAt look: (Database) throws -> Old, _ body: (LedgerDatabase, Old) throws -> Void
  ) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let rows = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../Fixtures/ledger-3.sql"), encoding: .utf8)
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    var (ledger, bot) = (DatabaseMigrator(), DatabaseMigrator())
    LedgerSchema.register(in: &ledger)
    BotSchema.register(in: &bot)
    try ledger.migrate(queue, upTo: "ledger 3: prices of cache writes, and by the hour")
    try bot.migrate(queue, upTo: "bot 2: what follows a reply, support, broadcasts")
    let old = try queue.write { db in
      try db.execute(sql: rows)
      return try look(db)
    }
    try queue.close()
    var database = try LedgerDatabase.openForBot(path: path)
    defer { try? database.close() }
    database.clock = { Self.later }
    try body(database, old)
  }

  private func migrated(_ body: (LedgerDatabase) throws -> Void) throws {
    try migrated(lookedAt: { _ in }) { database, _ in try body(database) }
  }

  private static func texts(_ sql: String, in db: Database) throws -> [String] {
    try String.fetchAll(db, sql: sql)
  }

  @Test func namesTheCallsAndTheNewcomersOfTransactions() throws {
    try migrated { database in
      let calls = try database.read {
        try Self.texts(
          """
          SELECT format('%d %s of %s', id, transaction_type, hold_id) FROM credit_transactions
          WHERE hold_id IS NOT NULL ORDER BY id
          """, in: $0.db)
      }
      #expect(
        calls == [
          "3 usage_deduction of upd101:chat:1", "7 usage_deduction of upd102:chat:1",
          "11 usage_deduction of upd103:chat:1", "13 usage_deduction of upd104:chat:2",
          "14 usage_deduction of upd106:chat:1", "15 refund of upd106:chat:1",
          "16 usage_deduction of upd107:chat:1", "17 refund of upd107:chat:1",
          "18 usage_deduction of upd108:chat:1", "36 usage_deduction of upd111:chat:1",
        ])
      let newcomers = try database.read {
        try Self.texts(
          """
          SELECT format('%d to %d for %d', id, user_id, referred_user_id) FROM credit_transactions
          WHERE referred_user_id IS NOT NULL ORDER BY id
          """, in: $0.db)
      }
      #expect(
        newcomers == [
          "4 to 2 for 2", "5 to 1 for 2", "8 to 3 for 3", "9 to 2 for 3", "12 to 4 for 4",
        ]
      )
    }
  }

  @Test func keepsWhatWasToldOfTheStatementAndTheRest() throws {
    try migrated { database in
      let nothing = "a payment that credits nothing: it names no order of ours"
      let unknown = "Stars went back for a payment that is not known"
      let findings = try database.read {
        try Self.texts(
          """
          SELECT format('%s %s %d %s', id, finding, is_told, coalesce(reason, '-'))
          FROM star_statement ORDER BY rowid
          """, in: $0.db)
      }
      #expect(
        findings == [
          "old-1 unexplained 1 \(unknown)", "charge-1 agrees 1 -", "charge-3 agrees 1 -",
          "charge-3 agrees 1 -", "lost-1 credited 1 -", "strange-1 unexplained 1 \(nothing)",
          "resold-1 credited 1 -", "strange-4 unexplained 1 \(nothing)", "w-1 operator 1 -",
          "gift-1 unexplained 1 a gift: from: somebody", "charge-2 refunded 1 -",
          "resold-2 credited 1 -", "strange-2 unexplained 0 \(unknown)",
          "strange-3 unexplained 0 \(nothing)", "old-2 unexplained 0 \(nothing)",
          "charge-6 unexplained 0 we were told of 200 XTR for this payment",
        ])
      let unexplained = try database.read { try $0.starStatement.unexplained() }
      #expect(
        unexplained.map(\.id) == [
          "old-1", "old-2", "strange-1", "gift-1", "strange-2", "strange-3", "charge-6",
        ])
      let untold = try database.write { try $0.starStatement.takeUntold() }
      #expect(untold.ofBefore.map(\.id) == ["old-2"])
      #expect(untold.others.map(\.id) == ["strange-2", "strange-3", "charge-6"])
      #expect(untold.others.map(\.reason).first == unknown)
      let again = try database.write { try $0.starStatement.takeUntold() }
      #expect(again.ofBefore.isEmpty && again.others.isEmpty)
    }
  }

  @Test func keepsWhoWantedARefund() throws {
    try migrated { database in
      let requesters = try database.read { tx in
        try (1...6).map { try tx.refunds.refund(id: $0)?.requester }
      }
      #expect(
        requesters == [
          .administrator(7_319_264_508), .shell, .administrator(5), .telegram, .telegram, .telegram,
        ])
    }
  }

  /// What it says of the old file is what the old version said of it. But the house bears of an
  /// overrun what the charge does not pay for, where it was what was forgiven.
  @Test func provesTheLedgerAndReportsTheSame() throws {
    try migrated { database in
      let terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
      let sound = try database.write { tx in
        try tx.holds(terms).void("upd109:chat:1", loss: nil)
        return try tx.verification.verify()
      }
      #expect(sound == .init(users: 5, transactions: 37, settledCalls: 8))
      let report = try database.read {
        try $0.businessReports(terms).report(from: .distantPast, to: Self.later)
      }
      #expect(
        report.creditsSpent.micro == 930_000 && report.creditsSpentValue == NanoDollars(9_300_000))
      // Among them what an erased account had left, which the old version left out.
      #expect(report.creditsTakenBack.micro == 1_101_407_000)
      #expect(
        report.houseLosses == [
          .init(reason: .call(.undelivered), count: 2, amount: NanoDollars(8_240_000)),
          .init(reason: .call(.overrun), count: 1, amount: NanoDollars(2_970_000)),
          .init(reason: .call(.interrupted), count: 1, amount: NanoDollars(620_000)),
        ])
      let total = try database.read { try $0.usageSummaries.total(since: nil) }
      #expect(total.charged.micro == 930_000 && total.houseLoss == NanoDollars(11_830_000))
    }
  }

  @Test func givesAnAnswerOfBeforeBackOnce() throws {
    try migrated { database in
      let terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
      func refund(_ work: String) throws -> Int64? {
        try database.write { try $0.holds(terms).refund(work: work, because: "") }?.micro
      }
      #expect(try refund("upd106:chat") == 93_000)
      #expect(try refund("upd108:chat") == 465_000)
      #expect(try refund("upd108:chat") == 465_000)
      let report = try database.read { try $0.verification.verify() }
      #expect(report.transactions == 38)
      #expect(report.breaks == ["hold upd109:chat:1 is still pending after its deadline"])
    }
  }

  @Test func leavesTheJournalAppendOnlyAndTheTablesAsThoseOfANewFile() throws {
    try migrated { database in
      for edit in [
        "UPDATE credit_transactions SET hold_id = NULL WHERE id = 3",
        "DELETE FROM credit_transactions WHERE id = 3",
      ] {
        let error = #expect(throws: DatabaseError.self) {
          try database.write { try $0.db.execute(sql: edit) }
        }
        #expect(error?.message == "the journal is append-only: add a correcting row")
      }
      let schema = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name"
      let new = try LedgerDatabase.openForBot(path: path + ".new")
      defer { try? new.close() }
      #expect(
        try database.read { try Self.texts(schema, in: $0.db) }
          == new.read { try Self.texts(schema, in: $0.db) })
    }
  }

  @Test func changesNothingElse() throws {
    let look = { db in
      let columns = try Self.columns(in: db)
      return (columns, try Self.rows(of: columns, in: db))
    }
    try migrated(lookedAt: look) { database, old in
      let new = try database.read { try Self.rows(of: old.0, in: $0.db) }
      for (table, rows) in old.1 {
        // Newer tables count their ids, too.
        #expect(new[table]?.prefix(rows.count) == rows[...], "\(table)")
        #expect(new[table]?.count == rows.count || table == "sqlite_sequence", "\(table)")
      }
      #expect(old.1["credit_transactions"]?.count == 37 && old.1["sqlite_sequence"]?.count == 1)
    }
  }

  /// Those of each table but what was taken apart; of replies, see `OutboxMigrationTests`, and of
  /// `failed_redemptions`, `PeopleMigrationTests`.
  private static func columns(in db: Database) throws -> [String: [String]] {
    let tables = try texts("SELECT name FROM sqlite_schema WHERE type = 'table'", in: db)
      .filter { $0 != "grdb_migrations" && $0 != "failed_redemptions" }
    return try Dictionary(
      uniqueKeysWithValues: tables.map { table in
        let columns = try db.columns(in: table).map(\.name)
        let takenApart: Set = ["finding", "requested_by", "method", "payload"]
        return (table, columns.filter { !takenApart.contains($0) })
      })
  }

  private static func rows(
    of columns: [String: [String]], in db: Database
  ) throws -> [String: [Row]] {
    try columns.reduce(into: [:]) { rows, table in
      rows[table.key] = try Row.fetchAll(
        db, sql: "SELECT \(table.value.joined(separator: ", ")) FROM \(table.key) ORDER BY rowid")
    }
  }
}
