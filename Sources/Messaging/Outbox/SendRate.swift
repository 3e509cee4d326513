/// A limit of so many sends a second with a burst, as the generic cell rate algorithm keeps it: one
/// instant a limit, nothing to refill.
package struct SendRate: Sendable {
  private let interval: Duration
  private let burst: Int
  private var nextFree: ContinuousClock.Instant?

  /// - Parameter perSecond: 0 for no limit.
  package init(perSecond: Double, burst: Int) {
    interval = perSecond > 0 ? .seconds(1) / perSecond : .zero
    self.burst = max(1, burst)
  }

  /// Takes a place and returns how long to wait for it.
  package mutating func take(at now: ContinuousClock.Instant) -> Duration {
    guard interval > .zero else { return .zero }
    let free = max(nextFree ?? now, now)
    nextFree = free + interval
    return max(.zero, now.duration(to: free) - interval * (burst - 1))
  }

  /// Whether two places are free now.
  package func hasSpare(at now: ContinuousClock.Instant) -> Bool {
    guard interval > .zero else { return true }
    return now.duration(to: max(nextFree ?? now, now)) <= interval * (burst - 2)
  }

  /// Whether it has been idle for so long that a new one would behave the same.
  package func isFresh(at now: ContinuousClock.Instant) -> Bool {
    nextFree.map { $0 <= now } ?? true
  }
}

extension OutboxDelivery {
  package struct Rates: Sendable, Equatable {
    /// 0 for no limit of our own.
    package var perSecond: Double
    package var perChatPerSecond: Double

    package init(perSecond: Double, perChatPerSecond: Double) {
      self.perSecond = perSecond
      self.perChatPerSecond = perChatPerSecond
    }
  }
}
