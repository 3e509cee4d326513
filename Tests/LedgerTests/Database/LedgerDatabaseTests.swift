import Foundation
import GRDB
@testable import Ledger
import Testing

@Suite("LedgerDatabase")
struct LedgerDatabaseTests {
  @Test(arguments: [
    ("secure_delete", "1"), ("synchronous", "2"), ("journal_mode", "wal"), ("foreign_keys", "1"),
  ])
  func keepsWhatIsCommittedThroughALossOfPower(pragma: String, value: String) throws {
    let file = try LedgerFile()
    let found = try file.write { try String.fetchOne($0.db, sql: "PRAGMA \(pragma)") }
    #expect(found == value)
  }

  @Test func letsNobodyElseReadTheFile() throws {
    let file = try LedgerFile()
    _ = try file.user()
    for name in try FileManager.default.contentsOfDirectory(atPath: file.folder.path) {
      let path = file.folder.appendingPathComponent(name).path
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o600, "\(name)")
    }
  }

  @Test func findsEverythingAgainWhenItIsOpenedAnew() throws {
    let file = try LedgerFile()
    let user = try file.user()
    let again = try LedgerDatabase(path: file.path)
    #expect(try again.read { try $0.users.account(id: user.id) } == user)
    try again.close()
  }

  @Test func saysWhyAFileCannotBeOpened() throws {
    let folder = FileManager.default.temporaryDirectory.path
    #expect {
      _ = try LedgerDatabase(path: folder)
    } throws: { error in
      String(describing: error).contains("the database \(folder) cannot be opened")
    }
  }

  @Test func refusesAHeldAmountAboveTheBalance() throws {
    let file = try LedgerFile()
    _ = try file.user(credits: "1")
    #expect(throws: DatabaseError.self) {
      try file.write { try $0.db.execute(sql: "UPDATE users SET credit_held_micro = 1000001") }
    }
  }

  private static func size(of path: String) throws -> Int {
    try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
  }

  /// Litestream misses what is checkpointed beside it.
  @Test func leavesTheLogToLitestreamWhereThatCopiesIt() throws {
    let file = try LedgerFile()
    let limits = { (isReplicated: Bool) in
      let database = try LedgerDatabase(path: file.path, isReplicated: isReplicated)
      defer { try? database.close() }
      return try database.write { try Int.fetchOne($0.db, sql: "PRAGMA wal_autocheckpoint") }
    }
    #expect(try limits(false) == 1_000)
    #expect(try limits(true) == 0)
    // Its folder tells that it does, whoever opens the file.
    try FileManager.default.createDirectory(
      at: file.folder.appendingPathComponent(".test.sqlite-litestream"),
      withIntermediateDirectories: false)
    #expect(try limits(false) == 0)
  }

  @Test func theLogShrinksAgainOnceAStuckReaderIsGone() throws {
    let file = try LedgerFile()
    let log = file.path + "-wal"
    try file.write { try $0.db.execute(sql: "CREATE TABLE filler (bytes BLOB)") }
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let stuck = try DatabaseQueue(path: file.path, configuration: configuration)
    try stuck.inDatabase { try $0.execute(sql: "BEGIN; SELECT count(*) FROM filler") }
    for _ in 0..<12 {
      try file.write { try $0.db.execute(sql: "INSERT INTO filler VALUES (zeroblob(1048576))") }
    }
    #expect(try Self.size(of: log) > 12 << 20)
    try stuck.inDatabase { try $0.execute(sql: "ROLLBACK") }
    // One write lets the checkpoint come to its end, the next one begins the log anew.
    for _ in 0..<3 {
      try file.write { try $0.db.execute(sql: "INSERT INTO filler VALUES (zeroblob(16))") }
    }
    #expect(try Self.size(of: log) <= 4 << 20)
  }
}
