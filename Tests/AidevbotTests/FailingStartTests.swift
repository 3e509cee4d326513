import Foundation
import Testing
import TestSupport

/// From the Nth operation on the database's files on, counted from the start of the process, all
/// fail. The daemon either runs, or ends with one sentence; it runs once the fault is gone.
@Suite("A start on a disk that fails")
struct FailingStartTests {
  @Test(arguments: FaultyDisk.Fault.allCases)
  func makesTheDatabaseOrSaysWhyNot(fault: FaultyDisk.Fault) async throws {
    try await FaultSweep.run("a first start", fault, sharedBy: FaultyDisk.Fault.allCases) { sweep in
      let world = sweep.world
      while sweep.injectNext() {
        try world.removeDatabase()
        let polls = world.telegram.state.value.calls(of: "getUpdates").count
        let daemon = try await sweep.start {
          world.telegram.state.value.calls(of: "getUpdates").count > polls
        }
        try await world.ask("/start")
        try await world.stop(daemon)
        #expect(try world.balance() == 100_000_000)
        try world.expectWholeFile()
      }
    }
  }

  @Test(arguments: FaultyDisk.Fault.allCases)
  func goesOnWithUnfinishedWorkOrSaysWhyNot(fault: FaultyDisk.Fault) async throws {
    try await FaultSweep.run(
      "a start with work to go on with", fault, sharedBy: FaultyDisk.Fault.allCases
    ) { sweep in
      let world = sweep.world
      let first = try await world.startDaemon()
      try await world.openAccount()
      world.hang(1, callsOf: .gemini)
      world.telegram.message(Seller.gemini.question, from: 42)
      try await world.waitForCalls(1, to: .gemini)
      try world.keepYoung()
      try await world.kill(first)
      let files = try world.databaseFiles()
      while sweep.injectNext() {
        try world.removeDatabase()
        for (path, content) in files { try content.write(to: path) }
        let rounds = sweep.rounds
        let daemon = try await sweep.start {
          world.telegram.state.value.sent(to: 42).count > rounds
        }
        try await world.replies(1 + rounds, to: 42)
        try await world.stop(daemon)
        #expect(world.telegram.state.value.sent(to: 42).count == 1 + rounds)
        #expect(try world.balance() == 100_000_000 - Seller.gemini.charge)
        #expect(try world.usage().map(\.chargedTo) == ["house", "user"])
        try world.expectWholeFile()
        try await world.expectNothingLeft()
      }
    }
  }

  @Test func waitsForNoBuildsThatCannotBeRead() async throws {
    try await World.run { world in
      let first = try await world.startDaemon()
      try await world.openAccount()
      try await world.stop(first)
      try world.overwritePages(of: "builds")
      let daemon = try await world.startDaemon()
      try await world.wait(for: "word of the builds") {
        FaultyDisk.Fault.failsToRead.isNamed(in: daemon.state.value.errorText)
      }
      #expect(try await world.ask("/credits").contains("100"))
      try await world.stop(daemon)
    }
  }
}

extension FaultSweep {
  /// Starts the daemon, waits until it has named the fault, has ended, or got through, and mends
  /// the disk. Where the daemon has ended, starts it again.
  fileprivate func start(
    until isThrough: @escaping @Sendable () -> Bool
  ) async throws -> ChildProcess {
    let daemon = try world.start(["run"], changing: disk.environment)
    try await world.wait(for: "a start despite operation \(number)") {
      let isSeen =
        daemon.state.value.hasEnded || isThrough()
        || daemon.state.value.errorText.contains("Running.") && daemon.hasNamed(fault)
      // At once, as the bot does not wait for a test that is slow to go on.
      if isSeen { disk.mend() }
      return isSeen
    }
    guard daemon.state.value.hasEnded else { return daemon }
    let ending = try await daemon.waitForExit()
    #expect(ending.status == 1)
    #expect(ending.output.isEmpty)
    #expect(ending.errorLines.last?.hasPrefix("aidevbot: ") == true, "\(ending.errors)")
    #expect(fault.isNamed(in: String(ending.errorLines.last ?? "")), "\(ending.errors)")
    return try await world.startDaemon(changing: disk.environment)
  }
}

extension World {
  fileprivate func databaseFiles() throws -> [URL: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let paths = names.filter { $0.hasPrefix("aidevbot.sqlite") }.map(folder.appendingPathComponent)
    return try Dictionary(uniqueKeysWithValues: paths.map { ($0, try Data(contentsOf: $0)) })
  }

  fileprivate func removeDatabase() throws {
    for path in try databaseFiles().keys { try FileManager.default.removeItem(at: path) }
  }
}
