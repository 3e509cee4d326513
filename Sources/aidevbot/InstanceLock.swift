import Foundation
import Glibc

/// Keeps a second process of the same kind from one database: two daemons would take each other's
/// updates. The kernel gives the lock back when the process ends, however it ends.
enum InstanceLock {
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

  /// Runs `body` while it holds the lock.
  ///
  /// - Throws: `Taken`, `NotMade`, and what `body` throws.
  static func hold<Value>(
    _ path: String, while body: () async throws -> Value
  ) async throws -> Value {
    let file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw NotMade(path: path, code: errno) }
    defer { close(file) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else { throw Taken(path: path) }
    return try await body()
  }
}
