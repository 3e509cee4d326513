import Foundation
import Glibc
import Ledger

/// Where the process is told to end while it makes a file, removes that file, says so, and ends as
/// it would have. A signal that was ignored from the beginning, as with nohup, still is.
struct StopRemoval {
  private let signals: [Int32]

  /// - Parameter sentence: What is said, on standard error.
  init(of file: UnfinishedFile, saying sentence: String) {
    signals = [SIGINT, SIGTERM, SIGHUP].filter { !Signals.isIgnored($0) }
    Signals.handle(signals) { number in
      file.abandon {
        let clear = isatty(STDERR_FILENO) == 1 ? "\r\u{1B}[K" : ""
        FileHandle.standardError.write(Data("\(clear)aidevbot: \(sentence)\n".utf8))
        Signals.end(by: number)
      }
    }
  }

  /// From here on the process ends where it is told to.
  func end() {
    Signals.release(signals)
  }
}
