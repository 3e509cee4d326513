import Foundation
import Glibc
import Ledger
import Synchronization

/// How far something has come, and what is done just now, on standard error; nothing if that is no
/// terminal.
final class ProgressBar: Sendable {
  private let isShown = isatty(STDERR_FILENO) == 1
  private let title: String
  private let percent = Mutex(-1)

  private static let width = 30

  init(_ title: String) {
    self.title = title
  }

  func show(_ done: Int, of all: Int) {
    let percent = all == 0 ? 100 : done * 100 / all
    guard isShown else { return }
    self.percent.withLock { shown in
      guard percent != shown else { return }
      shown = percent
      let filled = Self.width * percent / 100
      let bar =
        String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
      write("\r\(title) [\(bar)] \(percent) %")
    }
  }

  /// For what cannot be told in parts.
  func show(_ phase: DatabaseBackup.Phase) {
    guard isShown else { return }
    percent.withLock { $0 = 100 }
    let words =
      switch phase {
      case .checkingFile: "Copied. Checking the file …"
      case .checkingLedger: "Copied and whole. Checking the ledger …"
      case .savingFile: "Copied and proven. Waiting for the disk …"
      }
    write("\r\u{1B}[K\(words)")
  }

  /// Leaves the line to what is said next.
  func end() {
    let wasShown = percent.withLock { shown in
      defer { shown = -1 }
      return shown >= 0
    }
    guard isShown, wasShown else { return }
    write("\r\u{1B}[K")
  }

  private func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}
