package import Foundation
import Glibc
import GRDB

/// Puts a backup in the place of the database. What it replaces is kept, and at each moment there
/// is one whole database in that place, or the old one. Whoever restores has seen to it that no bot
/// works on the database.
package struct DatabaseRestore {
  package typealias Progress = (_ donePages: Int, _ allPages: Int) -> Void

  /// What was restored, and where the old database is now.
  package struct Outcome: Sendable, Equatable {
    package var report: LedgerVerification.Report
    package var replaced: String?
    /// How many people have erased their account since the backup, which was done again; `nil` if
    /// there was no newer database that knows.
    package var erasures: Int?
  }

  private let path: String
  private let tables: [String]
  private let open: (String) throws -> LedgerDatabase
  private let eraseAgain: (UserAccount, LedgerTransaction) throws -> Void

  /// - Parameters:
  ///   - path: Where the database is, or is to be.
  ///   - tables: Those by which a backup is known, of whatever version.
  ///   - open: Opens a database and brings its tables up to date.
  ///   - eraseAgain: Erases an account that its owner had erased in the database that is replaced.
  package init(
    to path: String, knownBy tables: [String], open: @escaping (String) throws -> LedgerDatabase,
    eraseAgain: @escaping (UserAccount, LedgerTransaction) throws -> Void
  ) {
    self.path = path
    self.tables = tables
    self.open = open
    self.eraseAgain = eraseAgain
  }

  /// - Throws: `BackupError`, `DatabaseError`, what `open` throws.
  package func restore(
    from backup: String, at now: Date, unfinished: UnfinishedFile = UnfinishedFile(),
    progress: @escaping Progress, begun: (DatabaseBackup.Phase) -> Void = { _ in }
  ) throws -> Outcome {
    guard !DatabaseFiles.areSame(backup, path) else { throw BackupError.ownDatabase(path: backup) }
    let restored = path + ".restoring"
    DatabaseFiles.remove(restored)
    unfinished.begin(restored)
    defer { unfinished.end() }
    let copy = try copy(of: backup, at: restored, progress)
    do {
      begun(.checkingFile)
      try copy.checkIntegrity()
      let erasures = try bringUpToDate(restored)
      try copy.makeOneFile()
      begun(.checkingLedger)
      let report = try copy.checkLedger()
      begun(.savingFile)
      try DatabaseFiles.synchronize(restored)
      var replaced: String?
      try unfinished.finish { replaced = try putInPlace(restored, at: now) }
      return Outcome(report: report, replaced: replaced, erasures: erasures)
    } catch BackupError.broken(_, let breaks) {
      throw BackupError.broken(path: backup, breaks: breaks)
    } catch is LedgerDatabase.FromNewerVersion {
      throw LedgerDatabase.FromNewerVersion(path: backup)
    }
  }

  /// Its tables, who is in them, and what is being built for them.
  private func bringUpToDate(_ restored: String) throws -> Int? {
    let database = try open(restored)
    let erasures = Result {
      try database.write { tx in
        try Self.pauseBuilds(in: tx)
        let replaced = try ReplacedErasures(at: path, knownBy: tables, asSeenFrom: tx)
        return try replaced?.doAgain(in: tx, eraseAgain)
      }
    }
    try database.close()
    return try erasures.get()
  }

  /// Nobody knows what became of a build since the backup: its owner says whether it goes on. The
  /// buttons of before say nothing any more, nor do those since the backup: no build has had that
  /// many versions.
  private static func pauseBuilds(in tx: LedgerTransaction) throws {
    try tx.db.execute(
      sql: """
        UPDATE builds SET version = version + 1000000, updated_at = :now
        WHERE state NOT IN ('delivered', 'stopped');
        UPDATE projects SET status = 'paused', updated_at = :now WHERE status <> 'done' AND id IN (
          SELECT project_id FROM builds WHERE \(goesOn));
        UPDATE builds SET state = 'paused', pause_reason = 'restored' WHERE \(goesOn);
        """, arguments: ["now": tx.now.databaseText])
  }

  private static let goesOn = """
    (state IN ('running', 'pausing', 'delivering') OR (state = 'asking' AND awaits_words = 0))
    """

  private func copy(
    of backup: String, at restored: String, _ progress: @escaping Progress
  ) throws -> DatabaseCopy {
    if let reason = DatabaseFiles.whyNoDatabase(backup) {
      throw BackupError.noBackup(path: backup, reason: reason)
    }
    // A reader of a file that asks for a write-ahead log leaves these; the backup stays as it was.
    let added = ["-wal", "-shm"].filter { !DatabaseFiles.exists(backup + $0) }
    defer { for name in added { unlink(backup + name) } }
    do {
      var configuration = Configuration()
      configuration.readonly = true
      let source = try DatabaseQueue(path: backup, configuration: configuration)
      defer { try? source.close() }
      return try source.read { db in
        guard try tables.allSatisfy({ try db.tableExists($0) }) else {
          throw BackupError.noBackup(path: backup, reason: "it lacks the bot's tables")
        }
        return try DatabaseCopy(of: db, at: restored, progress: progress)
      }
    } catch let error as DatabaseError where error.resultCode != .SQLITE_FULL {
      throw BackupError.noBackup(path: backup, reason: error.advice)
    }
  }
}

