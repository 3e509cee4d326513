import Foundation
import Glibc
import TestSupport

/// The wall clock of a machine's bot, which a library that is loaded into it moves
/// (`JumpingClock.c`): a file that holds the seconds to be added.
final class JumpingClock: Sendable {
  private let file: URL
  let environment: [String: String]

  init(_ file: URL, library: URL) throws {
    self.file = file
    environment = ["LD_PRELOAD": library.path, "JUMPING_CLOCK": file.path]
    try Data(count: MemoryLayout<Int64>.size).write(to: file)
  }

  func set(_ seconds: Int) throws {
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    // In its place, as it is mapped.
    try handle.write(contentsOf: withUnsafeBytes(of: Int64(seconds)) { Data($0) })
  }
}
