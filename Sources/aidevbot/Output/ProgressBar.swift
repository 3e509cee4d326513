import Foundation
import Glibc

/// How far something has come, on standard error; nothing if that is no terminal.
final class ProgressBar {
  private let isShown = isatty(STDERR_FILENO) == 1
  private let title: String
  private var percent = -1

  private static let width = 30

  init(_ title: String) {
    self.title = title
  }

  func show(_ done: Int, of all: Int) {
    let percent = all == 0 ? 100 : done * 100 / all
    guard isShown, percent != self.percent else { return }
    self.percent = percent
    let filled = Self.width * percent / 100
    let bar =
      String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
    write("\r\(title) [\(bar)] \(percent) %")
  }

  /// Leaves the line to what is said next.
  func end() {
    guard isShown, percent >= 0 else { return }
    percent = -1
    write("\r\u{1B}[K")
  }

  private func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}
