import Foundation
import GRDB
import Testing
import TestSupport

/// A real Litestream beside the real bot, by the configuration that is shipped.
@Suite("Litestream")
struct LitestreamTests {
  @Test func bringsBackEverySettledChargeUpToTheLastSync() async throws {
    try await World.run { world in
      let litestream = try Litestream(world)
      let first = try await world.startDaemon()
      try await world.openAccount()
      let replication = try litestream.replicate()
      for _ in 1...5 { try await world.ask(Seller.gemini.question) }
      let synced = try world.charges()
      #expect(synced.count == 5)
      try await litestream.waitUntilReplicaHas(synced.count)
      // These may be in the replica or not: the machine is lost at no moment in particular.
      for _ in 1...3 { try await world.ask(Seller.openRouter.question) }
      replication.signal(SIGKILL)
      try await replication.waitForExit()
      // This one cannot be.
      try await world.ask(Seller.gemini.question)
      try await world.kill(first)
      let all = try world.charges()
      #expect(all.count == 9)
      try world.destroyDatabase()

      let copy = try await litestream.restore(to: "restored.sqlite")
      #expect(copy.status == 0, "\(copy.errors)")
      let restored = try await world.aidevbot("restore", "restored.sqlite")
      #expect(restored.status == 0, "\(restored.errors)")
      let found = try world.charges()
      #expect((synced.count..<all.count).contains(found.count))
      #expect(found == Array(all.prefix(found.count)))
      #expect(found.starts(with: synced))
      #expect(try world.balance() == 100_000_000 - found.map(\.micro).reduce(0, +))
      try world.expectWholeFile()
      try await world.expectSoundLedger()

      // And it is a database to go on with, also for Litestream.
      let second = try await world.startDaemon()
      let replicationAgain = try litestream.replicate()
      try await world.ask(Seller.gemini.question)
      try await litestream.waitUntilReplicaHas(found.count + 1)
      try await world.stop(second)
      replicationAgain.signal(SIGTERM)
      #expect(try await replicationAgain.waitForExit().status == 0)
      try await world.expectNothingLeft()
    }
  }

  /// The promise of the file: any moment of the last week.
  @Test func bringsBackAMomentAndKeepsAWeekOfThem() async throws {
    try await World.run { world in
      let litestream = try Litestream(world)
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      let replication = try litestream.replicate()
      for _ in 1...2 { try await world.ask(Seller.gemini.question) }
      try await litestream.waitUntilReplicaHas(2)
      let moment = Date()
      for _ in 1...2 { try await world.ask(Seller.gemini.question) }
      try await litestream.waitUntilReplicaHas(4)
      try await world.stop(daemon)

      let copy = try await litestream.restore(to: "then.sqlite", asOf: moment)
      #expect(copy.status == 0, "\(copy.errors)")
      #expect(try world.charges(in: world.path("then.sqlite")) == Array(world.charges().prefix(2)))
      replication.signal(SIGTERM)
      let log = try await replication.waitForExit()
      #expect(log.status == 0)
      // What it makes of the section `snapshot`. What lies before the oldest snapshot cannot be
      // restored, and the oldest is up to a day younger than what is kept.
      let lines = (log.output + log.errors).split(separator: "\n")
      #expect(lines.contains { $0.contains("level=9 interval=24h0m0s") }, "\(lines)")
      let kept = try lines.filter { $0.contains("enforcing snapshot retention") }.map { line in
        let now = try #require(line.firstMatch(of: /^time=(\S+)/)?.1)
        let oldest = try #require(line.firstMatch(of: /\ timestamp=(\S+)/)?.1)
        return try Date(String(now), strategy: form)
          .timeIntervalSince(Date(String(oldest), strategy: form))
      }
      let week = 7 * 86_400.0
      #expect(!kept.isEmpty && kept.allSatisfy { $0 - 86_400 >= week }, "\(kept)")
    }
  }

