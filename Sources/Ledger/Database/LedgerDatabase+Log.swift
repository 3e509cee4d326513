import Foundation
import GRDB
import Synchronization

/// Whether SQLite's write-ahead log may still hold words that were erased.
final class LogState: Sendable {
  /// A process that was killed has left its log as it was.
  private let mayHoldErasedWords = Mutex(true)

  var isDue: Bool {
    get { mayHoldErasedWords.withLock { $0 } }
    set { mayHoldErasedWords.withLock { $0 = newValue } }
  }
}

extension LedgerDatabase {
  /// How long a reader may hold the log up, in milliseconds: nobody else writes meanwhile.
  private static let patience = 100

  /// Whether the log is to be truncated, because an erasure could not or an earlier life of the
  /// process did not.
  package var mayLogHoldErasedWords: Bool { log.isDue }

  /// Empties the write-ahead log into the file, so that it keeps nothing that was overwritten
  /// there. Where Litestream copies it, it is left alone: Litestream has its own order to empty it
  /// in, and would begin a new copy. Where a reader holds it, it is tried again later.
  ///
  /// - Throws: `DatabaseError`.
  package func truncateLog() throws {
    log.isDue = true
    guard !Self.isReplicated(pool.path) else { return log.isDue = false }
    let isBusy = try pool.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA busy_timeout = \(Self.patience)")
      let isBusy = Result { try Int.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
      try db.execute(sql: "PRAGMA busy_timeout = \(Int(Self.busyTimeout * 1_000))")
      return try isBusy.get()
    }
    log.isDue = isBusy != 0
  }

  /// Litestream keeps a folder of its own beside the database.
  static func isReplicated(_ path: String) -> Bool {
    let file = URL(fileURLWithPath: path)
    return [file, file.resolvingSymlinksInPath()].contains { file in
      let folder = file.deletingLastPathComponent()
        .appendingPathComponent(".\(file.lastPathComponent)-litestream")
      return FileManager.default.fileExists(atPath: folder.path)
    }
  }
}
