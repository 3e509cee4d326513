package import Foundation
package import GRDB
package import Ledger
import Logging
import TelegramBotAPI

extension DatabaseError {
  /// Whether the same may succeed later: the disk is full or failing, or another process holds the
  /// file.
  var isTransient: Bool {
    switch resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL, .SQLITE_FULL, .SQLITE_IOERR,
      .SQLITE_NOMEM, .SQLITE_CANTOPEN, .SQLITE_READONLY:
      true
    default: false
    }
  }

  /// Whether the disk alone may be at fault: SQLite takes one that refuses to read for a damaged
  /// file (SQLITE_IOERR_CORRUPTFS).
  package var mayPass: Bool { isTransient || resultCode == .SQLITE_CORRUPT }

  /// Whether it is worth waiting, after so many waits. Real damage stays, so patience with it has
  /// an end, after one and a half to three minutes.
  fileprivate func mayPass(after waits: Int, endlessly: Bool) -> Bool {
    isTransient || mayPass && (endlessly || waits < 10)
  }
}

/// Failures in a row, and how long to wait after each: 1, 2, 4 … 30 seconds, with jitter.
package struct Retries: Sendable {
  fileprivate private(set) var failures = 0

  package init() {}

  package mutating func delay() -> Duration {
    failures += 1
    return Backoff().delay(afterFailures: failures, jitter: .random(in: 0...1))
  }
}

/// The one way to write: with patience, once together with others, or at once. What is logged in a
/// transaction goes to the logger of whoever asked for it.
package struct LedgerWriter: Sendable {
  package let database: LedgerDatabase
  package let sleep: @Sendable (Duration) async -> Void
  private let commits: GroupCommit

  package init(database: LedgerDatabase, sleep: @escaping @Sendable (Duration) async -> Void) {
    self.database = database
    self.sleep = sleep
    commits = GroupCommit(database)
  }

  /// By the database's clock.
  package var now: Date { database.now }

  /// Writes what must not be lost: shares a transaction with others, and tries again until a fault
  /// that may pass has passed, or its task is cancelled, which waits for nothing.
  ///
  /// - Parameter endlessly: For what nobody does later: waits for a file that looks damaged as for
  ///   any other fault.
  /// - Throws: What `body` throws, and errors of the database that no waiting mends.
  package func write<Value: Sendable>(
    for what: String, endlessly: Bool = false,
    _ body: @escaping @Sendable (LedgerTransaction) throws -> Value
  ) async throws -> Value {
    var retries = Retries()
    while true {
      do {
        return try await writeOnce(body)
      } catch let error as DatabaseError
        where error.mayPass(after: retries.failures, endlessly: endlessly) && !Task.isCancelled
      {
        await wait(after: error, doing: what, &retries)
      }
    }
  }

  /// Writes what somebody else asks for again, or can do without: shares a transaction with others.
  ///
  /// - Throws: What `body` throws, and errors of the database.
  package func writeOnce<Value: Sendable>(
    _ body: @escaping @Sendable (LedgerTransaction) throws -> Value
  ) async throws -> Value {
    let logger = Logger.current
    return try await commits.write { tx in try withLogger(logger) { _ in try body(tx) } }
  }

  /// Writes in a transaction of its own, and has ended when it returns.
  ///
  /// - Throws: What `body` throws, and errors of the database.
  package func writeAtOnce<Value: Sendable>(
    _ body: (LedgerTransaction) throws -> Value
  ) throws -> Value {
    let logger = Logger.current
    return try database.write { tx in try withLogger(logger) { _ in try body(tx) } }
  }

  /// Reads, with the patience of `write(for:)`, what must be known to go on.
  ///
  /// - Throws: As `write(for:)` does.
  package func read<Value: Sendable>(
    for what: String, endlessly: Bool = false, _ body: (LedgerTransaction) throws -> Value
  ) async throws -> Value {
    var retries = Retries()
    while true {
      do {
        return try read(body)
      } catch let error as DatabaseError
        where error.mayPass(after: retries.failures, endlessly: endlessly) && !Task.isCancelled
      {
        await wait(after: error, doing: what, &retries)
      }
    }
  }

  /// Reads one consistent state.
  ///
  /// - Throws: What `body` throws, and errors of the database.
  package func read<Value: Sendable>(
    _ body: (LedgerTransaction) throws -> Value
  ) throws -> Value {
    let logger = Logger.current
    return try database.read { tx in try withLogger(logger) { _ in try body(tx) } }
  }

  /// Takes erased words out of SQLite's log, or leaves that to housekeeping.
  package func truncateLog() {
    do {
      try database.truncateLog()
    } catch {
      complain(of: error, doing: "emptying SQLite's log", wait: .seconds(60))
    }
  }

  /// Says what is wrong, and waits.
  package func wait(
    after error: any Error, doing what: String, _ retries: inout Retries
  ) async {
    let delay = retries.delay()
    complain(of: error, doing: what, wait: delay)
    await sleep(delay)
  }

  package func complain(of error: any Error, doing what: String, wait: Duration) {
    let reason = error.advice
    Logger.current.error(
      "The database does not work; trying again.",
      metadata: ["reason": "\(reason)", "what": "\(what)", "wait": "\(wait)"])
  }
}