  /// A bucket takes Litestream some 15 s to come back to, a folder none; the bot asks every 2 s.
  @Test func goesOnAfterAnOutageOfTheReplica() async throws {
    try await World.run { world in
      let litestream = try Litestream(world)
      let (daemon, replication) = try await litestream.startReplicated()
      try await world.ask(Seller.gemini.question)
      try FileManager.default.moveItem(at: world.url("replica"), to: world.url("away"))
      try Data().write(to: world.url("replica"))
      world.telegram.message(Seller.gemini.question, from: 42)
      try await daemon.state.wait(for: "word of it") {
        $0.errorText.contains("nothing is promised until it has")
      }
      try await world.wait(
        for: "the charge", untilThereIs: "SELECT count(*) = 2 FROM api_key_usage")
      #expect(
        world.telegram.state.value.sent(to: 42).count { $0.hasPrefix("Hello") } == 1)
      try FileManager.default.removeItem(at: world.url("replica"))
      try FileManager.default.moveItem(at: world.url("away"), to: world.url("replica"))
      try await world.telegram.state.wait(for: "the answer") {
        $0.sent(to: 42).count { $0.hasPrefix("Hello") } == 2
      }
      let log = try await world.stop(daemon).errors
      #expect(log.contains("what waited goes on"))
      replication.signal(SIGTERM)
      try await replication.waitForExit()
      try await world.expectNothingLeft()
    }
  }

  /// It is stopped, and starts anew: what was asked for meanwhile is answered then, and what was
  /// promised is on the replica, at any moment at which the machine is lost.
  @Test func isWaitedForBeforeAnythingIsPromised() async throws {
    try await World.run { world in
      let litestream = try Litestream(world)
      let (daemon, replication) = try await litestream.startReplicated()
      for _ in 1...3 { try await world.ask(Seller.gemini.question) }
      // Frozen, it answers nothing; gone, it is not there.
      replication.signal(SIGSTOP)
      world.telegram.message(Seller.gemini.question, from: 42)
      try await world.wait(
        for: "the charge", untilThereIs: "SELECT count(*) = 4 FROM api_key_usage")
      let before = world.telegram.state.value
      #expect(before.sent(to: 42).count { $0.hasPrefix("Hello") } == 3)
      #expect(before.pendingCount == 1)
      replication.signal(SIGKILL)
      try await replication.waitForExit()
      let again = try litestream.replicate()
      try await world.telegram.state.wait(for: "the answer") {
        $0.sent(to: 42).count { $0.hasPrefix("Hello") } == 4
      }
      // The machine is lost.
      try await world.kill(daemon)
      again.signal(SIGKILL)
      try await again.waitForExit()
      let all = try world.charges()
      try world.destroyDatabase()
      let copy = try await litestream.restore(to: "restored.sqlite")
      #expect(copy.status == 0, "\(copy.errors)")
      #expect(try world.charges(in: world.path("restored.sqlite")) == all)
    }
  }

  @Test func doctorTriesTheReplica() async throws {
    try await World.run { world in
      let socket = world.path("socket")
      let settings = ["REPLICATION_LITESTREAM_SOCKET": socket]
      let away = try await world.aidevbot("doctor", changing: settings)
      #expect(away.status != 0)
      #expect(away.output.contains("FAILED  replica       Litestream does not answer at \(socket)"))
      #expect(away.output.contains("journalctl -u aidevbot-litestream"))
      let litestream = try LoopbackServer(unixSocket: socket) { _ in
        .json(#"{"status":"synced","txid":6,"replicated_txid":6}"#)
      }
      defer { litestream.stop() }
      let there = try await world.aidevbot("doctor", changing: settings)
      #expect(there.status == 0, "\(there.output)")
      #expect(there.output.contains("ok      replica       has all that is committed"))
    }
  }

  @Test func restoringAndBackingUpMindLitestream() async throws {
    try await World.run { world in
      let litestream = try Litestream(world)
      try await world.openAnAccountInTheConsole()
      let replication = try litestream.replicate()
      try await litestream.waitUntilReplicaHas(0)
      #expect(try await world.aidevbot("backup", "b.sqlite").status == 0)
      // It would go on with a file that is no longer there.
      let refused = try await world.aidevbot("restore", "b.sqlite")
      #expect(refused.status == 75)
      #expect(refused.errors.contains("such as Litestream"))
      replication.signal(SIGTERM)
      #expect(try await replication.waitForExit().status == 0)
      #expect(try await world.aidevbot("restore", "b.sqlite").status == 0)
      try await world.expectSoundLedger()
    }
  }
}

/// The program, and where it replicates to.
private struct Litestream {
  private let world: World
  private let program: URL

  struct NeverSynced: Error {
    var errors: String
  }

  /// - Throws: `InstalledProgram.NotInstalled`.
  init(_ world: World) throws {
    self.world = world
    program = try InstalledProgram.litestream.find()
  }

  func replicate() throws -> ChildProcess {
    try start("replicate", [])
  }

  /// A bot, with an account, that promises nothing before it is on the replica.
  func startReplicated() async throws -> (daemon: ChildProcess, replication: ChildProcess) {
    // Litestream takes a database that is there.
    let first = try await world.startDaemon()
    try await world.openAccount()
    try await world.stop(first)
    let replication = try replicate()
    let daemon = try await world.startDaemon(
      changing: ["REPLICATION_LITESTREAM_SOCKET": world.path("socket")])
    return (daemon, replication)
  }

  func restore(to name: String, asOf moment: Date? = nil) async throws -> ChildProcess.Ending {
    let when = moment.map { ["-timestamp", form.format($0)] } ?? []
    return try await start("restore", when + ["-o", world.path(name), world.databasePath])
      .waitForExit()
  }

  /// What is in the replica, only a restore tells.
  func waitUntilReplicaHas(_ charges: Int) async throws {
    let end = ContinuousClock.now + .seconds(600)
    for number in 1... {
      let name = "look-\(charges)-\(number).sqlite"
      let look = try await restore(to: name)
      if look.status == 0, try world.charges(in: world.path(name)).count >= charges { return }
      guard ContinuousClock.now < end else { throw NeverSynced(errors: look.errors) }
    }
  }

  private func start(_ command: String, _ arguments: [String]) throws -> ChildProcess {
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try world.start(
      program,
      [command, "-config", package.appending(path: "systemd/litestream.yml").path] + arguments,
      changing: [
        "STATE_DIRECTORY": world.folder.path, "RUNTIME_DIRECTORY": world.folder.path,
        "LITESTREAM_REPLICA_URL": "file://\(world.path("replica"))", "LOG_LEVEL": "debug",
      ])
  }
}

private let form = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

/// A row of the journal that paid for a call.
private struct Charge: Equatable, Sendable, FetchableRecord {
  var key: String
  var micro: Int64

  init(row: Row) {
    key = row["idempotency_key"]
    micro = -(row["credits_amount_micro"] as Int64)
  }
}

extension World {
  fileprivate func charges(in path: String? = nil) throws -> [Charge] {
    let file = try DatabaseQueue(path: path ?? databasePath)
    defer { try? file.close() }
    return try file.read { db in
      try Charge.fetchAll(
        db,
        sql: """
          SELECT * FROM credit_transactions WHERE transaction_type = 'usage_deduction' ORDER BY id
          """)
    }
  }

  /// With all that Litestream keeps beside it.
  fileprivate func destroyDatabase() throws {
    for name in try names(in: "") where name.contains("aidevbot.sqlite") {
      try FileManager.default.removeItem(at: url(name))
    }
  }
}
