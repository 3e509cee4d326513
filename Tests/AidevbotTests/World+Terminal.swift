import Foundation
import Glibc
import Synchronization
import Testing
import TestSupport

extension World {
  /// Runs `aidevbot` with its output on a terminal that is so many columns wide; standard error is
  /// the same terminal. Lines end as a terminal has them.
  ///
  /// - Parameter input: What is typed there.
  func onTerminal(
    columns: Int, _ arguments: String..., input: String = ""
  ) async throws -> ChildProcess.Ending {
    let words = ([try Self.built("aidevbot").path] + arguments).map { word in
      "'" + word.replacing("'", with: #"'\''"#) + "'"
    }
    let command = "stty cols \(columns) && exec \(words.joined(separator: " "))"
    return try await start(
      URL(fileURLWithPath: "/usr/bin/script"),
      ["--quiet", "--return", "--command", command, "/dev/null"], input: input
    ).waitForExit()
  }
}

/// A program at a terminal of its own, at which the test types.
final class AtTerminal: Sendable {
  let child: ChildProcess
  private let screen: Int32
  /// How much of what the program has written the test has waited for.
  private let seen = Mutex(0)

  fileprivate init(_ child: ChildProcess, screen: Int32) {
    self.child = child
    self.screen = screen
  }

  deinit {
    close(screen)
  }

  /// Types, and returns what is written from then on until there are these words in it.
  @discardableResult
  func type(_ text: String, until words: String = "you> ") async throws -> String {
    let start = seen.withLock { $0 }
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { write(screen, $0.baseAddress, $0.count) }
      written += max(0, count)
    }
    let wanted = Data(words.utf8)
    let state = try await child.state.wait(for: "“\(words)” on the terminal") {
      $0.hasEnded || $0.output.range(of: wanted, in: start..<$0.output.count) != nil
    }
    let found = state.output.range(of: wanted, in: start..<state.output.count)
    #expect(found != nil, "\(String(decoding: state.output[start...], as: UTF8.self))")
    let end = found?.upperBound ?? state.output.count
    seen.withLock { $0 = end }
    return String(decoding: state.output[start..<end], as: UTF8.self)
  }

  func resize(columns: UInt16) {
    var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(screen, UInt(TIOCSWINSZ), &size)
  }

  /// Whether the terminal makes lines itself, and shows what is typed: as a shell leaves it.
  var isAsItWas: Bool {
    var state = termios()
    let wanted = tcflag_t(ICANON | ECHO | ISIG)
    return tcgetattr(screen, &state) == 0 && state.c_lflag & wanted == wanted
      && state.c_cc.0 == 3  // VINTR, Ctrl-C.
  }
}

extension World {
  /// Starts `aidevbot` at a terminal of its own, without anybody's home.
  func startAtTerminal(
    _ arguments: String..., columns: UInt16 = 80, changing changes: [String: String?] = [:]
  ) throws -> AtTerminal {
    // As posix_openpt(3) does it, which Swift does not see: pts(4), ioctl_tty(2).
    let main = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var (lock, number): (Int32, Int32) = (0, 0)
    let (unlocking, asking): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
    guard main >= 0, ioctl(main, unlocking, &lock) == 0, ioctl(main, asking, &number) == 0,
      case let device = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC), device >= 0,
      case let screen = dup(main), screen >= 0
    else { throw ChildProcess.SpawnFailed(what: "a terminal") }
    _ = fcntl(screen, F_SETFD, FD_CLOEXEC)
    let environment = [
      "TERM": "xterm", "HOME": folder.path, "LANG": "C.UTF-8", "USER": "Ada",
    ].merging(changes) { $1 ?? "" }
    let child = try start(
      Self.built("aidevbot"), arguments, changing: environment, device: device, screen: main)
    let terminal = AtTerminal(child, screen: screen)
    terminal.resize(columns: columns)
    return terminal
  }
}
