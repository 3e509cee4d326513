import Foundation
package import Ledger
import Logging
import Replication
import Synchronization

/// The work of the machine that has the lease.
package final class Holding: Sendable {
  /// How often it is seen who stands by.
  private static let lookAtStandbys = Duration.seconds(60)
  private static let cleaning = Duration.seconds(86_400)
  /// Of the paths of earlier terms: longer than any of their moments can be restored
  /// (systemd/litestream.yml).
  private static let retention = Duration.seconds(9 * 86_400)
  /// So many a day; a longer path goes in several.
  private static let maximumDeletions = 5_000

  package let lease: HeldLease
  /// Whether the database comes from the bucket, and so is proven before anything is sold.
  package let isRestored: Bool
  private let keeping: Task<Void, Never>
  private let standby: Standby
  private let standbys = Mutex<[SeenStandby]>([])

  init(lease: HeldLease, keeping: Task<Void, Never>, isRestored: Bool, standby: Standby) {
    self.lease = lease
    self.keeping = keeping
    self.isRestored = isRestored
    self.standby = standby
  }

  /// Makes the database this term's, and its first copy on the term's own path. Nothing may be
  /// promised before it returns.
  ///
  /// - Throws: `HeldLease.Lost`, `CancellationError`, errors of the database.
  package func begin(
    with database: LedgerDatabase, telling tell: @escaping @Sendable (String) -> Void
  ) async throws {
    let term = LeaseTerm(term: lease.term, holder: lease.holder)
    // Each time, as Litestream makes no first copy before something is written.
    try database.write { try term.write(in: $0) }
    tell("makes the first copy of term \(lease.term).")
    let patience = Self.patience(forBytes: Self.bytes(of: database))
    try await standby.untilLitestreamAnswers(tell) {
      try await standby.litestream.register(replicaURL)
      try await standby.litestream.sync(within: patience)
    }
    try await standby.untilTheBucketAnswers(tell) { try await lease.restoreFromOwnPath() }
    Logger.current.notice("This machine works.", metadata: ["term": "\(lease.term)"])
  }

  /// Returns once everything that was committed before is where it outlives this machine, and the
  /// lease was ours after that: so whoever takes it later knows of it.
  package func secure() async throws {
    do {
      try await standby.litestream.sync()
    } catch ReplicationError.databaseUnknown {
      // Litestream has started anew, and knows nothing.
      try await standby.litestream.register(replicaURL)
      try await standby.litestream.sync()
    }
    try await lease.confirm()
  }

  /// Looks after the bucket until the task is cancelled: who stands by, and what nobody needs any
  /// more.
  package func lookAfter(
    sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) async {
    var cleanedAt: ContinuousClock.Instant?
    while !Task.isCancelled {
      do {
        // This machine has stood by, too.
        let seen = try await Presence.all(in: standby.bucket)
          .filter { $0.machine != standby.machine }
        note(seen)
        if cleanedAt.map({ $0.duration(to: .now) >= Self.cleaning }) ?? true {
          try await clean(seen)
          cleanedAt = .now
        }
      } catch {
        Logger.current.debug(
          "The bucket could not be looked after.",
          metadata: [
            "error": "\(error)"
          ])
      }
      try? await sleep(Self.lookAtStandbys)
    }
  }

  /// Lets another machine work. Whoever calls it has stopped promising, and ends the process.
  package func giveUp() async throws {
    try await standby.litestream.sync()
    try await lease.giveUp()
  }

  /// For the health log.
  package var figures: [String: String] {
    let there = standbys.withLock { $0 }.filter { $0.isThere(ttl: standby.ttl) }
    return [
      "term": "\(lease.term)",
      "standbys": there.isEmpty ? "none" : there.map(\.machine).joined(separator: ","),
    ]
  }

  /// Its own end of it.
  package func end() { keeping.cancel() }

  private var replicaURL: String { standby.address.replicaURL(of: lease.path) }

  private func note(_ seen: [SeenStandby]) {
    let (was, now) = standbys.withLock { standbys in
      defer { standbys = seen }
      return (
        standbys.contains { $0.isThere(ttl: standby.ttl) },
        seen.contains { $0.isThere(ttl: standby.ttl) }
      )
    }
    guard was != now else { return }
    if now {
      Logger.current.notice("Another machine stands by.")
    } else {
      Logger.current.warning("No machine stands by any more.")
    }
  }

  /// Takes away the paths of terms from which nobody restores, once their moments are too old, and
  /// machines that are gone.
  private func clean(_ seen: [SeenStandby]) async throws {
    for standby in seen where standby.age.map({ $0 > Self.retention }) ?? false {
      try await Presence.remove(standby.machine, from: self.standby.bucket)
    }
    let needed = lease.lease.restore.flatMap { Lease.term(ofPath: $0[...]) } ?? 0
    let files = try await standby.bucket.list("term-")
    let terms = Dictionary(grouping: files) { file in
      file.key.split(separator: "/").first.flatMap(Lease.term) ?? .max
    }
    var rest = Self.maximumDeletions
    for (term, files) in terms
    where term < min(needed, lease.term)
      && files.allSatisfy({ $0.age.map { $0 > Self.retention } ?? false })
    {
      for file in files.prefix(rest) { try await standby.bucket.delete(file.key) }
      rest -= min(rest, files.count)
    }
    try standby.files.removeOldOnes()
  }

  private static func bytes(of database: LedgerDatabase) -> Int64 {
    let attributes = try? FileManager.default.attributesOfItem(atPath: database.path)
    return (attributes?[.size] as? NSNumber)?.int64Value ?? 0
  }

  /// A first copy is of the whole file; 2 MiB a second are a slow line.
  private static func patience(forBytes bytes: Int64) -> Duration {
    .seconds(60 + bytes / (2 << 20))
  }
}
