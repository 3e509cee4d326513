import Foundation
import Glibc
import Ledger

/// Keeps a second process of the same kind from one database: two daemons would take each other's
/// updates. The kernel gives the lock back when the process ends, however it ends.
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

  /// Runs `body` while it holds the lock, a file beside the database.
  ///
  /// - Throws: `LedgerDatabase.OpeningFailed` where its folder cannot be made, `Taken`, `NotMade`,
  ///   and what `body` throws.
  func hold<Value>(
    ofDatabase database: String, while body: () async throws -> Value
  ) async throws -> Value {
    try LedgerDatabase.createFolder(ofFile: database)
    let path = database + rawValue
    let file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw NotMade(path: path, code: errno) }
    defer { close(file) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else { throw Taken(path: path) }
    return try await body()
  }
}
