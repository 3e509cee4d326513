import Foundation
package import Replication

/// The machines of a bot, as their bucket shows them to whoever asks.
package struct SharedBot: Sendable {
  /// How long a move may take before it is given up: the copy of a large file takes its time.
  private static let patience = Duration.seconds(600)
  private static let look = Duration.milliseconds(200)

  private let bucket: Bucket
  private let object: LeaseObject
  private let ttl: Duration

  package init(in bucket: Bucket, ttl: Duration) {
    self.bucket = bucket
    self.ttl = ttl
    object = LeaseObject(in: bucket)
  }

  package struct Status: Sendable {
    /// `nil` where nobody has ever worked.
    package var lease: Lease?
    /// Since the lease was renewed, by the bucket's own clock.
    package var age: Duration?
    package var standbys: [SeenStandby]
    package var ttl: Duration

    package var isRenewed: Bool {
      guard let lease, !lease.holder.isEmpty, let age else { return false }
      return age <= ttl
    }

    package var hasStandby: Bool { standbys.contains { $0.isThere(ttl: ttl) } }

    package var lines: [String] {
      guard let lease else { return ["No machine has worked with this bucket yet."] }
      let since = age.map { " \($0.components.seconds) s ago" } ?? " at an unknown time"
      var lines: [String] = []
      if lease.holder.isEmpty {
        lines.append("No machine works: term \(lease.term) was given up\(since).")
      } else if isRenewed {
        lines.append("\(lease.holder) works, with term \(lease.term); it said so\(since).")
      } else {
        lines.append(
          "\(lease.holder) is silent: it renewed term \(lease.term)\(since); after "
            + "\(ttl.components.seconds) s another machine takes over.")
      }
      lines.append(
        lease.restore.map { "All that was promised is on \($0)." }
          ?? "There is no copy yet: another machine could not take over.")
      for standby in standbys {
        let seen = standby.age.map { "\($0.components.seconds) s ago" } ?? "at an unknown time"
        lines.append(
          standby.isThere(ttl: ttl)
            ? "\(standby.machine) stands by; seen \(seen)."
            : "\(standby.machine) has stood by, and does not any more; seen \(seen).")
      }
      if !hasStandby { lines.append("No machine stands by.") }
      return lines
    }
  }

  /// - Throws: `BucketError`, `StandbyError.leaseUnreadable`.
  package func status() async throws -> Status {
    let read = try await object.read()
    // Who works has stood by before.
    let standbys = try await Presence.all(in: bucket).filter { $0.machine != read?.lease.holder }
    return Status(lease: read?.lease, age: read?.age, standbys: standbys, ttl: ttl)
  }

  /// Asks the holder to let another machine work, and waits until one does.
  ///
  /// - Returns: The lease of the next term, whose holder has everything.
  /// - Throws: `BucketError`, `StandbyError.notMoved`.
  package func move(from lease: Lease) async throws -> Lease {
    var isAsked = false
    let end = ContinuousClock.now + Self.patience
    while ContinuousClock.now < end {
      let read = try await object.read()
      if let now = read?.lease, now.term > lease.term {
        if now.restore == Lease.path(ofTerm: now.term) { return now }
      } else if !isAsked, let read {
        var asking = read.lease.renewed()
        asking.yields = true
        // Where the holder has renewed it meanwhile, the next look is at that.
        isAsked = try await object.replace(read, by: asking) != nil
        continue
      }
      try await Task.sleep(for: Self.look)
    }
    throw StandbyError.notMoved(seconds: Self.patience.components.seconds)
  }
}
