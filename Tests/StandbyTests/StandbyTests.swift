import Foundation
import Ledger
import Replication
@testable import Standby
import Testing
import TestSupport

/// How a machine comes to work, and with what.
@Suite("Standing by")
struct StandbyTests {
  private let rig: StandbyRig

  init() throws {
    rig = try StandbyRig()
  }

  private func term(of path: String) throws -> LeaseTerm? {
    try LedgerDatabase.look(at: path) { try LeaseTerm.current(in: $0) }
  }

  @Test func theFirstMachineBegins() async throws {
    let holding = try await rig.becomeHolder(try rig.standby())
    defer { holding.end() }
    #expect(!holding.isRestored)
    // A machine that has a database had its time to be first.
    #expect(rig.told.value == ["waits for a machine that has a database to begin."])
    // Nobody else could go on yet.
    #expect(try await rig.lease()?.restore == nil)
    let database = try LedgerDatabase(path: rig.files.database)
    try await holding.begin(with: database) { _ in }
    try database.close()
    #expect(try term(of: rig.files.database) == LeaseTerm(term: 1, holder: "one"))
    #expect(try await rig.lease()?.restore == "term-1")
    let url = try BucketAddress(parsing: rig.bucket.address).replicaURL(of: "term-1")
    #expect(rig.orders.value == ["unregister", "register \(url)", "sync"])
    // What is promised was synced before the lease was looked at.
    let looks = rig.bucket.contents.value.calls.count
    try await holding.secure()
    #expect(rig.orders.value.last == "sync")
    #expect(rig.bucket.contents.value.calls.dropFirst(looks).last == "GET aidevbot/lease")
  }

  /// It does not take the lease while its holder renews it, and does once it is given up.
  @Test func waitsForWhoeverWorks() async throws {
    try rig.replicate("term-3")
    try await rig.put(Lease(term: 3, holder: "two", restore: "term-3"))
    let (object, waits) = (rig.object, rig.waits)
    let standby = try rig.standby { number in
      let read = try #require(try await object.read())
      guard read.lease.holder == "two" else { return }
      var lease = read.lease.renewed()
      if number == 5 { lease.holder = "" }
      #expect(try await object.replace(read, by: lease) != nil)
    }
    let holding = try await rig.becomeHolder(standby)
    defer { holding.end() }
    #expect(waits.value >= 5)
    #expect(holding.isRestored && holding.lease.term == 4)
    let lease = try #require(try await rig.lease())
    #expect(lease.term == 4 && lease.holder == "one" && lease.restore == "term-3")
    #expect(try term(of: rig.files.database) == LeaseTerm(term: 3, holder: "two"))
    #expect(rig.told.value.contains { $0.hasPrefix("stands by; two works, with term 3; ") })
    #expect(rig.bucket.body(of: "standby/one") != nil)
    // Litestream has let go of whatever was at that path before.
    #expect(rig.orders.value == ["unregister"])
    let names = try FileManager.default.contentsOfDirectory(atPath: rig.folder.path)
    #expect(!names.contains { $0.contains(".copy") }, "\(names)")
  }

  /// By no clock but its own, at two looks: the same state means that nobody has renewed it.
  @Test func takesOverFromWhoeverIsSilent() async throws {
    try rig.replicate("term-3")
    try await rig.put(Lease(term: 3, holder: "two", restore: "term-3"))
    // Longer than the machine may take between a look and the reckoning after it.
    let holding = try await rig.becomeHolder(try rig.standby(ttl: .seconds(2)))
    defer { holding.end() }
    #expect(holding.lease.term == 4)
    #expect(rig.waits.value >= 1)
  }

  /// What came too late for the copy is on the path, and is restored with all the rest.
  @Test func restoresAnewWhereItsCopyLags() async throws {
    try rig.replicate("term-3", newest: 6, copied: 5)
    try await rig.put(Lease(term: 3, holder: "", restore: "term-3"))
    let holding = try await rig.becomeHolder(try rig.standby())
    defer { holding.end() }
    #expect(rig.waits.value >= 75)
    #expect(try term(of: rig.files.database) == LeaseTerm(term: 3, holder: "two"))
  }

  /// Whatever came after what its copy has to hold may be in it by half.
  @Test(arguments: [(5, 1), (6, 2)])
  func restoresAnewWhereItsCopyIsNotWhatIsOnThePath(copied: UInt64, restores: Int) async throws {
    try rig.replicate("term-3", newest: 5, copied: copied)
    try await rig.put(Lease(term: 3, holder: "", restore: "term-3"))
    let holding = try await rig.becomeHolder(try rig.standby())
    defer { holding.end() }
    #expect(rig.restores == restores)
  }

