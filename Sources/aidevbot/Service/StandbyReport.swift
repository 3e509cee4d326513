import Foundation
import Glibc
import Logging
import Standby
import Synchronization

/// Tells systemd what a machine is at that does not work yet, and that it lives: a restart would
/// mend nothing of what it waits for.
final class StandbyReport: Sendable {
  /// Well within the unit's `WatchdogSec`.
  private static let interval = Duration.seconds(10)

  private let notifier: ServiceNotifier
  private let version: String
  private let text = Mutex("")

  init(_ notifier: ServiceNotifier, version: String = Version.current.name) {
    self.notifier = notifier
    self.version = version
  }

  /// What is told from now on.
  @Sendable func tell(_ sentence: String) {
    let isNew = text.withLock { text in
      defer { text = sentence }
      return text != sentence
    }
    if isNew { send() }
  }

  /// Runs `body`, and tells meanwhile.
  func accompany<Value>(_ body: (StandbyReport) async throws -> Value) async rethrows -> Value {
    let telling = Task {
      while !Task.isCancelled {
        send()
        try? await Task.sleep(for: Self.interval)
      }
    }
    defer { telling.cancel() }
    return try await body(self)
  }

  private func send() {
    let text = text.withLock { $0 }
    guard !text.isEmpty else { return }
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    notifier.send(["READY=1", "WATCHDOG=1", "STATUS=\(version): \(line)"])
  }
}

extension Standby {
  /// Waits until this machine is the one to work; `nil` if it is stopped before.
  ///
  /// A lease that is lost later ends the process at once, whatever it is at: another machine works
  /// then, and this one may promise nothing any more.
  func holding(until stopping: Task<Void, Never>) async throws -> Holding? {
    let notifier = ServiceNotifier(environment: ProcessInfo.processInfo.environment)
    let logger = Logger.current
    return try await StandbyReport(notifier).accompany { report in
      let becoming = Task {
        try await withLogger(logger) { _ in
          try await becomeHolder(telling: report.tell) { lost in
            logger.critical(
              "The lease is lost; this machine stops at once, and stands by after its restart.",
              metadata: ["why": "\(lost)"])
            notifier.send(["STOPPING=1", "STATUS=the lease is lost: \(lost)"])
            _exit(HeldLease.lostStatus)
          }
        }
      }
      let watch = Task {
        await stopping.value
        becoming.cancel()
      }
      defer { watch.cancel() }
      do {
        return try await becoming.value
      } catch is CancellationError {
        return nil
      }
    }
  }
}
