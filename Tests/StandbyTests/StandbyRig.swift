import Foundation
import HTTPTransport
import Ledger
import Replication
@testable import Standby
import Testing
import TestSupport

/// A machine with a bucket and a Litestream that are not real: a socket that says yes, and a shell
/// that copies files.
final class StandbyRig: Sendable {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("aidevbot-two-\(UUID().uuidString.prefix(8))")
  let bucket: FakeBucket
  let object: LeaseObject
  let files: StandbyFiles
  /// What Litestream was told, such as `register s3://…`.
  let orders = Watched<[String]>([])
  /// Whether Litestream has started anew, and knows nothing.
  let forgets = Watched(false)
  let told = Watched<[String]>([])
  let losses = Watched<[HeldLease.Lost]>([])
  /// How often it has waited.
  let waits = Watched(0)
  private let litestream: LoopbackServer
  private let socket: String

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    bucket = try FakeBucket()
    object = LeaseObject(in: try .ofTests(bucket))
    files = StandbyFiles(database: folder.appendingPathComponent("bot.sqlite").path)
    socket = folder.appendingPathComponent("socket").path
    let (orders, forgets) = (orders, forgets)
    litestream = try LoopbackServer(unixSocket: socket) { request in
      struct Order: Decodable {
        var replicaURL: String?

        enum CodingKeys: String, CodingKey { case replicaURL = "replica_url" }
      }
      let name = request.target.dropFirst()
      let order = try? JSONDecoder().decode(Order.self, from: request.body)
      orders.change { orders in
        orders.append([String(name), order?.replicaURL].compactMap(\.self).joined(separator: " "))
      }
      let hasForgotten = forgets.change { forgets in
        defer { if name == "register" { forgets = false } }
        return forgets && name == "sync"
      }
      if hasForgotten { return .json(#"{"error":"database not found"}"#, status: 404) }
      return .json(#"{"status":"\#(name)ed","txid":1,"replicated_txid":1}"#)
    }
    try Data(Self.program.utf8).write(to: folder.appendingPathComponent("litestream"))
    chmod(folder.appendingPathComponent("litestream").path, 0o700)
  }

  deinit {
    litestream.stop()
    try? FileManager.default.removeItem(at: folder)
  }

  /// `restore [-f …] -o COPY URL`: what is on a path is a file of its name in `replicas`, and as
  /// far as it says there.
  private static let program = """
    #!/bin/sh
    follows=
    while [ $# -gt 1 ]; do
      case $1 in -f) follows=1 ;; -o) out=$2 ;; esac
      shift
    done
    echo >>"${0%/*}/restores"
    url=${1%%\\?*}
    from="${0%/*}/replicas/${url##*/}"
    [ -e "$from" ] || { echo no matching backup files available >&2; exit 1; }
    [ ! -e "$out" ] || { echo output path already exists >&2; exit 1; }
    cp "$from" "$out"
    [ -n "$follows" ] || exit 0
    cp "$from-txid" "$out-txid"
    trap 'exit 0' TERM
    tail -f /dev/null & child=$!
    wait
    kill $child
    exit 0
    """

  /// What a holder has left on its path.
  ///
  /// - Parameters:
  ///   - newest: The number of the last transaction on it.
  ///   - copied: That which whoever follows has come to.
  func replicate(_ path: String, newest: UInt64 = 5, copied: UInt64 = 5) throws {
    let replicas = folder.appendingPathComponent("replicas")
    try FileManager.default.createDirectory(at: replicas, withIntermediateDirectories: true)
    let file = replicas.appendingPathComponent(path).path
    let database = try LedgerDatabase(path: file)
    try database.write { try LeaseTerm(term: 3, holder: "two").write(in: $0) }
    try database.close()
    try Data(Self.hex(copied).utf8).write(to: URL(fileURLWithPath: file + "-txid"))
    bucket.store("\(path)/0000/\(Self.hex(1))-\(Self.hex(newest)).ltx", Data("pages".utf8))
  }

  /// How often Litestream was asked to restore.
  var restores: Int {
    let log = folder.appendingPathComponent("restores")
    return (try? String(contentsOf: log, encoding: .utf8))?.count ?? 0
  }

  private static func hex(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// - Parameter whileWaiting: Called with the number of each wait.
  func standby(
    ttl: Duration = .seconds(3_600),
    whileWaiting: @escaping @Sendable (Int) async throws -> Void = { _ in }
  ) throws -> Standby {
    let waits = waits
    return Standby(
      machine: "one", files: files, bucket: try .ofTests(bucket),
      address: try BucketAddress(parsing: bucket.address),
      litestream: Litestream(
        transport: .ofAllTests, socket: socket, database: files.database),
      program: folder.appendingPathComponent("litestream").path,
      environment: ["PATH": "/usr/bin:/bin"], ttl: ttl
    ) { wait in
      // What a lease is kept by goes round until it is cancelled.
      if wait == ttl / HeldLease.renewalsPerTTL { await untilCancelled() }
      try Task.checkCancellation()
      try await whileWaiting(
        waits.change {
          $0 += 1; return $0
        })
      // What is looked for is the doing of another process, which has to get somewhere meanwhile.
      if wait == Follower.look { return try await ContinuousClock().sleep(for: wait / 10) }
      await Task.yield()
    }
  }

  func becomeHolder(_ standby: Standby) async throws -> Holding {
    let (told, losses) = (told, losses)
    return try await standby.becomeHolder(
      telling: { text in told.change { $0.append(text) } },
      onLoss: { lost in losses.change { $0.append(lost) } })
  }

  func lease() async throws -> Lease? { try await object.read()?.lease }

  func put(_ lease: Lease) async throws {
    _ = try #require(try await object.replace(try await object.read(), by: lease))
  }
}