  /// There is nothing yet that another machine could go on with.
  @Test func takesNoLeaseBeforeTheFirstCopy() async throws {
    try await rig.put(Lease(term: 1, holder: "two", restore: nil))
    let object = rig.object
    let standby = try rig.standby(ttl: .milliseconds(20)) { number in
      guard number == 20 else { return }
      let read = try #require(try await object.read())
      #expect(read.lease.holder == "two")
      throw CancellationError()
    }
    await #expect(throws: CancellationError.self) { _ = try await rig.becomeHolder(standby) }
  }

  /// The second change comes before the first copy of the term: the path to restore from is the old
  /// one still, and its term is skipped.
  @Test func goesOnFromTheLastWholePath() async throws {
    try rig.replicate("term-3")
    try await rig.put(Lease(term: 5, holder: "three", restore: "term-3"))
    let holding = try await rig.becomeHolder(try rig.standby(ttl: .milliseconds(20)))
    defer { holding.end() }
    let database = try LedgerDatabase(path: rig.files.database)
    try await holding.begin(with: database) { _ in }
    try database.close()
    let lease = try #require(try await rig.lease())
    #expect(lease.term == 6 && lease.restore == "term-6")
  }

  /// It had the lease, and died while it restored.
  @Test func goesOnRestoringInTheSameTerm() async throws {
    try rig.replicate("term-3")
    try await rig.put(Lease(term: 4, holder: "one", restore: "term-3"))
    // What the process had begun that took the lease.
    try Data("half".utf8).write(to: URL(fileURLWithPath: rig.files.copy))
    let old = try LedgerDatabase(path: rig.files.database)
    try old.write { try LeaseTerm(term: 2, holder: "one").write(in: $0) }
    try old.close()
    let holding = try await rig.becomeHolder(try rig.standby())
    defer { holding.end() }
    #expect(holding.isRestored && holding.lease.term == 4)
    #expect(try term(of: rig.files.database)?.term == 3)
    let names = try FileManager.default.contentsOfDirectory(atPath: rig.folder.path)
    #expect(names.contains { $0.hasPrefix("bot.sqlite.set-aside-") }, "\(names)")
  }

  @Test func goesOnWithItsOwnFileAfterACrash() async throws {
    try await rig.put(Lease(term: 4, holder: "one", restore: "term-4"))
    let own = try LedgerDatabase(path: rig.files.database)
    try own.write { try LeaseTerm(term: 4, holder: "one").write(in: $0) }
    try own.close()
    let holding = try await rig.becomeHolder(try rig.standby())
    defer { holding.end() }
    #expect(!holding.isRestored && holding.lease.term == 4)
    #expect(try term(of: rig.files.database)?.term == 4)
  }

  @Test func waitsForABucketThatIsAway() async throws {
    rig.bucket.fail(.away, times: 3)
    let holding = try await rig.becomeHolder(try rig.standby())
    defer { holding.end() }
    #expect(rig.told.value.contains { $0.hasPrefix("waits for standby.bucket: ") })
  }

  /// Litestream was started anew, and knows of no database.
  @Test func namesTheDatabaseAgainToALitestreamThatForgot() async throws {
    let holding = try await rig.becomeHolder(try rig.standby())
    defer { holding.end() }
    let database = try LedgerDatabase(path: rig.files.database)
    defer { try? database.close() }
    try await holding.begin(with: database) { _ in }
    rig.forgets.change { $0 = true }
    try await holding.secure()
    let names = rig.orders.value.suffix(4).compactMap { $0.split(separator: " ").first }
    #expect(names == ["sync", "unregister", "register", "sync"])
  }

  @Test func movesWhereAnOperatorAsks() async throws {
    try await rig.put(Lease(term: 1, holder: "two", restore: "term-1"))
    let bot = SharedBot(in: try .ofTests(rig.bucket), ttl: .seconds(30))
    let status = try await bot.status()
    #expect(status.isRenewed && !status.hasStandby)
    #expect(
      status.lines == [
        "two works, with term 1; it said so 0 s ago.", "All that was promised is on term-1.",
        "No machine stands by.",
      ])
    let object = rig.object
    let holder = Task {
      while true {
        if let read = try await object.read(), read.lease.yields {
          let next = Lease(term: 2, holder: "one", restore: "term-2", beat: 9)
          return try await object.replace(read, by: next) != nil
        }
        await Task.yield()
      }
    }
    let lease = try #require(status.lease)
    #expect(try await bot.move(from: lease).holder == "one")
    #expect(try await holder.value)
  }
}
