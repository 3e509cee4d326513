import Foundation
import GRDB
import Ledger
@testable import Messaging
import Testing
import TestSupport

@Suite("LedgerWriter")
struct LedgerWriterTests {
  let rig: BotRig

  init() throws {
    rig = try BotRig()
    // The product waits ten seconds for another process; a test does not.
    try rig.execute("PRAGMA busy_timeout = 1")
  }

  @Test func writesOnceTheDatabaseIsFree() async throws {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(
      path: rig.folder.appendingPathComponent("test.sqlite").path, configuration: configuration)
    try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    let waits = Watched<[Duration]>([])
    let writer = LedgerWriter(database: rig.database) { duration in
      let count = waits.change { waits in
        waits.append(duration)
        return waits.count
      }
      guard count == 3 else { return }
      try? await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
    }
    let written = try await writer.write(for: "a test") { tx in
      try tx.db.execute(sql: "INSERT INTO poll_offset (only, next_offset) VALUES (1, 7)")
      return tx.db.changesCount
    }
    #expect(written == 1)
    #expect(waits.value.count == 3)
    // 1, 2 and 4 seconds, each less at most half of it.
    for (wait, step) in zip(waits.value, [1.0, 2, 4]) {
      #expect(.seconds(step / 2)...Duration.seconds(step) ~= wait)
    }
    #expect(try rig.count("poll_offset") == 1)
  }

  @Test func readsOnceTheFileIsThere() async throws {
    let file = rig.folder.appendingPathComponent("read.sqlite")
    let elsewhere = rig.folder.appendingPathComponent("elsewhere.sqlite")
    let database = try LedgerDatabase(path: file.path)
    // The first read opens the file once more.
    try FileManager.default.moveItem(at: file, to: elsewhere)
    let waits = Watched(0)
    let writer = LedgerWriter(database: database) { _ in
      let count = waits.change { count in
        count += 1
        return count
      }
      guard count == 2 else { return }
      try? FileManager.default.moveItem(at: elsewhere, to: file)
    }
    let found = try await writer.read(for: "a test") { try Int.fetchOne($0.db, sql: "SELECT 7") }
    #expect(found == 7)
    #expect(waits.value == 2)
    try database.close()
  }

  /// It may be the disk that cannot be read.
  @Test func waitsForDamageToPassButNotForEver() async throws {
    await #expect(throws: DatabaseError.self) {
      try await rig.writer.write(for: "a test") { _ in
        throw DatabaseError(resultCode: .SQLITE_CORRUPT)
      }
    }
    #expect(rig.waits.value.count == 10)
    #expect((.seconds(90)...(.seconds(181))).contains(rig.waits.value.reduce(.zero, +)))
  }

  @Test func waitsForDamageToPassWithoutEndForWhatNobodyDoesLater() async throws {
    let waits = rig.waits
    let read = try await rig.writer.read(for: "a test", endlessly: true) { _ in
      guard waits.value.count == 50 else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
      return 50
    }
    let written = try await rig.writer.write(for: "a test", endlessly: true) { _ in
      guard waits.value.count == 100 else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
      return 100
    }
    #expect(read == 50)
    #expect(written == 100)
  }

  @Test func triesNothingAgainThatNoWaitingMends() async throws {
    await #expect(throws: DatabaseError.self) {
      try await rig.writer.write(for: "a test") { try $0.db.execute(sql: "no SQL") }
    }
    await #expect(throws: Inbox.AlreadyFinished.self) {
      try await rig.writer.write(for: "a test") { _ in throw Inbox.AlreadyFinished() }
    }
    #expect(rig.waits.value.isEmpty)
  }

  @Test(arguments: [
    (ResultCode.SQLITE_BUSY, true), (.SQLITE_FULL, true), (.SQLITE_IOERR, true),
    (.SQLITE_READONLY, true), (.SQLITE_BUSY_SNAPSHOT, true), (.SQLITE_PROTOCOL, true),
    (.SQLITE_CONSTRAINT, false),
    (.SQLITE_CORRUPT, false), (.SQLITE_ERROR, false),
  ])
  func knowsWhatMayPass(code: ResultCode, isTransient: Bool) {
    #expect(DatabaseError(resultCode: code).isTransient == isTransient)
  }
}
