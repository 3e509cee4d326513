import Dispatch
import Foundation
import Glibc

/// Lines of a pipe or a file, or of a terminal whose lines cannot be edited.
///
/// `@unchecked`: what changes is touched on `queue` alone, which waits in `read`.
final class PlainInput: ConsoleInput, @unchecked Sendable {
  /// In bytes; a pipe without end must not fill the memory.
  private static let maximumAtOnce = 1 << 20
  /// In bytes: where a terminal that makes lines itself cuts them off (termios(3), canonical mode).
  static let limitOfTerminal = 4_095

  private let queue = DispatchQueue(label: "console input")
  private let file: Int32
  private let isTerminal: Bool
  private let complain: @Sendable (String) -> Void
  private var bytes: [UInt8] = []
  private var isAtEnd = false

  /// - Parameter complain: Says what is wrong with a line.
  init(_ file: Int32 = STDIN_FILENO, complain: @escaping @Sendable (String) -> Void) {
    self.file = file
    self.complain = complain
    isTerminal = isatty(file) == 1
  }

  func nextLines() async -> [String]? {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: self.readLines()) }
    }
  }

  func remember(_ message: String) {}
  func forget() {}

  private func readLines() -> [String]? {
    var lines: [String] = []
    var length = 0
    while length < Self.maximumAtOnce, lines.isEmpty || hasMore {
      guard let line = readLine() else { break }
      length += line.count
      if isTerminal, line.count >= Self.limitOfTerminal {
        complain(
          """
          That line was too long for this terminal, which cuts it after \(Self.limitOfTerminal) \
          bytes, so I leave it. Please send it in shorter lines, or from a file: \
          aidevbot console < FILE
          """)
      } else {
        lines.append(String(decoding: line, as: UTF8.self))
      }
    }
    return lines.isEmpty && isAtEnd ? nil : lines
  }

  private var hasMore: Bool {
    bytes.contains(UInt8(ascii: "\n")) || hasInput(file, within: pauseWithinAPaste)
  }

  /// Without its end; `nil` once there is none.
  private func readLine() -> ArraySlice<UInt8>? {
    var searched = 0
    while true {
      if let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { bytes.removeFirst(end + 1) }
        return bytes[..<end]
      }
      searched = bytes.count
      guard !isAtEnd, fill() else { break }
    }
    isAtEnd = true
    defer { bytes = [] }
    return bytes.isEmpty ? nil : bytes[...]
  }

  private func fill() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    var count = read(file, &chunk, chunk.count)
    while count < 0, errno == EINTR { count = read(file, &chunk, chunk.count) }
    guard count > 0 else { return false }
    bytes += chunk[..<count]
    return true
  }
}
