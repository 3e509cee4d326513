import Foundation
import GRDB

/// A copy of a database that nobody else knows of yet: one file, without a `-wal`.
struct DatabaseCopy {
  typealias Progress = (_ donePages: Int, _ allPages: Int) -> Void

  let path: String

  /// 1 MiB at a page size of 4 KiB: often enough for a progress bar.
  private static let pagesPerStep: CInt = 256

  /// Copies one state of the source, whatever is written to it meanwhile.
  init(of source: Database, at path: String, progress: @escaping Progress) throws {
    self.path = path
    try DatabaseFiles.makeEmpty(path)
    // From here on the snapshot stands: otherwise each write of another process would make the copy
    // begin anew.
    _ = try Int.fetchOne(source, sql: "SELECT count(*) FROM sqlite_schema")
    let destination = try DatabaseQueue(path: path)
    try destination.writeWithoutTransaction { db in
      // Nobody misses an unfinished copy, so it needs no journal; it is synchronized at the end.
      try db.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
      try source.backup(to: db, pagesPerStep: Self.pagesPerStep) { step in
        progress(step.completedPageCount, step.totalPageCount)
      }
    }
    try destination.close()
    try makeOneFile()
  }

  /// The header of the copy asks for a write-ahead log, as the source has one.
  func makeOneFile() throws {
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
    try queue.close()
  }

  /// - Throws: `BackupError.broken`.
  func checkIntegrity() throws {
    let rows = try read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
    guard rows != ["ok"] else { return }
    // A row has several lines, some of them a heading.
    let breaks = rows.flatMap { $0.split(separator: "\n") }.filter { !$0.hasPrefix("***") }
    throw BackupError.broken(path: path, breaks: breaks.map(String.init))
  }

  /// As `ledger verify`, but a call that was under way is none the worse for being long ago: the
  /// next start of the bot ends it.
  ///
  /// - Throws: `BackupError.broken`.
  func checkLedger() throws -> LedgerVerification.Report {
    let report = try read { db in
      try db.execute(sql: LedgerVerification.keepingPages)
      return try LedgerTransaction(db: db, now: .distantPast).verification.verify()
    }
    guard report.isSound else { throw BackupError.broken(path: path, breaks: report.breaks) }
    return report
  }

  private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    var configuration = Configuration()
    configuration.readonly = true
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    defer { try? queue.close() }
    return try queue.read(body)
  }
}
