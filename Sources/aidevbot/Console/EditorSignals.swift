import Glibc
import Synchronization

/// The signals that concern a terminal whose lines are edited here. Whatever ends the process gives
/// the terminal back first.
final class EditorSignals: Sendable {
  /// To be read where the terminal is to be drawn anew.
  let file: Int32
  private let terminal: Int32
  private let before: termios
  private let hasEnded = Mutex(false)

  /// - Parameter interrupt: Called for SIGINT.
  init?(terminal: Int32, interrupt: @escaping @Sendable () -> Void) {
    var before = termios()
    var ends: [Int32] = [-1, -1]
    guard tcgetattr(terminal, &before) == 0, pipe(&ends) == 0 else { return nil }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    self.terminal = terminal
    self.before = before
    file = ends[0]
    let writing = ends[1]
    Signals.handle([SIGINT]) { _ in interrupt() }
    Signals.handle([SIGWINCH, SIGCONT]) { Self.note($0, writing) }
    Signals.handle([SIGTERM, SIGHUP]) { [weak self] number in
      self?.end()
      Signals.end(by: number)
    }
  }

  private static func note(_ number: Int32, _ file: Int32) {
    var byte = UInt8(number)
    _ = write(file, &byte, 1)
  }

  /// Those that have come since the last time.
  func take() -> Set<Int32> {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = read(file, &bytes, bytes.count)
    return Set(bytes.prefix(max(0, count)).map(Int32.init))
  }

  /// Gives the terminal back as it was.
  func end() {
    hasEnded.withLock { hasEnded in
      guard !hasEnded else { return }
      hasEnded = true
      var before = before
      tcsetattr(terminal, TCSADRAIN, &before)
    }
  }
}
