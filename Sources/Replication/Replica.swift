import Logging
import Synchronization

/// Waits until what is committed is where it outlives this machine. Nothing is promised before:
/// no update is confirmed to Telegram, and nothing in the outbox is sent.
package final class Replica: Sendable {
  /// Waits after failures: the first is short, as a Litestream that starts anew is soon there.
  private static let pauses: [Duration] = [.milliseconds(250), .seconds(1), longestPause]
  package static let longestPause = Duration.seconds(2)

  private typealias Waiter = CheckedContinuation<Bool, Never>

  private enum Place {
    case coming
    case waiting(Waiter)
    /// Before they could wait.
    case left
  }

  private struct State {
    var places: [Int: Place] = [:]
    var lastID = 0
    var isSyncing = false
    var outage: Outage?

    mutating func takeWaiter(_ id: Int) -> Waiter? {
      guard case .waiting(let waiter)? = places[id] else { return nil }
      places[id] = nil
      return waiter
    }
  }

  /// Since when the replica does not have what is committed, and why.
  package struct Outage: Sendable {
    package var begunAt: ContinuousClock.Instant
    package var reason: String
    fileprivate var failures = 0
  }

  private let sync: @Sendable () async throws -> Void
  private let sleep: @Sendable (Duration) async throws -> Void
  private let state = Mutex(State())

  /// - Parameters:
  ///   - sync: Returns once everything that was committed before its call is replicated.
  ///   - sleep: Ends early, by throwing, when the task is cancelled.
  package init(
    sync: @escaping @Sendable () async throws -> Void,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    self.sync = sync
    self.sleep = sleep
  }

  /// What is wrong, as long as the replica does not have what is committed.
  package var outage: Outage? { state.withLock { $0.outage } }

  /// Waits until everything that was committed before is on the replica. Those who wait at the same
  /// time share one request.
  ///
  /// - Parameter limit: For how long; `nil` for as long as it takes.
  /// - Returns: Whether it is there: not, where the limit is over or the task is cancelled.
  package func has(within limit: Duration? = nil) async -> Bool {
    let id = state.withLock { state in
      state.lastID += 1
      state.places[state.lastID] = .coming
      return state.lastID
    }
    let timer = limit.map { limit in
      Task {
        try? await sleep(limit)
        leave(id)
      }
    }
    defer { timer?.cancel() }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { enlist($0, as: id) }
    } onCancel: {
      leave(id)
    }
  }

  private func enlist(_ waiter: Waiter, as id: Int) {
    let (hasLeft, isFirst) = state.withLock { state in
      if case .left? = state.places[id] {
        state.places[id] = nil
        return (true, false)
      }
      state.places[id] = .waiting(waiter)
      defer { state.isSyncing = true }
      return (false, !state.isSyncing)
    }
    if hasLeft { waiter.resume(returning: false) }
    if isFirst { Task { await work() } }
  }

  private func leave(_ id: Int) {
    let waiter = state.withLock { state -> Waiter? in
      if case .coming? = state.places[id] { state.places[id] = .left }
      return state.takeWaiter(id)
    }
    waiter?.resume(returning: false)
  }

  /// Syncs for as long as somebody waits. Whoever comes during a request waits for the next one,
  /// as that one may have looked before their commit.
  private func work() async {
    while let round = nextRound() {
      do {
        try await sync()
        let (waiters, outage) = state.withLock { state in
          defer { state.outage = nil }
          return (round.compactMap { state.takeWaiter($0) }, state.outage)
        }
        for waiter in waiters { waiter.resume(returning: true) }
        if let outage {
          Logger.current.notice(
            "The replica has everything again; what waited goes on.",
            metadata: ["outage": "\(outage.begunAt.duration(to: .now))"])
        }
      } catch {
        try? await sleep(note(error))
      }
    }
  }

  private func nextRound() -> [Int]? {
    state.withLock { state in
      let round = state.places.compactMap { id, place in
        if case .waiting = place { id } else { nil }
      }
      if round.isEmpty { state.isSyncing = false }
      return round.isEmpty ? nil : round
    }
  }

  /// Returns how long to wait before the next attempt.
  private func note(_ error: any Error) -> Duration {
    let outage = state.withLock { state in
      var outage = state.outage ?? Outage(begunAt: .now, reason: "")
      outage.failures += 1
      outage.reason = "\(error)"
      state.outage = outage
      return outage
    }
    if outage.failures == 1 {
      Logger.current.error(
        "The replica does not have what is committed; nothing is promised until it has.",
        metadata: ["error": "\(error)"])
    }
    return Self.pauses[min(outage.failures, Self.pauses.count) - 1]
  }
}
