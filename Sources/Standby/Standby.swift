import Foundation
import Logging
package import Replication

/// A machine that shares a bot with another: it works while it has the lease, and stands by while
/// the other has it. Clocks are for liveness alone: what keeps two from promising the same is the
/// order of commit, copy, look at the lease, promise.
package struct Standby: Sendable {
  /// How often the lease is looked at.
  private static let look = Duration.seconds(2)
  /// After a copy that could not be followed.
  private static let pause = Duration.seconds(10)

  package let machine: String
  package let files: StandbyFiles
  let bucket: Bucket
  let address: BucketAddress
  let object: LeaseObject
  let litestream: Litestream
  let ttl: Duration
  private let follower: Follower
  private let sleep: @Sendable (Duration) async throws -> Void

  /// - Parameters:
  ///   - program: Litestream's.
  ///   - environment: What Litestream reads its keys from.
  ///   - ttl: For how long a lease is another's that is not renewed.
  ///   - sleep: Ends early, by throwing, when the task is cancelled.
  package init(
    machine: String, files: StandbyFiles, bucket: Bucket, address: BucketAddress,
    litestream: Litestream, program: String, environment: [String: String], ttl: Duration,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    self.machine = machine
    self.files = files
    self.bucket = bucket
    self.address = address
    self.litestream = litestream
    self.ttl = ttl
    self.sleep = sleep
    object = LeaseObject(in: bucket)
    follower = Follower(
      program: program, bucket: bucket, address: address, files: files, environment: environment,
      sleep: sleep)
  }

  /// Waits until this machine is the one to work, and has everything that was ever promised.
  ///
  /// - Parameters:
  ///   - tell: Called with what it is at, at least every few seconds while it stands by.
  ///   - onLoss: Called when the lease is lost later, at once.
  /// - Throws: `StandbyError` where somebody has to do something first, `CancellationError`, errors
  ///   of files and of the database.
  package func becomeHolder(
    telling tell: @escaping @Sendable (String) -> Void,
    onLoss: @escaping @Sendable (HeldLease.Lost) -> Void
  ) async throws -> Holding {
    try files.removeOldOnes()
    var hasWaited = false
    while true {
      let read = try await untilTheBucketAnswers(tell) { try await object.read() }
      let terms =
        read == nil ? try await untilTheBucketAnswers(tell) { try await termsWithCopies() } : []
      let file = try files.ownFile()
      let move = NextMove.after(
        read?.lease, on: machine, with: file, path: files.database, copiesOf: terms)
      var taken: ReadLease?
      var following: Following?
      switch move {
      case .refuse(let error): throw error
      case .begin where file == .none && !hasWaited:
        // Of two that are started at once, the one with the database is first.
        hasWaited = true
        tell("waits for a machine that has a database to begin.")
        try await sleep(ttl)
      case .begin(let lease):
        taken = try await untilTheBucketAnswers(tell) { try await object.replace(nil, by: lease) }
      case .goOn, .restore:
        taken = try await replace(read, tell) { $0.renewed() }
      case .takeAnew:
        taken = try await replace(read, tell) { $0.taken(by: machine) }
      case .standBy:
        (taken, following) = try await standBy(tell)
      }
      // Where somebody else was first, all is looked at anew.
      guard let taken else { continue }
      let lease = HeldLease(taken, in: object, ttl: ttl, onLoss: onLoss)
      let keeping = Task { [sleep] in await lease.keep(sleep: sleep) }
      do {
        return try await hold(lease, keeping, move, following, tell)
      } catch {
        keeping.cancel()
        throw error
      }
    }
  }

  /// What follows which path.
  private struct Following {
    var path: String
    var process: RestoreProcess
  }

  private func hold(
    _ lease: HeldLease, _ keeping: Task<Void, Never>, _ move: NextMove, _ following: Following?,
    _ tell: @escaping @Sendable (String) -> Void
  ) async throws -> Holding {
    if move != .goOn, let path = lease.lease.restore {
      Logger.current.notice(
        "The lease is this machine's; its database is made whole.",
        metadata: ["term": "\(lease.term)", "from": "\(path)"])
      tell("has taken term \(lease.term), and makes its copy of \(path) whole.")
      if let aside = try files.setAside() { Self.log(aside) }
      try await untilTheBucketAnswers(tell) {
        let process = following?.path == path ? following?.process : nil
        try await follower.makeWhole(path, from: process)
      }
      try await untilLitestreamAnswers(tell) { try await litestream.unregister() }
      try files.putCopyInPlace()
    }
    return Holding(
      lease: lease, keeping: keeping, isRestored: move != .goOn && lease.lease.restore != nil,
      standby: self)
  }

  /// Follows whoever works, until the lease is free or not renewed any more, and takes it.
  private func standBy(
    _ tell: @escaping @Sendable (String) -> Void
  ) async throws -> (ReadLease?, Following?) {
    if let aside = try files.setAside() { Self.log(aside) }
    Logger.current.notice("Another machine works; this one stands by.")
    var following: Following?
    defer { if Task.isCancelled { following?.process.kill() } }
    var presence = Presence(of: machine, in: bucket, every: ttl / 3)
    var (seen, seenAt) = (nil as ReadLease?, ContinuousClock.now)
    while true {
      let read = try await untilTheBucketAnswers(tell) { try await object.read() }
      guard let read else {
        tell("stands by; the lease is gone from standby.bucket, and nobody takes it.")
        try await sleep(Self.look)
        continue
      }
      // The same one at two looks: nobody has renewed it between them.
      if read.lease != seen?.lease { (seen, seenAt) = (read, .now) }
      if read.lease.holder == machine { return (nil, following) }
      following = try await follow(read.lease, following)
      let isFree = read.lease.holder.isEmpty || seenAt.duration(to: .now) >= ttl
      if isFree, read.lease.restore != nil {
        let taken = try await replace(read, tell) { $0.taken(by: machine) }
        if let taken { return (taken, following) }
        continue
      }
      let copied = files.copiedTXID()
      await presence.show(copied)
      tell(
        "stands by; \(read.lease.holder) works, with term \(read.lease.term); "
          + (copied.map { "the copy here has transaction \($0)." } ?? "there is no copy here yet."))
      try await sleep(min(Self.look, ttl / 5))
    }
  }

  private func follow(_ lease: Lease, _ following: Following?) async throws -> Following? {
    guard let path = lease.restore else { return nil }
    if let following, following.path == path, !following.process.hasEnded { return following }
    if let following {
      following.process.kill()
      do {
        try await following.process.end()
      } catch  where following.path == path {
        Logger.current.warning(
          "The copy of the other machine's database begins anew.", metadata: ["error": "\(error)"])
        try await sleep(min(Self.pause, ttl / 2))
      } catch {
        // It was killed, as another path is to be followed.
      }
    }
    return Following(path: path, process: try follower.follow(path))
  }

  private func replace(
    _ read: ReadLease?, _ tell: @escaping @Sendable (String) -> Void,
    by change: (Lease) -> Lease
  ) async throws -> ReadLease? {
    guard let read else { return nil }
    let new = change(read.lease)
    return try await untilTheBucketAnswers(tell) { try await object.replace(read, by: new) }
  }

  /// The terms whose paths have something on them.
  private func termsWithCopies() async throws -> [Int64] {
    Array(
      Set(
        try await bucket.list("term-").compactMap {
          $0.key.split(separator: "/").first.flatMap(Lease.term)
        }))
  }

  private static func log(_ aside: String) {
    Logger.current.notice(
      "The database here is not the newest one any more, and is set aside.",
      metadata: ["path": "\(aside)", "kept": "7 days"])
  }
}

// MARK: - What others have to answer

extension Standby {
  func untilTheBucketAnswers<Value: Sendable>(
    _ tell: @Sendable (String) -> Void, _ body: () async throws -> Value
  ) async throws -> Value {
    try await repeated("standby.bucket", tell, body) { $0 is BucketError }
  }

  func untilLitestreamAnswers<Value: Sendable>(
    _ tell: @Sendable (String) -> Void, _ body: () async throws -> Value
  ) async throws -> Value {
    try await repeated("Litestream", tell, body) { $0 is ReplicationError }
  }

  private func repeated<Value: Sendable>(
    _ whom: String, _ tell: @Sendable (String) -> Void, _ body: () async throws -> Value,
    isPatientWith: (any Error) -> Bool
  ) async throws -> Value {
    var isFirst = true
    while true {
      do {
        return try await body()
      } catch  where isPatientWith(error) {
        if isFirst {
          Logger.current.warning(
            "Waiting for \(whom).", metadata: ["error": "\(error)"])
        }
        isFirst = false
        tell("waits for \(whom): \(error)")
        try await sleep(Self.look)
      }
    }
  }
}
