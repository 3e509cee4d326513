import Foundation
import Glibc
import Synchronization
import TestSupport

/// A program that runs beside this one, and can be stopped and killed with all that it has started.
final class SpawnedProcess: Sendable {
  struct Failed: Error {
    var what: String
    var code: Int32
  }

  /// The exit status, or the signal's number with a minus; `nil` while it runs.
  let status = Watched<Int32?>(nil)
  private let pid: pid_t
  /// Held while it is signalled or reaped, so that no signal goes to a successor's id.
  private let isReaped = Mutex(false)

  /// - Parameters:
  ///   - command: The path of the program, and what it is told.
  ///   - output: Of its output; its errors go to `errors`. Both stay the caller's.
  init(
    _ command: [String], environment: [String: String], output: Int32, errors: Int32
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    // The runner of the tests may ignore or block signals.
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
    let words = command.map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for word in words + variables { free(word) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, command[0], &actions, &attributes, words, variables)
    guard code == 0 else { throw Failed(what: command[0], code: code) }
    self.pid = pid
    Thread.detachNewThread { self.reap() }
  }

  /// Of it and of all that it has started.
  func signalAll(_ number: Int32) {
    isReaped.withLock { isReaped in
      guard !isReaped else { return }
      // The parent first: what it starts later is none of those.
      _ = kill(pid, number)
      for child in Self.descendants(of: pid) { _ = kill(child, number) }
    }
  }

  func waitForEnd() async throws {
    try await status.wait(for: "the end of process \(pid)") { $0 != nil }
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
    self.status.change { $0 = signal == 0 ? (status >> 8) & 0xFF : -signal }
  }

  private static func descendants(of parent: pid_t) -> [pid_t] {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    var children: [pid_t: [pid_t]] = [:]
    for case let process? in processes.map({ pid_t($0) }) {
      guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
        // `PID (NAME) STATE PPID`, and the name may hold anything.
        let fields = text.range(of: ")", options: .backwards).map({ text[$0.upperBound...] }),
        let its = fields.split(separator: " ").dropFirst().first.flatMap({ pid_t($0) })
      else { continue }
      children[its, default: []].append(process)
    }
    var found: [pid_t] = []
    var next = children[parent] ?? []
    while let one = next.popLast() {
      found.append(one)
      next += children[one] ?? []
    }
    return found
  }
}
