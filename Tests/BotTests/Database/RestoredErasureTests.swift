@testable import Bot
import Commands
import Foundation
import GRDB
@testable import Ledger
@testable import Messaging
import Sales
import Testing
import TestSupport

/// A backup from before an erasure brings nobody back.
@Suite("A restore after erasures")
struct RestoredErasureTests {
  private let rig: BotRig
  private var backup: String { rig.folder.appendingPathComponent("backup.sqlite").path }
  private var path: String { rig.folder.appendingPathComponent("test.sqlite").path }
  private var target: String { rig.folder.appendingPathComponent("new.sqlite").path }

  init() async throws {
    rig = try BotRig(administrators: [1])
    try await rig.say("/start")
    try await rig.say("/start", from: 43)
    try await rig.say("My canary is yellow")
    try await rig.say("/paysupport canary help")
    _ = try await rig.press("buy:Monthly")
    let order = try #require(try rig.orders().first).id
    let until = Int64(Date().timeIntervalSince1970) + 2_592_000
    _ = try await rig.pay(order, 380, charge: "month-1", until: until, isFirst: true)
  }

  private func backUp(to path: String? = nil) throws {
    _ = try DatabaseBackup(of: rig.database, at: self.path).write(
      to: path ?? backup, replacing: true, progress: { _, _ in })
  }

  /// Restores the backup in the place of a copy of the database as it is.
  private func restore() throws -> DatabaseRestore.Outcome {
    let erasure = AccountErasure(outbox: Outbox(channel: .telegram))
    return try DatabaseRestore(
      to: target, knownBy: LedgerDatabase.tablesOfBot,
      open: { try LedgerDatabase.openForBot(path: $0) },
      eraseAgain: { try erasure.eraseAgain($0, rig.settings.terms, in: $1) }
    ).restore(from: backup, at: Date(), progress: { _, _ in })
  }

  private func restored<Value>(_ body: (LedgerTransaction) throws -> Value) throws -> Value {
    try LedgerDatabase.look(at: target, body)
  }

  @Test func erasesAgainWhoHadErasedTheirAccount() async throws {
    try rig.leaveHold(for: try rig.work(), isSent: true)
    try backUp()
    try rig.database.write { tx in
      let hold = try #require(
        try String.fetchOne(tx.db, sql: "SELECT id FROM credit_holds WHERE state = 'pending'"))
      try tx.holds(rig.settings.terms).void(hold, loss: nil)
    }
    _ = try await rig.press("deletemydata:yes")
    try await rig.say("/start")
    try backUp(to: target)
    #expect(try restore().erasures == 1)

    try restored { tx in
      #expect(try tx.users.find(telegramUserID: 42) == nil)
      #expect(try tx.users.find(telegramUserID: 43)?.balance.micro == 100_000_000)
      #expect(try tx.verification.verify().breaks == [])
      let states = try String.fetchAll(
        tx.db, sql: "SELECT state FROM credit_holds ORDER BY created_at")
      #expect(states == ["settled", "voided"])
      let words = try Int.fetchOne(
        tx.db,
        sql: """
          SELECT (SELECT count(*) FROM conversation_messages WHERE text LIKE '%canary%')
            + (SELECT count(*) FROM inbox WHERE state <> 'pending' AND payload LIKE '%canary%')
            + (SELECT count(*) FROM outbox WHERE text LIKE '%canary%')
            + (SELECT count(*) FROM support_requests WHERE telegram_user_id IS NOT NULL)
          """)
      #expect(words == 0)
      let purposes = try String.fetchAll(
        tx.db, sql: "SELECT purpose FROM outbox WHERE state = 'queued' AND purpose IS NOT NULL")
      #expect(purposes.map { $0.split(separator: ":").first } == ["cancellation"])
      let known = try Int.fetchOne(tx.db, sql: "SELECT count(*) FROM erased_people")
      #expect(known == 1)
    }
    let file = try Data(contentsOf: URL(fileURLWithPath: target))
    #expect(file.range(of: Data("canary".utf8)) == nil)
  }

  @Test func knowsWhoCameAndWentAfterTheBackup() async throws {
    try backUp()
    try await rig.say("/start", from: 44)
    _ = try await rig.press("deletemydata:yes", from: 44)
    try backUp(to: target)
    #expect(try restore().erasures == 0)
    let people = try restored {
      try Int64.fetchAll($0.db, sql: "SELECT telegram_user_id FROM erased_people")
    }
    #expect(people == [44])
    #expect(try restored { try $0.users.find(telegramUserID: 42) } != nil)
  }

  @Test func saysWhereNoNewerDatabaseKnows() async throws {
    try backUp(to: target)
    try await rig.say("/start", from: 44)
    try backUp()
    #expect(try restore().erasures == nil)
    try FileManager.default.removeItem(atPath: target)
    #expect(try restore().erasures == nil)
    try Data(repeating: 7, count: 9_000).write(to: URL(fileURLWithPath: target))
    #expect(try restore().erasures == nil)
  }

  /// An administrator may still answer a request that the backup lacks.
  @Test func givesNoIDAgainThatWasGivenAfterTheBackup() async throws {
    try backUp()
    for _ in 1...2 { try await rig.say("/paysupport More", from: 43) }
    try backUp(to: target)
    _ = try restore()
    let last = try restored {
      try Int.fetchOne(
        $0.db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'support_requests'")
    }
    #expect(last == 3)
    #expect(
      try restored { try Int.fetchOne($0.db, sql: "SELECT count(*) FROM support_requests") } == 1)
  }

  /// As on a new machine, where the bot was started before the restore.
  @Test func learnsNothingFromADatabaseThatWasBegunAnew() async throws {
    try backUp()
    let other = try BotRig()
    try await other.say("/start", from: 44)
    _ = try await other.press("deletemydata:yes", from: 44)
    _ = try DatabaseBackup(
      of: other.database, at: other.folder.appendingPathComponent("test.sqlite").path
    ).write(to: target, replacing: true, progress: { _, _ in })
    #expect(try restore().erasures == nil)
    #expect(try restored { try $0.users.find(telegramUserID: 42) } != nil)
  }

  /// Another file of another bot, perhaps: its rows are other people's.
  @Test func takesNoRowOfAnotherAccountForTheSame() async throws {
    try backUp()
    _ = try await rig.press("deletemydata:yes")
    try rig.execute("UPDATE users SET created_at = '2031-01-01 00:00:00.000' WHERE id = 1")
    try backUp(to: target)
    #expect(try restore().erasures == 0)
    #expect(try restored { try $0.users.find(telegramUserID: 42) } != nil)
  }
}
