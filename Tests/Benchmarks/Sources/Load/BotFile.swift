import Foundation
package import GRDB

/// The bot's database, seen from outside.
package struct BotFile {
  package let queue: DatabaseQueue

  package init(path: String) throws {
    var configuration = Configuration()
    configuration.busyMode = .timeout(30)
    queue = try DatabaseQueue(path: path, configuration: configuration)
  }

  package func number(_ sql: String) throws -> Int {
    try queue.read { try Int.fetchOne($0, sql: sql) } ?? 0
  }

  package func texts(_ sql: String) throws -> [String] {
    try queue.read { try String.fetchAll($0, sql: sql) }
  }

  /// How many updates are yet to be handled, and how many replies to be sent.
  package var unfinished: Int {
    get throws {
      try number(
        """
        SELECT (SELECT count(*) FROM inbox WHERE state = 'pending')
          + (SELECT count(*) FROM outbox WHERE state = 'queued')
        """)
    }
  }
}

package struct TakesTooLong: Error {
  package var what: String

  package init(_ what: String) {
    self.what = what
  }
}

/// Whether it becomes true within that time.
@MainActor
package func isSoon(
  within limit: Duration, _ condition: () throws -> Bool
) async throws -> Bool {
  let end = ContinuousClock.now + limit
  while ContinuousClock.now < end {
    if try condition() { return true }
    try await Task.sleep(for: .milliseconds(20))
  }
  return false
}

/// The exit status of `aidevbot ledger verify`.
package func verify(_ executable: String, _ database: String) throws -> Int32 {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: executable)
  process.arguments = ["ledger", "verify"]
  process.environment = ["DATABASE_PATH": database]
  try process.run()
  process.waitUntilExit()
  return process.terminationStatus
}
