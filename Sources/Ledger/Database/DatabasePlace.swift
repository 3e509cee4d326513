import Foundation
import Glibc
import Installation

/// Where the file of a database is. Its locks and its log bear its path, so it may have one name
/// only: by another, a second process would know nothing of the first, and destroy the file.
package struct DatabasePlace: Sendable {
  /// What has become of an open file.
  package enum Change: Sendable, Equatable {
    case gone
    /// Another file has its name.
    case replaced
  }

  /// As many symbolic links as Linux follows (path_resolution(7)).
  private static let maximumLinks = 40

  private let path: String
  private let device: UInt64
  private let inode: UInt64

  /// Of a file that is there.
  ///
  /// - Throws: `SeveralNames`, `POSIXError`.
  init(ofFile path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw POSIXError(.EISDIR) }
    self.path = path
    (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
    guard Int(status.st_nlink) <= 1 + Self.countOfNames(path, leftByRestores: inode) else {
      throw SeveralNames(count: Int(status.st_nlink))
    }
  }

  /// Whether the file is still the one that was opened.
  package var change: Change? {
    var status = stat()
    guard stat(path, &status) == 0 else { return errno == ENOENT ? .gone : nil }
    let isSame = UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
    return isSame ? nil : .replaced
  }

  /// The path without symbolic links, also of a file that is yet to be made. A path that has none
  /// stays as it is written.
  package static func resolved(_ path: String) -> String {
    var target = path
    for _ in 0..<maximumLinks {
      guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: target) else {
        break
      }
      let folder = URL(fileURLWithPath: target).deletingLastPathComponent()
      target = URL(fileURLWithPath: next, relativeTo: folder).path
    }
    let file = URL(fileURLWithPath: target)
    guard let folder = realpath(file.deletingLastPathComponent().path, nil) else { return target }
    defer { free(folder) }
    let real = URL(fileURLWithPath: String(cString: folder))
      .appendingPathComponent(file.lastPathComponent).path
    return real == URL(fileURLWithPath: path).standardizedFileURL.path ? path : real
  }

  /// A restore gives the old file a second name, and may be killed before the new one has its
  /// place. Nobody opens the file by that one.
  private static func countOfNames(_ path: String, leftByRestores inode: UInt64) -> Int {
    let file = URL(fileURLWithPath: path)
    let folder = file.deletingLastPathComponent().path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.count { name in
      var status = stat()
      return name.hasPrefix(file.lastPathComponent + ".replaced-")
        && stat("\(folder)/\(name)", &status) == 0 && UInt64(status.st_ino) == inode
    }
  }

  /// The file has several names (hard links).
  struct SeveralNames: Error, CustomStringConvertible {
    var count: Int

    var description: String {
      """
      it has \(count) names (hard links), and a bot that opens it by another one would destroy it; \
      delete the others, or make a copy with: \(Installation.current.program) backup
      """
    }
  }
}
