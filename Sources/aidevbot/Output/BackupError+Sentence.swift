import Ledger

extension BackupError {
  /// The fact, and what an operator can type or do about it.
  var sentence: String {
    switch self {
    case .alreadyThere: "\(self); choose another name, or replace it with --force."
    case .inUse: "\(self), such as Litestream or a sqlite3 shell; stop it, then restore again."
    case .broken: description  // A list of breaks, a line each.
    case .ownDatabase, .noFolder, .underWay, .noBackup, .fileFailed: "\(self)."
    }
  }
}
