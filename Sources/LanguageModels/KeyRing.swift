import Synchronization

/// A provider's keys, used in turn. One that is at its limit or rejected rests for a while.
package final class KeyRing: Sendable {
  struct Key: Sendable {
    let position: Int
    /// `nil` if calls go without one.
    let value: String?

    /// A short key shows nothing: four characters would be much of it.
    var identifier: String {
      guard let value else { return "none" }
      return value.count >= 16 ? "…\(value.suffix(4))" : "…"
    }
  }

  private struct State {
    var next = 0
    var restingUntil: [Int: ContinuousClock.Instant] = [:]
  }

  /// After a refusal that names no time: the limits that are met most are per minute.
  package static let defaultRest: Duration = .seconds(30)
  /// Whatever a provider asks for, a key is tried again after this.
  package static let maximumRest: Duration = .seconds(600)
  /// For a key that is rejected, has no money or has used up its day: nothing changes until the
  /// operator acts or the day ends, and one free refusal an hour does no harm.
  package static let rejectedRest: Duration = .seconds(3600)

  let keys: [Key]
  private let now: @Sendable () -> ContinuousClock.Instant
  private let state = Mutex(State())

  /// - Parameters:
  ///   - keys: Empty ones are left out.
  ///   - mayBeEmpty: Whether calls go without a key if there is none; else they fail.
  package init(
    _ keys: [String], mayBeEmpty: Bool = false,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) {
    let keys = keys.filter { !$0.isEmpty }
    self.keys =
      keys.isEmpty && mayBeEmpty
      ? [Key(position: 0, value: nil)]
      : keys.enumerated().map { Key(position: $0, value: $1) }
    self.now = now
  }

  /// The key whose turn it is among those that don't rest. If all rest, the one that comes back
  /// first, but only to a call that has tried none.
  func take(excluding tried: Set<Int>) -> Key? {
    state.withLock { state in
      let now = now()
      let inTurn = keys.indices.map { keys[(state.next + $0) % keys.count] }
      let untried = inTurn.filter { !tried.contains($0.position) }
      let rested = untried.first { (state.restingUntil[$0.position] ?? now) <= now }
      let soonest = untried.min {
        state.restingUntil[$0.position] ?? now < state.restingUntil[$1.position] ?? now
      }
      let key = rested ?? (tried.isEmpty ? soonest : nil)
      if let key { state.next = (key.position + 1) % keys.count }
      return key
    }
  }

  /// Lets the key rest if it is the key that was refused. What is free has limits of its own: where
  /// they are met, the key may still do for calls.
  ///
  /// - Returns: Whether it was, so that another key may do better.
  func rest(
    _ key: Key, after reason: LanguageModelError.Reason, ofBilledCall isBilled: Bool = true
  ) -> Bool {
    let rest: Duration
    switch reason {
    case .rateLimited(let retryAfter): rest = min(retryAfter ?? Self.defaultRest, Self.maximumRest)
    case .quotaExhausted, .keyRejected, .accessDenied, .locationRefused, .providerOutOfFunds,
      .spendLimitReached, .notTheAPI:
      rest = Self.rejectedRest
    default: return false
    }
    guard isBilled || reason == .keyRejected else { return true }
    let end = now() + rest
    state.withLock { state in
      state.restingUntil[key.position] = max(state.restingUntil[key.position] ?? end, end)
    }
    return true
  }
}
