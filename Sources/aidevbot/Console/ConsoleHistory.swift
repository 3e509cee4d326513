import Foundation
import Glibc

/// What was said at the console, for the next time: a file that its owner alone can read, beside
/// where the database is by default. A line is a message.
struct ConsoleHistory {
  static let fileName = "console_history"
  /// How many messages are kept: the newest.
  static let limit = 1_000
  /// In characters; nobody calls back a longer one by the arrow keys.
  private static let maximumLength = 4_096

  struct Unusable: Error, CustomStringConvertible {
    var folder: String
    var code: Int32
    var description: String {
      """
      What you type is not kept for the arrow keys of the next time, as \(folder) cannot be \
      written to: \(String(cString: strerror(code))).
      """
    }
  }

  private let path: String
  /// The oldest first.
  private(set) var messages: [String]

  /// - Throws: `Unusable`.
  init(inFolder folder: String) throws(Unusable) {
    path = "\(folder)/\(Self.fileName)"
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw Unusable(folder: folder, code: errno == 0 ? EACCES : errno)
    }
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Unusable(folder: folder, code: errno) }
    defer { close(file) }
    fchmod(file, 0o600)
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let lines = text.split(separator: "\n")
    messages = lines.suffix(Self.limit).map(Self.message)
    if lines.count > Self.limit { rewrite() }
  }

  /// - Returns: Whether it is one to be called back: not the same as the last, nor very long.
  mutating func add(_ message: String) -> Bool {
    guard message != messages.last, message.count <= Self.maximumLength else { return false }
    messages.append(message)
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    // A full disk costs the history, and nothing else.
    guard file >= 0 else { return true }
    defer { close(file) }
    let line = Array("\(Self.line(message))\n".utf8)
    _ = write(file, line, line.count)
    return true
  }

  mutating func clear() {
    messages = []
    rewrite()
  }

  private func rewrite() {
    let file = open(path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { return }
    defer { close(file) }
    let text = Array(messages.map { Self.line($0) + "\n" }.joined().utf8)
    _ = write(file, text, text.count)
  }

  private static func line(_ message: String) -> String {
    message.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
  }

  private static func message(_ line: Substring) -> String {
    String(line).replacing(/\\(.)/) { $0.output.1 == "n" ? "\n" : String($0.output.1) }
  }
}
