package import Foundation
package import GRDB
package import Ledger
package import Logging
import TelegramBotAPI

extension DatabaseError {
  /// Whether the same may succeed later: the disk is full or failing, or another process holds the
  /// file.
  package var isTransient: Bool {
    switch resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL, .SQLITE_FULL, .SQLITE_IOERR,
      .SQLITE_NOMEM, .SQLITE_CANTOPEN, .SQLITE_READONLY:
      true
    default: false
    }
  }

  /// Whether it is worth waiting, after so many waits. SQLite takes a disk that refuses to read for
  /// a damaged file (SQLITE_IOERR_CORRUPTFS); real damage stays, so patience with it has an end.
  fileprivate func mayPass(after waits: Int) -> Bool {
    isTransient || resultCode == .SQLITE_CORRUPT && waits < 5
  }
}

/// Failures in a row, and how long to wait after each: 1, 2, 4 … 30 seconds, with jitter.
package struct Retries: Sendable {
  package private(set) var failures = 0

  package init() {}

  package mutating func delay() -> Duration {
    failures += 1
    return Backoff().delay(afterFailures: failures, jitter: .random(in: 0...1))
  }
}

/// Writes what must not be lost: it tries again until a fault that may pass has passed, or its task
/// is cancelled, which waits for nothing.
package struct LedgerWriter: Sendable {
  package let database: LedgerDatabase
  package let commits: GroupCommit
  package let sleep: @Sendable (Duration) async -> Void
  package private(set) var logger: Logger

  /// By the database's clock.
  package var now: Date { database.now }

  package init(
    database: LedgerDatabase, logger: Logger, sleep: @escaping @Sendable (Duration) async -> Void
  ) {
    self.database = database
    commits = GroupCommit(database)
    self.logger = logger
    self.sleep = sleep
  }

  /// The same, whose complaints name the update that they concern.
  package func concerning(update id: Int64) -> LedgerWriter {
    var writer = self
    writer.logger = logger.concerning(update: id)
    return writer
  }

  /// - Throws: What `body` throws, and errors of the database that no waiting mends.
  package func write<Value: Sendable>(
    for what: String, _ body: @escaping @Sendable (LedgerTransaction) throws -> Value
  ) async throws -> Value {
    var retries = Retries()
    while true {
      do {
        return try await commits.write(body)
      } catch let error as DatabaseError
        where error.mayPass(after: retries.failures) && !Task.isCancelled
      {
        await wait(after: error, doing: what, &retries)
      }
    }
  }

  /// Reads with the same patience, what must be known to go on.
  ///
  /// - Throws: As `write` does.
  package func read<Value>(for what: String, _ body: (LedgerTransaction) throws -> Value)
    async throws
    -> Value
  {
    var retries = Retries()
    while true {
      do {
        return try database.read(body)
      } catch let error as DatabaseError
        where error.mayPass(after: retries.failures) && !Task.isCancelled
      {
        await wait(after: error, doing: what, &retries)
      }
    }
  }

  /// Says what is wrong, and waits.
  package func wait(after error: any Error, doing what: String, _ retries: inout Retries) async {
    let delay = retries.delay()
    complain(of: error, doing: what, wait: delay)
    await sleep(delay)
  }

  package func complain(of error: any Error, doing what: String, wait: Duration) {
    let reason = (error as? DatabaseError)?.advice ?? String(describing: error)
    logger.error(
      "The database does not work; trying again.",
      metadata: ["reason": "\(reason)", "what": "\(what)", "wait": "\(wait)"])
  }
}
