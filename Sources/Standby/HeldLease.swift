import Logging
import Replication
import Synchronization

/// The lease in the hands of this machine, from its taking to its loss.
package final class HeldLease: Sendable {
  /// It is another's now. Nothing may be promised any more.
  package struct Lost: Error, Equatable, CustomStringConvertible {
    package var term: Int64
    package var holder: String

    package var description: String {
      holder.isEmpty
        ? "the lease was given up" : "\(holder) has taken the lease, with term \(term)"
    }
  }

  private struct State {
    var read: ReadLease
    var lost: Lost?
  }

  /// So many renewals fit into the time to live: one that fails is made up for by the next.
  static let renewalsPerTTL = 4
  private static let attempts = 3

  package let term: Int64
  package let holder: String
  private let object: LeaseObject
  private let ttl: Duration
  private let onLoss: @Sendable (Lost) -> Void
  private let state: Mutex<State>
  private let yieldAsked = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

  /// - Parameter onLoss: Called once, at once.
  init(
    _ read: ReadLease, in object: LeaseObject, ttl: Duration,
    onLoss: @escaping @Sendable (Lost) -> Void
  ) {
    (term, holder) = (read.lease.term, read.lease.holder)
    self.object = object
    self.ttl = ttl
    self.onLoss = onLoss
    state = Mutex(State(read: read))
  }

  /// Where this machine replicates to.
  package var path: String { Lease.path(ofTerm: term) }

  /// As it was last seen.
  package var lease: Lease { state.withLock { $0.read.lease } }

  /// Returns if the lease is ours at a moment after the call: what was on the replica before is
  /// known to whoever takes it later.
  ///
  /// - Throws: `Lost`, `BucketError`, `StandbyError`.
  package func confirm() async throws {
    if let lost = state.withLock({ $0.lost }) { throw lost }
    try note(try await object.read())
  }

  /// Keeps others from taking it, until the task is cancelled.
  package func keep(sleep: @Sendable (Duration) async throws -> Void) async {
    while !Task.isCancelled {
      try? await sleep(ttl / Self.renewalsPerTTL)
      do {
        try await change { $0 = $0.renewed() }
      } catch {
        guard !Task.isCancelled, state.withLock({ $0.lost == nil }) else { return }
        Logger.current.warning(
          "The lease could not be renewed; trying again.", metadata: ["error": "\(error)"])
      }
    }
  }

  /// Tells where everything is that was promised so far.
  package func restoreFromOwnPath() async throws {
    guard lease.restore != path else { return }
    try await change {
      $0 = $0.renewed()
      $0.restore = Lease.path(ofTerm: $0.term)
    }
  }

  /// Lets another machine take it at once.
  package func giveUp() async throws {
    try await change {
      $0 = $0.renewed()
      $0.holder = ""
      $0.yields = false
    }
  }

  /// Returns when an operator asks for that, or when the task is cancelled.
  package func waitForYield() async {
    for await _ in yieldAsked.stream { return }
  }

  /// - Throws: As `confirm` does.
  private func change(_ body: (inout Lease) -> Void) async throws {
    for _ in 1...Self.attempts {
      let old = state.withLock { $0.read }
      var new = old.lease
      body(&new)
      if let read = try await object.replace(old, by: new) {
        return state.withLock { $0.read = read }
      }
      // Somebody was first: an operator who asks for a move, another change of ours, or another
      // machine.
      try note(try await object.read())
    }
    throw BucketError.conditionFailed
  }

  private func note(_ read: ReadLease?) throws {
    // Whoever deletes it has both machines without one: this one promises nothing, and no other
    // takes it.
    guard let read else { throw StandbyError.leaseIsGone(newest: term) }
    guard read.lease.term == term, read.lease.holder == holder else {
      let lost = Lost(term: read.lease.term, holder: read.lease.holder)
      let isFirst = state.withLock { state in
        defer { state.lost = lost }
        return state.lost == nil
      }
      if isFirst { onLoss(lost) }
      throw lost
    }
    state.withLock { $0.read = read }
    if read.lease.yields { yieldAsked.continuation.yield() }
  }
}
