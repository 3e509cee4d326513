import CSpawn
import Foundation
import Glibc
import Synchronization

/// Litestream as a child of this process, which restores a database from its replica, once or
/// again and again (`restore -f`).
final class RestoreProcess: Sendable {
  private struct State {
    var child: pid_t?
    var lastWords: String = ""
    var end: Result<Void, StandbyError>?
    var waiters: [CheckedContinuation<Result<Void, StandbyError>, Never>] = []
  }

  /// In bytes; what it says when it fails is one line.
  private static let keptOutput = 2_000

  /// What it writes is for nobody else to read.
  private static let guarded = [
    "/usr/bin/setpriv", "--pdeathsig", "KILL", "--",
    "/bin/sh", "-c", "umask 077; exec \"$0\" \"$@\"",
  ]

  private let state = Mutex(State())

  /// - Parameter environment: What Litestream reads its keys from, and nothing else of ours.
  init(program: String, arguments: [String], environment: [String: String]) {
    // The kernel ends the child with the thread that has started it, and so with us, however that
    // comes about; so that thread is there for as long as the child is.
    let thread = Thread { [self] in
      // A pipe of which the child has one end, so nothing else of ours is held open.
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { return finish(.failure(Self.failure("pipe"))) }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      let error = spawn(Self.guarded + [program] + arguments, environment, output: ends[1])
      close(ends[1])
      guard error == 0 else {
        close(ends[0])
        return finish(.failure(.cannotRestore(String(cString: strerror(error)))))
      }
      read(from: ends[0])
      close(ends[0])
      reap()
    }
    thread.start()
  }

  /// Asks it to end, having written whole what it is at.
  func stop() { signal(SIGTERM) }

  func kill() { signal(SIGKILL) }

  var hasEnded: Bool { state.withLock { $0.end != nil } }

  /// Waits for its end.
  ///
  /// - Throws: `StandbyError.cannotRestore` if it says that it has failed.
  func end() async throws { try await ending().get() }

  /// The same, for whom it is no error.
  func hasEndedWell() async -> Bool {
    if case .success = await ending() { true } else { false }
  }

  private func ending() async -> Result<Void, StandbyError> {
    await withCheckedContinuation { waiter in
      let end = state.withLock { state in
        if state.end == nil { state.waiters.append(waiter) }
        return state.end
      }
      if let end { waiter.resume(returning: end) }
    }
  }

  /// To its group, of which it is the only one as a rule.
  private func signal(_ number: Int32) {
    state.withLock { state in
      if let child = state.child { _ = Glibc.kill(-child, number) }
    }
  }

  private func spawn(
    _ arguments: [String], _ environment: [String: String], output: Int32
  ) -> Int32 {
    let words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    let variables: [UnsafeMutablePointer<CChar>?] =
      environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for word in words + variables { free(word) } }
    let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
    guard input >= 0 else { return errno }
    defer { close(input) }
    return state.withLock { state in
      var child: pid_t = 0
      // Descriptors below the count are the child's own, so ours have to lie above.
      let sources = [input, output, output].map { fcntl($0, F_DUPFD_CLOEXEC, 3) }
      defer { for source in sources where source >= 0 { close(source) } }
      guard sources.allSatisfy({ $0 >= 0 }) else { return errno }
      let error = aidevbot_spawn(&child, words[0], words, variables, sources, 3)
      if error == 0 { state.child = child }
      return error
    }
  }

  private func read(from end: Int32) {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = Glibc.read(end, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      let text = String(decoding: buffer[..<count], as: UTF8.self)
      state.withLock { $0.lastWords = String(($0.lastWords + text).suffix(Self.keptOutput)) }
    }
  }

  /// The child is gone once its number may be another's.
  private func reap() {
    var info = siginfo_t()
    guard let child = state.withLock({ $0.child }) else { return }
    while waitid(P_PID, id_t(child), &info, WEXITED | WNOWAIT) < 0, errno == EINTR {}
    var status: Int32 = 0
    let words = state.withLock { state in
      state.child = nil
      while waitpid(child, &status, 0) < 0, errno == EINTR {}
      return state.lastWords
    }
    guard status != 0 else { return finish(.success(())) }
    let code = status & 0x7F == 0 ? "status \((status >> 8) & 0xFF)" : "signal \(status & 0x7F)"
    let line = words.split(separator: "\n").last.map { ": \($0)" } ?? ""
    finish(.failure(.cannotRestore("litestream ended with \(code)\(line)")))
  }

  private func finish(_ end: Result<Void, StandbyError>) {
    let waiters = state.withLock { state in
      state.end = end
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume(returning: end) }
  }

  private static func failure(_ name: String) -> StandbyError {
    .cannotRestore("\(name): \(String(cString: strerror(errno)))")
  }
}
