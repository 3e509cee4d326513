import Foundation
import Replication

/// Keeps a copy of the holder's database, a few seconds old, while this machine stands by, and
/// makes it whole once the lease is taken.
struct Follower: Sendable {
  /// How often it looks for something new.
  static let interval = Duration.seconds(2)
  /// How often it is looked whether it has what was there when the lease was taken, before all is
  /// restored anew: for some 15 s.
  private static let maximumLooks = 75
  static let look = Duration.milliseconds(200)
  /// Of Litestream's files: a lower level holds what higher ones have not taken over yet.
  private static let levels = 0...9

  let program: String
  let bucket: Bucket
  let address: BucketAddress
  let files: StandbyFiles
  let environment: [String: String]
  let sleep: @Sendable (Duration) async throws -> Void

  /// Begins with a new copy: Litestream goes on with none that it has left.
  ///
  /// - Parameter path: That of the holder's term, under the bucket's prefix.
  func follow(_ path: String) throws -> RestoreProcess {
    try files.removeCopy()
    return start(
      ["restore", "-f", "-follow-interval", "\(Self.interval.components.seconds)s"], path)
  }

  /// The copy of everything on that path, to which nothing that counts is added any more.
  ///
  /// - Parameter process: What has followed that path, if anything has.
  /// - Throws: `StandbyError.cannotRestore`, `BucketError`, errors of files.
  func makeWhole(_ path: String, from process: RestoreProcess?) async throws {
    if let process {
      let isWhole = try await hasCaughtUp(with: path, process)
      if isWhole { process.stop() } else { process.kill() }
      // It also says that it has ended well where it was in the middle of something newer, half of
      // which is in its copy then: so its copy counts only where there is nothing newer.
      if await process.hasEndedWell(), isWhole, let copied = files.copiedTXID() {
        let newest = try await newestTXID(on: path)
        if newest == copied { return }
      }
    }
    // One that an earlier process has begun is there as well.
    try files.removeCopy()
    let restoring = start(["restore"], path)
    try await withTaskCancellationHandler {
      try await restoring.end()
    } onCancel: {
      restoring.kill()
    }
  }

  private func hasCaughtUp(with path: String, _ process: RestoreProcess) async throws -> Bool {
    guard let newest = try await newestTXID(on: path) else { return false }
    for _ in 1...Self.maximumLooks where !process.hasEnded {
      if let copied = files.copiedTXID(), copied >= newest { return true }
      try await sleep(Self.look)
    }
    return false
  }

  /// The number of the last transaction on a path; `nil` where there is none.
  func newestTXID(on path: String) async throws -> UInt64? {
    for level in Self.levels {
      let numbers = try await bucket.list("\(path)/000\(level)/").compactMap { file in
        file.key.firstMatch(of: /-([0-9a-f]{16})\.ltx$/).flatMap { UInt64($0.1, radix: 16) }
      }
      if let newest = numbers.max() { return newest }
    }
    return nil
  }

  private func start(_ arguments: [String], _ path: String) -> RestoreProcess {
    RestoreProcess(
      program: program,
      arguments: arguments + ["-o", files.copy, address.replicaURL(of: path)],
      environment: environment)
  }
}
