package import Foundation
import Glibc

/// Where the daily backups are, and how old the newest one is: what nobody looks at fails
/// unnoticed.
extension DatabaseBackup {
  /// In seconds: two nights with the hour by which the timer varies. One that was missed is
  /// noticed.
  package static let oldAfter: TimeInterval = 2 * 86_400 + 3_600

  /// The folder that `aidevbot-backup.service` fills.
  package static func usualFolder(besideDatabase path: String) -> String {
    DatabaseFiles.folder(of: path) + "/backups"
  }

  /// When the newest one of our own naming there was made; `nil` where there is none.
  package static func newest(in folder: String) -> Date? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap(date).max()
  }

  /// Of a name that `fileName` has made.
  private static func date(ofName name: String) -> Date? {
    let form = /aidevbot-([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z\.sqlite/
    guard let match = name.wholeMatch(of: form), let year = Int32(match.1),
      let month = Int32(match.2), let day = Int32(match.3), let hour = Int32(match.4),
      let minute = Int32(match.5), let second = Int32(match.6)
    else { return nil }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1_900, month - 1, day)
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (hour, minute, second)
    return Date(timeIntervalSince1970: TimeInterval(timegm(&parts)))
  }
}

extension LedgerDatabase {
  /// Of those in the folder `backups` beside the file; `nil` where there is none.
  package var newestBackupAt: Date? {
    DatabaseBackup.newest(in: DatabaseBackup.usualFolder(besideDatabase: path))
  }
}
