import Foundation
import Logging
import Replication

/// Says in the bucket that a machine stands by, for those who ask.
struct Presence {
  private static let folder = "standby/"

  private struct Report: Codable {
    /// Litestream's number of the last transaction in its copy.
    var copied: UInt64?
  }

  private let machine: String
  private let bucket: Bucket
  private let interval: Duration
  private var shownAt: ContinuousClock.Instant?

  init(of machine: String, in bucket: Bucket, every interval: Duration) {
    self.machine = machine
    self.bucket = bucket
    self.interval = interval
  }

  /// Now and then; nobody relies on it.
  mutating func show(_ copied: UInt64?) async {
    if let shownAt, shownAt.duration(to: .now) < interval { return }
    shownAt = .now
    do {
      let report = try JSONEncoder().encode(Report(copied: copied))
      _ = try await bucket.put(Self.folder + machine, report, if: .always)
    } catch {
      Logger.current.debug(
        "It could not be said that this machine stands by.",
        metadata: [
          "error": "\(error)"
        ])
    }
  }

  /// Those who stand by, or have.
  static func all(in bucket: Bucket) async throws(BucketError) -> [SeenStandby] {
    try await bucket.list(folder).map {
      SeenStandby(machine: String($0.key.dropFirst(folder.count)), age: $0.age)
    }
  }

  static func remove(_ machine: String, from bucket: Bucket) async throws(BucketError) {
    try await bucket.delete(folder + machine)
  }
}

/// A machine that has said that it stands by.
package struct SeenStandby: Equatable, Sendable {
  package var machine: String
  /// How long ago, by the bucket's own clock.
  package var age: Duration?

  /// Whether it may be counted on.
  package func isThere(ttl: Duration) -> Bool { age.map { $0 <= ttl * 2 } ?? false }
}
