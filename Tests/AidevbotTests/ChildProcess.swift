import Foundation
import Glibc
import Synchronization
import TestSupport

/// A program that runs beside the test, with exactly the environment it is given.
///
/// Not Foundation's `Process`, which hands on whatever descriptors are open at the time.
final class ChildProcess: Sendable {
  /// What the program has written and how it ended.
  struct State: Sendable {
    var output = Data()
    var errors = Data()
    var openPipes = 2
    var isReaped = false
    /// The exit status, or the signal's number with a minus.
    var status: Int32 = 0

    var hasEnded: Bool { isReaped && openPipes == 0 }
    var errorText: String { String(decoding: errors, as: UTF8.self) }
  }

  struct Ending: Sendable {
    var status: Int32
    var output: String
    var errors: String

    var errorLines: [Substring] { errors.split(separator: "\n") }
    var outputLines: [Substring] { output.split(separator: "\n") }
  }

  struct SpawnFailed: Error {
    var what: String
    var code = errno
  }

  /// Wait on it for what the program does.
  let state = Watched(State())
  private let pid: pid_t
  /// Held while the process is signalled or reaped, so that no signal goes to a successor's id.
  private let isReaped = Mutex(false)

  /// Held from the making of pipes to the birth of the child: another one born meanwhile would
  /// have their ends too, and keep them open.
  private static let birth = Mutex(())

  /// - Parameter input: All of its standard input; less than a pipe holds.
  init(
    _ program: URL, _ arguments: [String], environment: [String: String], folder: URL,
    input: String
  ) throws {
    // `env` changes the directory and becomes the program.
    let command = ["/usr/bin/env", "-C", folder.path, program.path] + arguments
    let variables = environment.map { "\($0.key)=\($0.value)" }
    let (pid, stdout, stderr) = try Self.birth.withLock { _ in
      let (stdin, stdout, stderr) = (try Pipe(), try Pipe(), try Pipe())
      defer {
        for end in [stdin.reading, stdin.writing, stdout.writing, stderr.writing] { close(end) }
      }
      try stdin.fill(with: input)
      let pid = try spawn(
        command, variables, files: [stdin.reading, stdout.writing, stderr.writing])
      return (pid, stdout.reading, stderr.reading)
    }
    self.pid = pid
    Thread.detachNewThread { self.read(stdout) { $0.output += $1 } }
    Thread.detachNewThread { self.read(stderr) { $0.errors += $1 } }
    Thread.detachNewThread { self.reap() }
  }

  /// - Parameters:
  ///   - device: A terminal, which becomes the program's own; it is closed here.
  ///   - screen: Its other end, where what the program writes is read until it is closed.
  init(
    _ program: URL, _ arguments: [String], environment: [String: String], folder: URL,
    device: Int32, screen: Int32
  ) throws {
    let command =
      ["/usr/bin/env", "-C", folder.path, "/usr/bin/setsid", "--ctty", program.path] + arguments
    let variables = environment.map { "\($0.key)=\($0.value)" }
    pid = try Self.birth.withLock { _ in
      defer { close(device) }
      return try spawn(command, variables, files: [device, device, device])
    }
    state.change { $0.openPipes = 1 }
    Thread.detachNewThread { self.read(screen) { $0.output += $1 } }
    Thread.detachNewThread { self.reap() }
  }

  func signal(_ number: Int32) {
    isReaped.withLock { isReaped in
      if !isReaped { _ = Glibc.kill(pid, number) }
    }
  }

  /// Waits for the end of the program and of all it wrote.
  @discardableResult
  func waitForExit(within limit: Duration = .seconds(600)) async throws -> Ending {
    let state = try await state.wait(for: "the end of process \(pid)", within: limit) {
      $0.hasEnded
    }
    return Ending(
      status: state.status, output: String(decoding: state.output, as: UTF8.self),
      errors: state.errorText)
  }

  private func read(_ file: Int32, _ keep: @Sendable (inout State, Data) -> Void) {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(file, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      let bytes = Data(chunk[..<count])
      state.change { keep(&$0, bytes) }
    }
    close(file)
    state.change { $0.openPipes -= 1 }
  }

  private func reap() {
    var info = siginfo_t()
    while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) < 0, errno == EINTR {}
    var status: Int32 = 0
    isReaped.withLock { isReaped in
      waitpid(pid, &status, 0)
      isReaped = true
    }
    let signal = status & 0x7F
    state.change { state in
      state.status = signal == 0 ? (status >> 8) & 0xFF : -signal
      state.isReaped = true
    }
  }
}

private struct Pipe {
  let reading: Int32
  let writing: Int32

  init() throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw ChildProcess.SpawnFailed(what: "a pipe") }
    (reading, writing) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  }

  func fill(with text: String) throws {
    let bytes = Array(text.utf8)
    guard bytes.isEmpty || write(writing, bytes, bytes.count) == bytes.count else {
      throw ChildProcess.SpawnFailed(what: "standard input")
    }
  }
}

/// - Parameter files: Its standard input, output and error.
private func spawn(
  _ command: [String], _ environment: [String], files: [Int32]
) throws -> pid_t {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  for (number, file) in files.enumerated() {
    posix_spawn_file_actions_adddup2(&actions, file, Int32(number))
  }
  // The runner of the tests may ignore or block signals; a shell's child would not.
  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var (none, all) = (sigset_t(), sigset_t())
  sigemptyset(&none)
  sigfillset(&all)
  posix_spawnattr_setsigmask(&attributes, &none)
  posix_spawnattr_setsigdefault(&attributes, &all)
  posix_spawnattr_setflags(
    &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
  var pid: pid_t = 0
  let code = withCStrings(command) { arguments in
    withCStrings(environment) { environment in
      posix_spawn(&pid, command[0], &actions, &attributes, arguments, environment)
    }
  }
  guard code == 0 else { throw ChildProcess.SpawnFailed(what: command[0], code: code) }
  return pid
}

/// `strings` as C has them, with a null at the end.
private func withCStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let pointers = strings.map { strdup($0) }
  defer { for pointer in pointers { free(pointer) } }
  return body(pointers + [nil])
}
