package import Foundation
import Glibc
import GRDB

/// Backs the database up while the bot works on it. Nothing bears the backup's name before it is
/// whole, proven and on the disk.
package struct DatabaseBackup: Sendable {
  package typealias Progress = (_ donePages: Int, _ allPages: Int) -> Void

  /// What comes after the copying, each as long as that or longer.
  package enum Phase: Sendable {
    case checkingFile
    case checkingLedger
    case savingFile
  }

  private let database: LedgerDatabase
  private let databasePath: String

  /// - Parameter path: Where the database is.
  package init(of database: LedgerDatabase, at path: String) {
    self.database = database
    databasePath = path
  }

  /// Makes its folder where that is to be in the database's own: elsewhere, a path that is mistyped
  /// or a disk that is not there would fill another one unseen.
  ///
  /// - Parameters:
  ///   - unfinished: Is removed where whoever asks is told to end.
  ///   - begun: Is told of each phase after the copying.
  /// - Throws: `BackupError`, `DatabaseError`.
  package func write(
    to path: String, replacing: Bool, unfinished: UnfinishedFile = UnfinishedFile(),
    progress: @escaping Progress, begun: (Phase) -> Void = { _ in }
  ) throws -> LedgerVerification.Report {
    let own = (DatabaseFiles.companions + ["", ".lock", ".console.lock"]).map { databasePath + $0 }
    guard !own.contains(where: { DatabaseFiles.areSame($0, path) || $0 == path }) else {
      throw BackupError.ownDatabase(path: path)
    }
    let folder = DatabaseFiles.folder(of: path)
    if !DatabaseFiles.exists(folder) {
      guard isInFolderOfDatabase(folder) else { throw BackupError.noFolder(path: folder) }
      try DatabaseFiles.makeFolder(folder)
    }
    return try holdFolder(folder) {
      let partial = "\(folder)/\(Self.partialName)"
      DatabaseFiles.remove(partial)
      guard replacing || !DatabaseFiles.exists(path) else {
        throw BackupError.alreadyThere(path: path)
      }
      unfinished.begin(partial)
      defer { unfinished.end() }
      let report = try copy(to: partial, progress, begun)
      begun(.savingFile)
      try DatabaseFiles.synchronize(partial)
      try unfinished.finish { try DatabaseFiles.rename(partial, to: path) }
      try DatabaseFiles.synchronize(folder)
      return report
    }
  }

  private func copy(
    to partial: String, _ progress: @escaping Progress, _ begun: (Phase) -> Void
  ) throws -> LedgerVerification.Report {
    let copy = try database.read { try DatabaseCopy(of: $0.db, at: partial, progress: progress) }
    do {
      begun(.checkingFile)
      try copy.checkIntegrity()
      begun(.checkingLedger)
      return try copy.checkLedger()
    } catch BackupError.broken(_, let breaks) {
      throw BackupError.broken(path: databasePath, breaks: breaks)
    }
  }

  private func isInFolderOfDatabase(_ folder: String) -> Bool {
    var existing = URL(fileURLWithPath: folder)
    while !DatabaseFiles.exists(existing.path), existing.path != "/" {
      existing.deleteLastPathComponent()
    }
    let own = URL(fileURLWithPath: DatabaseFiles.folder(of: databasePath)).resolvingSymlinksInPath()
    return existing.resolvingSymlinksInPath().pathComponents.starts(with: own.pathComponents)
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
