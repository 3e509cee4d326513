import Foundation
import Glibc

/// What is done to the files of a database beside SQLite. Each call throws
/// `BackupError.fileFailed`.
enum DatabaseFiles {
  /// What SQLite keeps beside a database while it is in use, or after a crash.
  static let companions = ["-wal", "-shm", "-journal"]

  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// Whether both paths are one file, by whatever names.
  static func areSame(_ left: String, _ right: String) -> Bool {
    var (first, second) = (stat(), stat())
    guard stat(left, &first) == 0, stat(right, &second) == 0 else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  static func size(of path: String) -> Int64? {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : nil
  }

  /// Why a path is no database, as far as its file alone shows.
  static func whyNoDatabase(_ path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return "there is no such file" }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return status.st_size == 0 ? "it is empty" : nil
    case S_IFDIR: return "it is a folder"
    default: return "it is no file"
    }
  }

  /// By its first bytes (SQLite, "Database File Format", 1.3).
  static func isDatabase(_ path: String) -> Bool {
    guard let file = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? file.close() }
    return (try? file.read(upToCount: 16)) == Data("SQLite format 3\0".utf8)
  }

  static func folder(of path: String) -> String {
    URL(fileURLWithPath: path).deletingLastPathComponent().path
  }

  static func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw BackupError.fileFailed(path: path, code: errno == 0 ? EIO : errno)
    }
  }

  /// An empty file that only its owner can read, whatever was there.
  static func makeEmpty(_ path: String) throws {
    remove(path)
    let file = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw BackupError.fileFailed(path: path, code: errno) }
    close(file)
  }

  /// The database, and what stands beside it.
  static func remove(_ path: String) {
    for name in [""] + companions { unlink(path + name) }
  }

  static func rename(_ path: String, to newPath: String) throws {
    guard Glibc.rename(path, newPath) == 0 else {
      throw BackupError.fileFailed(path: newPath, code: errno)
    }
  }

  /// Waits until the file, or the names in a folder, are on the disk.
  static func synchronize(_ path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw BackupError.fileFailed(path: path, code: errno) }
    defer { close(file) }
    guard fsync(file) == 0 else { throw BackupError.fileFailed(path: path, code: errno) }
  }
}
