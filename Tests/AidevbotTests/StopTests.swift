@testable import aidevbot
import Glibc
import Testing
import TestSupport

/// A stop finds the daemon at anything.
@Suite("A stop")
struct StopTests {
  /// Right after the start, it reads Telegram's list of Stars. Nothing is left to be done then, so
  /// that the file is closed at once.
  @Test(arguments: ["getUpdates", "getStarTransactions", "getMyStarBalance"], 1...3)
  func isCleanWhileTheStarsAreReconciled(method: String, world _: Int) async throws {
    try await World.run { world in
      for _ in 1...6 {
        let calls = world.telegram.state.value.calls(of: method).count
        let daemon = try world.start(["run"], changing: World.shop)
        try await world.telegram.state.wait(for: "a call of \(method)") {
          $0.calls(of: method).count > calls
        }
        try await world.stop(daemon)
      }
      try world.expectWholeFile()
    }
  }

  @Test(arguments: Seller.allCases)
  func cancelsWhatTakesTooLongAndTellsThePerson(seller: Seller) async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon(["--drain", "0"])
      try await world.openAccount()
      world.hang(1, callsOf: seller)
      world.telegram.message(seller.question, from: 42)
      try await world.waitForCalls(1, to: seller)
      let log = try await world.stop(daemon).errors
      #expect(log.contains("Not all work ended in time; it is cancelled."))
      #expect(!log.contains("Something is left to be done"))
      #expect(
        world.telegram.state.value.sent(to: 42).last
          == "This was stopped before the model had answered. It cost you nothing.")
      #expect(try world.balance() == 100_000_000)
      let usage = try world.usage()
      #expect(usage.map(\.chargedTo) == ["house"])
      #expect(usage.map(\.isEstimate) == [true])
      #expect((usage.first?.nanoDollars ?? 0) > 0)
      // The file is closed with nothing pending, before any other start has recovered anything.
      try await world.expectNothingLeft()

      let next = try await world.startDaemon()
      #expect(try await world.ask(seller.question).hasPrefix("Hello from the fake model."))
      try await world.stop(next)
      #expect(world.callCount(seller) == 2)
    }
  }

  /// The next start sends them.
  @Test func waitsForNoRepliesThatHaveToWait() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon(
        changing: ["TELEGRAM_SENDS_PER_CHAT_PER_SECOND": "0.001"])
      try await world.openAccount()
      for _ in 1...19 { world.telegram.message("/help", from: 42) }
      try await world.telegram.state.wait(for: "a burst") { $0.sent(to: 42).count >= 3 }
      try await world.wait(
        for: "the end of all", untilThereIs: "SELECT count(*) >= 20 FROM inbox WHERE state = 'done'"
      )
      daemon.signal(SIGTERM)
      let log = try await daemon.waitForExit().errors
      #expect(!log.contains("Not all work ended in time"))
      #expect(world.telegram.state.value.sent(to: 42).count == 3)
      let next = try await world.startDaemon()
      try await world.telegram.state.wait(for: "the rest") { $0.sent(to: 42).count == 20 }
      try await world.stop(next)
      try await world.expectNothingLeft()
    }
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func isOverAtOnceAtASecondSignal(signal: Int32) async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      try world.keepYoung()
      world.hang(1, callsOf: .gemini)
      world.telegram.message(Seller.gemini.question, from: 42)
      try await world.waitForCalls(1, to: .gemini)
      daemon.signal(SIGTERM)
      try await daemon.state.wait(for: "the stop") { $0.errorText.contains("Stopping") }
      daemon.signal(signal)
      #expect(try await daemon.waitForExit().status == 0)
      #expect(
        try world.number("SELECT count(*) FROM credit_holds WHERE state = 'pending'") == 1)

      let next = try await world.startDaemon()
      #expect(try await world.replies(2, to: 42)[1].hasPrefix("Hello from the fake model."))
      try await world.stop(next)
      #expect(try world.usage().map(\.chargedTo) == ["house", "user"])
      try await world.expectNothingLeft()
    }
  }

  /// SIGUSR2, which nothing here means anything by, stands for the others.
  @Test func losesNoSignalThatComesAtOnce() async throws {
    let seen = Watched(0)
    Signals.handle([SIGUSR2]) { _ in seen.change { $0 += 1 } }
    Glibc.kill(getpid(), SIGUSR2)
    try await seen.wait(for: "the signal") { $0 == 1 }
  }
}
