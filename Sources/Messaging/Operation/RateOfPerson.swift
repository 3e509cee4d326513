import DequeModule
import Synchronization

/// How often each person may do something: so many times within so long, exactly. Beyond that, they
/// may again once the first of those times is that long ago.
package final class RateOfPerson: Sendable {
  /// Whoever has done nothing for that long is forgotten, beyond this number.
  private static let maximumIdle = 1_000

  private struct State {
    var times: [String: Deque<ContinuousClock.Instant>] = [:]
    /// How many there were when the idle ones were last forgotten.
    var keptAtLast = 0
  }

  private let most: Int
  private let span: Duration
  private let now: @Sendable () -> ContinuousClock.Instant
  private let state = Mutex(State())

  package init(
    atMost most: Int, in span: Duration,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) {
    self.most = most
    self.span = span
    self.now = now
  }

  /// Whether the person may do it now; then it counts.
  ///
  /// - Parameters:
  ///   - person: A Telegram user id.
  ///   - what: Each has a count of its own.
  package func allows(
    _ person: Int64, _ what: String = "", at time: ContinuousClock.Instant? = nil
  ) -> Bool {
    let now = time ?? now()
    return state.withLock { state in
      guard hasRoom(in: state, Self.key(person, what), now) else { return false }
      count(in: &state, Self.key(person, what), now)
      return true
    }
  }

  /// Whether the person may do it now; it does not count until `count` says that it happened.
  package func hasRoom(
    _ person: Int64, _ what: String = "", at time: ContinuousClock.Instant? = nil
  ) -> Bool {
    let now = time ?? now()
    return state.withLock { hasRoom(in: $0, Self.key(person, what), now) }
  }

  package func count(
    _ person: Int64, _ what: String = "", at time: ContinuousClock.Instant? = nil
  ) {
    let now = time ?? now()
    state.withLock { count(in: &$0, Self.key(person, what), now) }
  }

  private static func key(_ person: Int64, _ what: String) -> String { "\(person) \(what)" }

  private func hasRoom(
    in state: State, _ key: String, _ now: ContinuousClock.Instant
  ) -> Bool {
    let times = state.times[key, default: []]
    guard times.count >= most else { return true }
    return times[times.count - most].duration(to: now) >= span
  }

  private func count(in state: inout State, _ key: String, _ now: ContinuousClock.Instant) {
    state.times[key, default: []].append(now)
    if let times = state.times[key], times.count > most { state.times[key]?.removeFirst() }
    guard state.times.count > 2 * max(state.keptAtLast, Self.maximumIdle) else { return }
    state.times = state.times.filter { _, times in
      times.last.map { $0.duration(to: now) < span } ?? false
    }
    state.keptAtLast = state.times.count
  }
}