// MARK: - The swap

extension DatabaseRestore {
  private func putInPlace(_ restored: String, at now: Date) throws -> String? {
    let folder = DatabaseFiles.folder(of: path)
    let old = try closedForOthers()
    defer { try? old?.close() }
    let replaced = try setAside(at: now)
    try DatabaseFiles.synchronize(folder)
    try DatabaseFiles.rename(restored, to: path)
    try DatabaseFiles.synchronize(folder)
    return replaced
  }

  /// Brings what is in the `-wal` of the old database into its file, and keeps everybody else from
  /// opening it until it is closed. `nil` if there is none, or if it is damaged.
  ///
  /// - Throws: `BackupError.inUse` if another program has it open.
  private func closedForOthers() throws -> DatabaseQueue? {
    // Of what is no database, SQLite would throw the log away.
    guard DatabaseFiles.isDatabase(path) else { return nil }
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    do {
      let old = try DatabaseQueue(path: path, configuration: configuration)
      try old.writeWithoutTransaction { db in
        // Only the last that has it open can leave the write-ahead log.
        try db.execute(sql: "PRAGMA journal_mode = DELETE")
        try db.execute(sql: "BEGIN EXCLUSIVE")
      }
      return old
    } catch let error as DatabaseError
      where [.SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode)
    {
      throw BackupError.inUse(path: path)
    } catch is DatabaseError {
      return nil
    }
  }

  /// Gives the old database a second name, so that its own stays taken until the new one has it,
  /// and moves what stands beside it: a log of the old file would destroy the new one.
  private func setAside(at now: Date) throws -> String? {
    let time = now.databaseText.prefix(19).filter { $0 != "-" && $0 != ":" }
    let base = "\(path).replaced-\(time.replacing(" ", with: "T"))Z"
    let names = [base] + (2...99).map { "\(base)-\($0)" }
    let replaced = names.first { name in
      ([""] + DatabaseFiles.companions).allSatisfy { !DatabaseFiles.exists(name + $0) }
    }
    guard let replaced else { throw BackupError.fileFailed(path: base, code: EEXIST) }
    let isThere = DatabaseFiles.exists(path)
    // If the disk knows no second names, the place is empty for a moment.
    if isThere, link(path, replaced) != 0 { try DatabaseFiles.rename(path, to: replaced) }
    for name in ["-wal", "-journal"] where DatabaseFiles.exists(path + name) {
      if DatabaseFiles.size(of: path + name) == 0 {
        unlink(path + name)
      } else {
        try DatabaseFiles.rename(path + name, to: replaced + name)
      }
    }
    unlink(path + "-shm")
    return isThere ? replaced : nil
  }
}
