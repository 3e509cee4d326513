package import Foundation
import Glibc
import GRDB

/// Backs the database up while the bot works on it. Nothing bears the backup's name before it is
/// whole, proven and on the disk.
package struct DatabaseBackup: Sendable {
  package typealias Progress = (_ donePages: Int, _ allPages: Int) -> Void

  private let database: LedgerDatabase
  private let databasePath: String

  /// - Parameter path: Where the database is.
  package init(of database: LedgerDatabase, at path: String) {
    self.database = database
    databasePath = path
  }

  /// - Throws: `BackupError`, `DatabaseError`.
  package func write(
    to path: String, replacing: Bool, progress: @escaping Progress
  ) throws -> LedgerVerification.Report {
    let own = (DatabaseFiles.companions + ["", ".lock", ".console.lock"]).map { databasePath + $0 }
    guard !own.contains(where: { DatabaseFiles.areSame($0, path) || $0 == path }) else {
      throw BackupError.ownDatabase(path: path)
    }
    let folder = DatabaseFiles.folder(of: path)
    try DatabaseFiles.makeFolder(folder)
    return try holdFolder(folder) {
      guard replacing || !DatabaseFiles.exists(path) else {
        throw BackupError.alreadyThere(path: path)
      }
      let partial = "\(folder)/\(Self.partialName)"
      defer { DatabaseFiles.remove(partial) }
      let report = try copy(to: partial, progress)
      try DatabaseFiles.synchronize(partial)
      try DatabaseFiles.rename(partial, to: path)
      try DatabaseFiles.synchronize(folder)
      return report
    }
  }

  private func copy(
    to partial: String, _ progress: @escaping Progress
  ) throws -> LedgerVerification.Report {
    let copy = try database.read { try DatabaseCopy(of: $0.db, at: partial, progress: progress) }
    do {
      try copy.checkIntegrity()
      return try copy.checkLedger()
    } catch BackupError.broken(_, let breaks) {
      throw BackupError.broken(path: databasePath, breaks: breaks)
    }
  }

  /// The same for each backup in a folder, so that what a killed one left is replaced by the next.
  private static let partialName = ".aidevbot-backup.sqlite.partial"

  /// The kernel gives the lock back when the process ends, however it ends.
  private func holdFolder<Value>(_ folder: String, while body: () throws -> Value) throws -> Value {
    let file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { throw BackupError.fileFailed(path: folder, code: errno) }
    defer { close(file) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else { throw BackupError.underWay(folder: folder) }
    return try body()
  }
}

// MARK: - A folder of backups

extension DatabaseBackup {
  /// `aidevbot-20261122T183201Z.sqlite`, in UTC: by its name, the newest comes last.
  package static func fileName(at now: Date) -> String {
    let time = now.databaseText.prefix(19).filter { $0 != "-" && $0 != ":" }
    return "aidevbot-\(time.replacing(" ", with: "T"))Z.sqlite"
  }

  /// Deletes all but the newest so many backups of our own naming. The one that was just made is
  /// kept, even if the clock says that it is old.
  ///
  /// - Returns: The names of those that are gone.
  /// - Throws: `BackupError.fileFailed`.
  package static func prune(_ folder: String, keeping count: Int, with newest: String) throws
    -> [String]
  {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.wholeMatch(of: /aidevbot-[0-9]{8}T[0-9]{6}Z\.sqlite/) != nil && $0 != newest }
      .sorted(by: >)
    let old = Array(names.dropFirst(count - 1))
    for name in old where unlink("\(folder)/\(name)") != 0 {
      throw BackupError.fileFailed(path: "\(folder)/\(name)", code: errno)
    }
    return old
  }
}
