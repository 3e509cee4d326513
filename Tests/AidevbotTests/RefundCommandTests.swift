import Foundation
import Testing
import TestSupport

/// Refunds from a shell, beside the daemon and without it.
@Suite("aidevbot refund")
struct RefundCommandTests {
  @Test func refundsWithoutADaemon() async throws {
    try await World.run { world in
      try await world.sellAndClose()
      let refund = try await world.refund("stx-1")
      #expect(refund.status == 0, "\(refund.errors)")
      #expect(refund.output == "200 Stars were given back; 250.00 credits were taken back.\n")
      #expect(world.telegram.state.value.repaid == ["stx-1"])
      #expect(try world.refunds() == ["stx-1: done, 250000000, 0"])
      #expect(try world.balance() == 100_000_000)

      let again = try await world.refund("stx-1", "--json")
      #expect(again.status == 0)
      #expect(
        try JSONValue(json: Data(again.output.utf8)) == [
          "state": "done", "stars": 200, "credits_taken_back": "250", "house_loss": "0",
        ])
      #expect(world.telegram.state.value.calls(of: "refundStarPayment").count == 1)
      // The person is told once the daemon runs.
      let daemon = try await world.openShop()
      try await world.message(with: "Your payment of 200 Stars was refunded", to: 42)
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      #expect(world.telegram.state.value.messages(to: 42, with: "was refunded").count == 1)
      try await world.expectNothingLeft()
    }
  }

  @Test func refundsBesideTheDaemon() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.buyStarter("stx-1")
      let refund = try await world.refund("stx-1")
      #expect(refund.status == 0, "\(refund.errors)")
      #expect(refund.output == "200 Stars were given back; 250.00 credits were taken back.\n")
      try await world.message(with: "Your payment of 200 Stars was refunded", to: 42)
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      #expect(world.telegram.state.value.repaid == ["stx-1"])
      #expect(world.telegram.state.value.messages(to: 42, with: "was refunded").count == 1)
      #expect(try world.balance() == 100_000_000)
      try await world.expectNothingLeft()
    }
  }

  @Test(arguments: [FakeTelegramFault.hang, .loseAnswer], [true, false])
  func goesOnWhereItWasCutOff(fault: FakeTelegramFault, withDaemon: Bool) async throws {
    try await World.run { world in
      try await world.sellAndClose()
      world.telegram.fail("refundStarPayment", with: fault)
      let first = try world.start(["refund", "stx-1"], changing: World.shop)
      try await world.telegram.state.wait(for: "the refund on its way") {
        !$0.calls(of: "refundStarPayment").isEmpty
      }
      if fault.isHang { first.signal(SIGKILL) }
      let ending = try await first.waitForExit()
      #expect(ending.status == (fault.isHang ? -SIGKILL : 75))
      #expect(
        ending.output
          == (fault.isHang
            ? ""
            : "Telegram does not answer. The refund is booked; the running bot goes on with it, or "
              + "run this again.\n"))
      #expect(try world.balance() == 100_000_000)

      let daemon = withDaemon ? try await world.openShop() : nil
      if !withDaemon {
        let second = try await world.refund("stx-1")
        #expect(second.status == 0)
        #expect(second.output == "200 Stars were given back; 250.00 credits were taken back.\n")
      }
      let last = if let daemon { daemon } else { try await world.openShop() }
      try await world.message(with: "Your payment of 200 Stars was refunded", to: 42)
      try await world.waitUntilAllIsDone()
      try await world.stop(last)
      #expect(world.telegram.state.value.repaid == ["stx-1"])
      #expect(world.telegram.state.value.messages(to: 42, with: "was refunded").count == 1)
      #expect(try world.refunds() == ["stx-1: done, 250000000, 0"])
      #expect(try world.balance() == 100_000_000)
      try await world.expectNothingLeft()
    }
  }

  /// The daemon looks into its outbox whenever it has something else to send. If it does so while
  /// Telegram hangs, it has to try again.
  @Test func isGoneOnWithByTheDaemonBesideIt() async throws {
    try await World.run { world in
      let daemon = try await world.openShop(changing: ["AIDEVBOT_PATIENCE": nil])
      try await world.buyStarter("stx-1")
      try await world.waitUntilAllIsDone()
      world.telegram.onCall { $0.method == "refundStarPayment" ? .hang : nil }
      let refund = try world.start(["refund", "stx-1"], changing: World.shop)
      try await world.telegram.state.wait(for: "the refund on its way") {
        !$0.calls(of: "refundStarPayment").isEmpty
      }
      refund.signal(SIGKILL)
      try await refund.waitForExit()
      #expect(world.telegram.state.value.repaid.isEmpty)
      world.telegram.onCall { _ in nil }
      #expect(try await world.ask("/status").hasPrefix("Balance: 100.00 credits"))
      try await world.message(with: "Your payment of 200 Stars was refunded", to: 42)
      #expect(try await world.refund("stx-1").status == 0)
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      #expect(world.telegram.state.value.repaid == ["stx-1"])
      #expect(world.telegram.state.value.messages(to: 42, with: "was refunded").count == 1)
      #expect(try world.refunds() == ["stx-1: done, 250000000, 0"])
      try await world.expectNothingLeft()
    }
  }

  @Test func takesSpentCreditsOnlyByForce() async throws {
    try await World.run { world in
      try await world.sellAndClose(asking: true)
      let refused = try await world.refund("stx-1")
      #expect(refused.status == 1)
      #expect(refused.output.isEmpty)
      #expect(
        refused.errors == """
          aidevbot: 0.39375 of its 250.00 credits are spent; a forced refund gives back all the \
          Stars, and the house bears the rest

          """)
      #expect(try world.refunds().isEmpty)
      #expect(world.telegram.state.value.calls(of: "refundStarPayment").isEmpty)

      // Of the 250 credits that were bought, a question took 0.39375.
      let forced = try await world.refund("stx-1", "--force", "--json")
      #expect(forced.status == 0, "\(forced.errors)")
      #expect(
        try JSONValue(json: Data(forced.output.utf8)) == [
          "state": "done", "stars": 200, "credits_taken_back": "249.60625",
          "house_loss": "0.39375",
        ])
      #expect(try world.balance() == 0)
      #expect(try world.refunds() == ["stx-1: done, 249606250, 393750"])
      #expect(world.telegram.state.value.repaid == ["stx-1"])
      try await world.expectSoundLedger()
    }
  }

  @Test func asksForWhoPaidWhereTheirDataAreErased() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.buyStarter("stx-1")
      try await world.press("deletemydata:yes")
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      let unknown = try await world.refund("stx-1", "--force")
      #expect(unknown.status == 1)
      #expect(
        unknown.errors == "aidevbot: the payer has erased their data; give their Telegram user id "
          + "as well\n")
      let refund = try await world.refund("stx-1", "--force", "--user", "42")
      #expect(refund.status == 0, "\(refund.errors)")
      #expect(world.telegram.state.value.repaid == ["stx-1"])
      #expect(try world.refunds() == ["stx-1: done, 0, 250000000"])
      try await world.expectSoundLedger()
    }
  }

  @Test(arguments: [[], ["--json"]])
  func saysThatTelegramRefuses(options: [String]) async throws {
    try await World.run { world in
      try await world.sellAndClose()
      world.telegram.fail("refundStarPayment", with: .badRequest("BALANCE_TOO_LOW"))
      let ending = try await world.start(
        ["refund", "stx-1"] + options, changing: World.shop
      ).waitForExit()
      #expect(ending.status == 1)
      if options.isEmpty {
        #expect(ending.output.hasPrefix("Telegram refuses: "))
        #expect(ending.output.hasSuffix("and the credits are on the account again.\n"))
      } else {
        let json = try JSONValue(json: Data(ending.output.utf8))
        #expect(json["state"] == "failed")
        #expect(json["failure"]?.string?.contains("BALANCE_TOO_LOW") == true)
      }
      #expect(try world.balance() == 350_000_000)
      #expect(try world.refunds() == ["stx-1: failed, 250000000, 0"])
      try await world.expectSoundLedger()
      #expect(try await world.refund("stx-1").status == 0)
      #expect(try world.balance() == 100_000_000)
      try await world.expectSoundLedger()
    }
  }

  @Test func saysThatTheTokenIsWrong() async throws {
    try await World.run { world in
      try await world.sellAndClose()
      var changes = World.shop
      changes["TELEGRAM_BOT_TOKEN"] = "7000000001:AAnotherTokenThanTheRightOne"
      let ending = try await world.aidevbot("refund", "stx-1", changing: changes)
      #expect(ending.status == 78)
      #expect(
        ending.errors == "aidevbot: Telegram rejects TELEGRAM_BOT_TOKEN; ask @BotFather for the "
          + "current token.\n")
      #expect(try world.refunds() == ["stx-1: pending, 250000000, 0"])
      // With the right one it goes on where it was.
      #expect(try await world.refund("stx-1").status == 0)
      #expect(world.telegram.state.value.repaid == ["stx-1"])
      #expect(try world.balance() == 100_000_000)
      try await world.expectSoundLedger()
    }
  }

  @Test func knowsOnlyWhatWasPaid() async throws {
    try await World.run { world in
      try await world.sellAndClose()
      let ending = try await world.refund("stx-2")
      #expect(ending.status == 1)
      #expect(ending.output.isEmpty)
      #expect(
        ending.errors
          == "aidevbot: no payment has the charge id stx-2; it is in the payer's receipt\n")
      #expect(world.telegram.state.value.calls(of: "refundStarPayment").isEmpty)
      #expect(try world.balance() == 350_000_000)
    }
  }
}

extension World {
  fileprivate func refund(_ arguments: String...) async throws -> ChildProcess.Ending {
    try await start(["refund"] + arguments, changing: Self.shop).waitForExit()
  }

  /// One payment, and perhaps something spent of it; then the daemon ends.
  fileprivate func sellAndClose(asking: Bool = false) async throws {
    let daemon = try await openShop(
      changing: ["BILLING_INITIAL_GRANT_CREDITS": asking ? "0" : "100"])
    try await buyStarter("stx-1")
    if asking { try await ask("How do I begin?") }
    try await waitUntilAllIsDone()
    try await stop(daemon)
  }
}

extension FakeTelegramFault {
  fileprivate var isHang: Bool {
    if case .hang = self { true } else { false }
  }
}
