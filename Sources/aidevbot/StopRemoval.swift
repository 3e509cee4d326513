import Foundation
import Glibc
import Ledger

/// Where the process is told to end while it makes a file, removes that file, says so, and ends as
/// it would have. A signal that was ignored from the beginning, as with nohup, still is.
struct StopRemoval {
  private let signals: [Int32]

  /// - Parameter sentence: What is said, on standard error.
  init(of file: UnfinishedFile, saying sentence: String) {
    signals = [SIGINT, SIGTERM, SIGHUP].filter { !Self.isIgnored($0) }
    var ends: [Int32] = [-1, -1]
    // Without a pipe, signals do what they always do.
    guard pipe(&ends) == 0 else { return }
    let (input, output) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    signalOutput = output
    Thread.detachNewThread {
      var number: UInt8 = 0
      while read(input, &number, 1) != 0 {
        let number = Int32(number)
        file.abandon {
          let clear = isatty(STDERR_FILENO) == 1 ? "\r\u{1B}[K" : ""
          FileHandle.standardError.write(Data("\(clear)aidevbot: \(sentence)\n".utf8))
          signal(number, SIG_DFL)
          kill(getpid(), number)
          // Nothing else may happen until that has arrived.
          while true { pause() }
        }
      }
    }
    for number in signals {
      signal(number) { number in
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(signalOutput, &byte, 1)
      }
    }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1  // SIG_IGN
  }

  /// From here on the process ends where it is told to.
  func end() {
    for number in signals { signal(number, SIG_DFL) }
  }
}

/// Where the handler tells of a signal: it has nothing but what is known everywhere. Set before
/// there is a handler.
private nonisolated(unsafe) var signalOutput: Int32 = -1
