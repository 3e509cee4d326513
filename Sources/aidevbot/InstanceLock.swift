import Foundation
import Glibc
import Ledger

/// Keeps a second process of the same kind from one database: two daemons would take each other's
/// updates. The kernel gives the lock back when the process ends, however it ends.
///
/// It is a file beside the database, which has one name alone (`DatabasePlace`): a lock on the
/// database itself would end SQLite's own locks when it is closed.
///
/// It comes before the database: the file that a restore is about to replace is not the one to
/// open.
enum InstanceLock: String {
  case bot = ".lock"
  case console = ".console.lock"

  struct Taken: Error, CustomStringConvertible {
    var path: String
    var description: String {
      "Another aidevbot works on this database already (it holds \(path)); stop that one first."
    }
  }

  struct NotMade: Error, CustomStringConvertible {
    var path: String
    var code: Int32
    var description: String {
      "The file \(path) cannot be made: \(String(cString: strerror(code)))."
    }
  }

  struct HeldByOlderVersion: Error, CustomStringConvertible {
    var path: String
    var description: String {
      "The database \(path) is of an older version, and is not brought up to date while a bot "
        + "works on it. Restart the bot, which does it: sudo systemctl restart aidevbot"
    }
  }

  /// Brings a database up to date that an older version has written, unless a bot works on it: that
  /// one would be of the older version as well.
  ///
  /// - Throws: `HeldByOlderVersion`, `NotMade`, and what `update` throws.
  static func guardUpdate(ofDatabase database: String, _ update: () throws -> Void) throws {
    let file = try openFile(database + bot.rawValue)
    defer { close(file) }
    guard flock(file, LOCK_SH | LOCK_NB) == 0 else { throw HeldByOlderVersion(path: database) }
    try update()
  }

  private static func openFile(_ path: String) throws -> Int32 {
    let file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw NotMade(path: path, code: errno) }
    return file
  }

  /// Runs `body` while it holds the lock, a file beside the database.
  ///
  /// - Throws: `LedgerDatabase.OpeningFailed` if its folder cannot be made, `Taken`, `NotMade`,
  ///   and what `body` throws.
  func hold<Value>(
    ofDatabase database: String, while body: () async throws -> Value
  ) async throws -> Value {
    try LedgerDatabase.createFolder(ofFile: database)
    let path = database + rawValue
    let file = try Self.openFile(path)
    defer { close(file) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else { throw Taken(path: path) }
    return try await body()
  }
}
