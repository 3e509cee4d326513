import Foundation
import GRDB

/// Why there is no backup, or nothing was restored. The bot's own database is then as it was.
package enum BackupError: Error, Sendable {
  /// There is a file of that name; whoever asked chooses another, or says that it may go.
  case alreadyThere(path: String)
  /// The path is the bot's own database.
  case ownDatabase(path: String)
  /// The folder for the file is not there; whoever typed the path makes it, if it is right.
  case noFolder(path: String)
  /// Another backup is being made in that folder; try again later.
  case underWay(folder: String)
  /// No file, or a file of something else.
  case noBackup(path: String, reason: String)
  /// The copy is not whole, or its ledger does not hold: each break is a sentence.
  case broken(path: String, breaks: [String])
  /// Another program has the database open; end it and try again.
  case inUse(path: String)
  case fileFailed(path: String, code: Int32)
}

extension BackupError: CustomStringConvertible {
  /// More say nothing new; `LedgerVerification` names them all.
  private static let maximumBreaks = 10

  /// The fact, without a full stop.
  package var description: String {
    switch self {
    case .alreadyThere(let path):
      "There is a file \(path) already"
    case .ownDatabase(let path):
      "\(path) is the bot's own database; a backup has to be another file"
    case .noFolder(let path):
      "There is no folder \(path); if the path is right, make it first: mkdir -p \(path)"
    case .underWay(let folder):
      "Another backup is being made in \(folder); try again when it has ended"
    case .noBackup(let path, let reason):
      "\(path) is no backup of aidevbot: \(reason)"
    case .broken(let path, let breaks):
      (["The copy of \(path) is not sound, so it is not used:"] + breaks.prefix(Self.maximumBreaks)
        + (breaks.count > Self.maximumBreaks
          ? ["… and \(breaks.count - Self.maximumBreaks) more"] : []))
        .joined(separator: "\n")
    case .inUse(let path):
      "Another program has \(path) open"
    case .fileFailed(let path, let code):
      "\(path) cannot be written: \(String(cString: strerror(code)))"
    }
  }
}
