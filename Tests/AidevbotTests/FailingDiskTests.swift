import Glibc
import Testing
import TestSupport

/// The Nth operation on the database's files fails, for every N that a paid question comes to.
@Suite("On a disk that fails")
struct FailingDiskTests {
  @Test(arguments: FaultyDisk.Fault.allCases, FaultSweep.Length.allCases)
  func answersAndChargesOnceTheFaultIsGone(
    fault: FaultyDisk.Fault, length: FaultSweep.Length
  ) async throws {
    try await FaultSweep.run("a question", fault, length) { sweep in
      let world = sweep.world
      let daemon = try await world.startDaemon(changing: sweep.disk.environment)
      try await world.openAccount()
      while sweep.injectNext() {
        try await sweep.ask(daemon) { [disk = sweep.disk] in disk.mend() }
        try await sweep.expectAnswered()
        #expect(world.telegram.state.value.sent(to: 42).count == 1 + sweep.rounds)
        #expect(try world.usage().allSatisfy { $0.chargedTo == "user" })
      }
      try await world.stop(daemon)
      try await world.expectNothingLeft()
    }
  }

  @Test(arguments: FaultyDisk.Fault.allCases)
  func losesNothingWhereItIsKilledMeanwhile(fault: FaultyDisk.Fault) async throws {
    try await FaultSweep.run("a question and a kill", fault) { sweep in
      let world = sweep.world
      var daemon = try await world.startDaemon(changing: sweep.disk.environment)
      try await world.openAccount()
      try world.keepYoung()
      while sweep.injectNext() {
        let before = world.telegram.state.value.sent(to: 42).count
        try await sweep.ask(daemon) { [daemon] in daemon.signal(SIGKILL) }
        try await world.kill(daemon)
        sweep.disk.mend()
        let isRepeated = world.telegram.state.value.sent(to: 42).count > before
        daemon = try await world.startDaemon(changing: sweep.disk.environment)
        try await sweep.expectAnswered()
        // A repeat only of an answer that could not be recorded as sent.
        let copies = world.telegram.state.value.sent(to: 42).count - before
        #expect(copies == 1 || isRepeated && copies == 2)
      }
      try await world.stop(daemon)
      try await world.expectNothingLeft()
    }
  }
}

extension FaultSweep {
  /// Asks a question, and waits until the log has named the fault, or there was nothing more for it
  /// to hit. What is to follow does so at once, as the bot does not wait for a test that is slow to
  /// go on.
  fileprivate func ask(
    _ daemon: ChildProcess, then follow: @escaping @Sendable () -> Void
  ) async throws {
    let said = daemon.saidSoFar
    world.telegram.message(Seller.gemini.question, from: 42)
    try await world.wait(for: "the end of the question, or word of operation \(number)") {
      guard try daemon.hasNamed(fault, after: said) || isAtRest() else { return false }
      follow()
      return true
    }
  }

  /// Whether there is an answer in each round, and nothing is left to be done.
  private func isAtRest() throws -> Bool {
    guard Set(world.telegram.state.value.sent(to: 42)).count > rounds else { return false }
    return try world.number(
      """
      SELECT count(text) = \(rounds + 1) AND total(state <> 'sent') = 0
        AND NOT EXISTS (SELECT 1 FROM inbox WHERE state <> 'done')
      FROM outbox
      """) == 1
  }

  /// Waits until every question has its answer; then it has its charge too, and the file is whole.
  fileprivate func expectAnswered() async throws {
    try await world.wait(for: "the answer after operation \(number)") { try isAtRest() }
    let answers = world.telegram.state.value.sent(to: 42).filter {
      $0.hasPrefix("Hello from the fake model.")
    }
    #expect(Set(answers).count == rounds)
    #expect(try world.balance() == 100_000_000 - Seller.gemini.charge * Int64(rounds))
    let usage = try world.usage()
    #expect(usage.count { $0.chargedTo == "user" } == rounds)
    // What was lost is the house's: the calls that had been marked as sent.
    let lost = try world.number(
      "SELECT count(*) FROM credit_holds WHERE state = 'voided' AND sent_at IS NOT NULL")
    #expect(usage.count == rounds + Int(lost ?? -1))
    #expect(world.callCount(.gemini) <= usage.count)
    try world.expectWholeFile()
  }
}
