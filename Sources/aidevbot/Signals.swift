import Foundation
import Glibc
import Synchronization

/// Signals of the process, each handed to a closure on a thread of their own.
///
/// None is lost: to ignore a signal until a dispatch source sees it, as is usual, throws away what
/// comes before the source is there.
enum Signals {
  private static let handlers = Mutex<[Int32: Handler]>([:])

  private struct Handler: Sendable {
    var handle: @Sendable (Int32) -> Void
  }

  /// The pipe in which the handlers of the system note what has come, and the thread that reads
  /// it. Without a pipe, signals do what they always do.
  private static let isListening: Bool = {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return false }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    let input = ends[0]
    noted = ends[1]
    Thread.detachNewThread {
      var number: UInt8 = 0
      while true {
        guard read(input, &number, 1) == 1 else { continue }
        let number = Int32(number)
        handlers.withLock { $0[number] }?.handle(number)
      }
    }
    return true
  }()

  /// From here on `handle` is called for each of those signals, one at a time, in their order.
  static func handle(_ numbers: [Int32], by handle: @escaping @Sendable (Int32) -> Void) {
    handlers.withLock { handlers in
      for number in numbers { handlers[number] = Handler(handle: handle) }
    }
    guard isListening else { return }
    for number in numbers {
      var action = sigaction()
      action.sa_flags = SA_RESTART
      action.__sigaction_handler.sa_handler = { number in
        var byte = UInt8(truncatingIfNeeded: number)
        let before = errno
        _ = write(noted, &byte, 1)
        errno = before
      }
      sigaction(number, &action, nil)
    }
  }

  /// From here on they do what they always do.
  static func release(_ numbers: [Int32]) {
    for number in numbers { signal(number, SIG_DFL) }
  }

  /// Ends the process as that signal does where nobody handles it.
  static func end(by number: Int32) -> Never {
    release([number])
    kill(getpid(), number)
    // Nothing else may happen until that has arrived.
    while true { pause() }
  }

  /// Whether it was ignored from the beginning, as with nohup.
  static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1  // SIG_IGN
  }
}

/// Where a handler of the system tells of a signal: it has nothing but what is known everywhere.
/// Set before there is a handler.
private nonisolated(unsafe) var noted: Int32 = -1
