import Dispatch
import Foundation
import Glibc
import Ledger

/// Where the process is told to end while it makes a file, removes that file, says so, and ends as
/// it would have. A signal that was ignored from the beginning, as with nohup, still is.
final class StopRemoval: Sendable {
  /// They deliver for as long as they live.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  /// - Parameter sentence: What is said, on standard error.
  init(of file: UnfinishedFile, saying sentence: String) {
    let queue = DispatchQueue(label: "aidevbot.stop")
    sources = [SIGINT, SIGTERM, SIGHUP].filter { !Self.isIgnored($0) }.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        file.abandon {
          let clear = isatty(STDERR_FILENO) == 1 ? "\r\u{1B}[K" : ""
          FileHandle.standardError.write(Data("\(clear)aidevbot: \(sentence)\n".utf8))
          signal(number, SIG_DFL)
          kill(getpid(), number)
          // Nothing else may happen until that has arrived.
          while true { pause() }
        }
      }
      source.activate()
      return source
    }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1  // SIG_IGN
  }

  /// From here on the process ends where it is told to.
  func end() {
    for source in sources { source.cancel() }
  }
}
