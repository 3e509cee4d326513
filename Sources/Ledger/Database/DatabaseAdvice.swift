package import GRDB

extension DatabaseError {
  /// For the operator: what is wrong with the database, and what to do about it.
  package var advice: String {
    let advice: String? =
      switch resultCode {
      case .SQLITE_FULL: "the disk is full; free some space"
      case .SQLITE_IOERR: "the disk fails or is full; look at df and dmesg"
      case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
        "another program keeps it locked; end that one, such as a forgotten sqlite3 shell"
      case .SQLITE_CANTOPEN:
        "a file of it can be neither opened nor made; check who owns its folder, and the disk's "
          + "space"
      case .SQLITE_READONLY:
        "it may not be written; check who owns its files, and whether the disk is read-only"
      case .SQLITE_NOTADB:
        "it is no database, or its beginning is damaged; check the path, and where that is right, "
          + "bring back the last backup"
      case .SQLITE_CORRUPT:
        "it is damaged or the disk cannot be read; look at dmesg, and where the disk is well, "
          + "bring back the last backup"
      default: nil
      }
    guard let advice else { return String(describing: self) }
    return "\(advice) (SQLite error \(extendedResultCode.rawValue))"
  }
}

extension Error {
  /// For the operator, whatever has failed.
  package var advice: String { (self as? DatabaseError)?.advice ?? String(describing: self) }
}

/// An error of the database, as an operator reads it.
package struct DatabaseFailure: Error, CustomStringConvertible {
  package let cause: DatabaseError

  package init(_ cause: DatabaseError) {
    self.cause = cause
  }

  package var description: String { "the database does not work: \(cause.advice)" }
}
