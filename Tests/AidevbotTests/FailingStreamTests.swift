import Testing
import TestSupport

/// From the Nth operation on the database's files on, all fail, for every N that an answer which
/// grows comes to, until that is mended.
@Suite("A growing answer on a disk that fails")
struct FailingStreamTests {
  @Test func comesAndIsChargedOnce() async throws {
    try await FaultSweep.run("a growing answer", .full) { sweep in
      try await sweep.growAnswers { answer, _ in answer.end(" the fake model.") }
    }
  }

  @Test func isStoppedAndChargedOnce() async throws {
    try await FaultSweep.run("a stopped answer", .failsToWrite) { sweep in
      try await sweep.growAnswers { _, stop in stop() }
    }
  }
}

extension FaultSweep {
  /// - Parameter end: Ends an answer, of which the first words are there; or has it stopped.
  fileprivate mutating func growAnswers(
    _ end: (_ answer: SlowAnswer, _ stop: () -> Void) -> Void
  ) async throws {
    let slow = Watched<SlowAnswer?>(nil)
    world.onCall(of: .gemini) { _ in slow.value?.reply }
    let daemon = try await world.startDaemon(
      changing: disk.environment.merging(["ANSWERS_STREAMING": "edits"]) { $1 })
    try await world.openAccount()
    while injectNext() {
      try await growAnswer(daemon, slow, end)
    }
    try await world.stop(daemon)
    try await world.expectNothingLeft()
  }

  private func growAnswer(
    _ daemon: ChildProcess, _ slow: Watched<SlowAnswer?>,
    _ end: (_ answer: SlowAnswer, _ stop: () -> Void) -> Void
  ) async throws {
    let answer = SlowAnswer()
    slow.change { $0 = answer }
    answer.say("Hello from", outputTokens: 100)
    let (said, calls, before) = (daemon.saidSoFar, world.callCount(.gemini), messages.count)
    let update = world.telegram.message(Seller.gemini.question, from: 42)
    try await world.wait(for: "the first words, or word of operation \(number)") {
      daemon.hasNamed(fault, after: said) || messages.dropFirst(before).last == "Hello from ▌"
    }
    // What fails before the call would hold it up until then.
    if daemon.hasNamed(fault, after: said) { disk.mend() }
    try await world.waitForCalls(calls + 1, to: .gemini)
    let shown = world.telegram.state.value.messages.last { $0.chatID == 42 }?.id ?? 0
    end(answer) { world.telegram.callback("stop:\(update)", from: 42, messageID: shown) }
    try await world.wait(for: "the end, or word of operation \(number)") {
      try daemon.hasNamed(fault, after: said) || isAtRest(update)
    }
    disk.mend()
    try await world.wait(for: "the answer after operation \(number)") { try isAtRest(update) }
    try await expectOneAnswer(to: update, Array(messages.dropFirst(before)))
  }

  private var messages: [String] { world.telegram.state.value.sent(to: 42) }

  /// Whether the answer is there, and nothing is left to be done.
  private func isAtRest(_ update: Int64) throws -> Bool {
    try world.number(
      """
      SELECT EXISTS (SELECT 1 FROM inbox WHERE update_id = \(update) AND state = 'done')
        AND NOT EXISTS (SELECT 1 FROM inbox WHERE state <> 'done')
        AND NOT EXISTS (SELECT 1 FROM outbox WHERE state <> 'sent')
      """) == 1
  }

  /// No preview is left that passes for an answer, or for one that is still to come.
  private func expectOneAnswer(to update: Int64, _ messages: [String]) async throws {
    #expect(messages.count == 1)
    let isFree = messages.first?.hasSuffix("It cost you nothing.") == true
    #expect(isFree || messages.first?.hasPrefix("Hello from") == true)
    #expect(messages.first?.contains("▌") == false)
    let payers = try world.usage(ofUpdate: update).map(\.chargedTo)
    #expect(payers == [isFree ? "house" : "user"])
    try world.expectWholeFile()
    try await world.expectSoundLedger()
  }
}
