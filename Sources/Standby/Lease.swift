import Foundation
package import Replication

/// Who works, of the machines that share a bot: an object in their bucket, changed by conditional
/// writes alone.
package struct Lease: Codable, Equatable, Sendable {
  /// Where it is, under the bucket's prefix.
  static let key = "lease"

  /// Grows by one with each change of the holder, and never falls.
  package var term: Int64
  /// The machine; empty where it has yielded.
  package var holder: String
  /// The path with everything that was promised so far; `nil` before the first copy of all is made.
  package var restore: String?
  /// Grows with each renewal, so that no two states of the object are alike.
  package var beat: Int64
  /// The holder is asked to let another machine work.
  package var yields: Bool

  package init(term: Int64, holder: String, restore: String?, beat: Int64 = 1, yields: Bool = false)
  {
    self.term = term
    self.holder = holder
    self.restore = restore
    self.beat = beat
    self.yields = yields
  }

  /// Where the holder of a term replicates to, and nobody else ever.
  package static func path(ofTerm term: Int64) -> String { "term-\(term)" }

  package static func term(ofPath path: Substring) -> Int64? {
    guard path.hasPrefix("term-") else { return nil }
    return Int64(path.dropFirst("term-".count)).flatMap { $0 > 0 ? $0 : nil }
  }

  /// The same one, held on.
  func renewed() -> Lease {
    var lease = self
    lease.beat += 1
    return lease
  }

  /// The next term, of another holder or of the same one anew.
  func taken(by machine: String) -> Lease {
    Lease(term: term + 1, holder: machine, restore: restore, beat: beat + 1)
  }

  /// What somebody has written into the bucket is checked before it is believed.
  fileprivate var isSound: Bool {
    term > 0 && term < Int64.max && beat > 0 && beat < Int64.max && holder.utf8.count <= 200
      && restore.map { Lease.term(ofPath: $0[...]) != nil } ?? true
  }
}

/// The lease as it was read or written, by which the next change of it is made.
package struct ReadLease: Equatable, Sendable {
  package var lease: Lease
  var etag: String
  /// How long ago it was last renewed, by the bucket's own clock.
  package var age: Duration?
}

/// The lease in its bucket.
package struct LeaseObject: Sendable {
  private let bucket: Bucket

  package init(in bucket: Bucket) {
    self.bucket = bucket
  }

  /// `nil` if there is none.
  ///
  /// - Throws: `BucketError`, and `StandbyError.leaseUnreadable`.
  package func read() async throws -> ReadLease? {
    guard let object = try await bucket.get(Lease.key) else { return nil }
    guard let lease = try? JSONDecoder().decode(Lease.self, from: object.body), lease.isSound
    else { throw StandbyError.leaseUnreadable }
    return ReadLease(lease: lease, etag: object.etag, age: object.age)
  }

  /// Puts `new` in the place of `old`, where that is what is there still.
  ///
  /// - Returns: `nil` where it is not.
  /// - Throws: As `read` does. It is not known then whether the change was made, or will be; the
  ///   next look tells.
  package func replace(_ old: ReadLease?, by new: Lease) async throws -> ReadLease? {
    do {
      let etag = try await bucket.put(
        Lease.key, try JSONEncoder().encode(new),
        if: old.map { .matches(etag: $0.etag) } ?? .isNew)
      return ReadLease(lease: new, etag: etag)
    } catch {
      // A write whose answer was lost, and that libcurl or we repeat, is refused for itself.
      if let now = try await read(), now.lease == new { return now }
      guard case BucketError.conditionFailed = error else { throw error }
      return nil
    }
  }
}
