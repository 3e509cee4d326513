package import GRDB
package import Ledger
package import Logging
import TelegramBotAPI

extension DatabaseError {
  /// Whether the same write may succeed later: the disk is full or failing, or another process
  /// holds the file.
  package var isTransient: Bool {
    switch resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_NOMEM,
      .SQLITE_CANTOPEN, .SQLITE_READONLY:
      true
    default: false
    }
  }
}

/// Failures in a row, and how long to wait after each: 1, 2, 4 … 30 seconds, with jitter.
package struct Retries: Sendable {
  private var failures = 0

  package init() {}

  package mutating func delay() -> Duration {
    failures += 1
    return Backoff().delay(afterFailures: failures, jitter: .random(in: 0...1))
  }
}

/// Writes what must not be lost: it tries again until a fault that may pass has passed.
package struct PatientWriter: Sendable {
  package let database: LedgerDatabase
  package let commits: GroupCommit
  package let sleep: @Sendable (Duration) async -> Void
  package let logger: Logger

  package init(
    database: LedgerDatabase, logger: Logger, sleep: @escaping @Sendable (Duration) async -> Void
  ) {
    self.database = database
    commits = GroupCommit(database)
    self.logger = logger
    self.sleep = sleep
  }

  /// - Throws: What `body` throws, and errors of the database that no waiting mends.
  package func write<Value: Sendable>(
    for what: String, _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    var retries = Retries()
    while true {
      do {
        return try await commits.write(body)
      } catch let error as DatabaseError where error.isTransient {
        let delay = retries.delay()
        logger.error(
          "The database cannot be written; trying again. Check the disk's free space.",
          metadata: ["what": "\(what)", "sqlite": "\(error.resultCode)", "wait": "\(delay)"])
        await sleep(delay)
      }
    }
  }
}
