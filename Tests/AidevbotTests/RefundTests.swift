import Testing
import TestSupport

/// Stars go back once, and the credits with them, wherever the way of a refund is cut off.
@Suite("Refunds")
struct RefundTests {
  /// What Telegram does to the request during which the process dies.
  enum CutOff: String, CaseIterable, Sendable {
    case hangs
    case losesTheAnswer
    case resets
    case failsWithStatus500
    case asksForPatience

    fileprivate var fault: FakeTelegramFault {
      switch self {
      case .hangs: .hang
      case .losesTheAnswer: .loseAnswer
      case .resets: .reset
      case .failsWithStatus500: .reply(.html("<h1>500</h1>", status: 500))
      case .asksForPatience: .tooManyRequests(retryAfter: 60)
      }
    }
  }

  @Test(arguments: CutOff.allCases)
  func goOnAfterAKill(cutOff: CutOff) async throws {
    try await World.run { world in
      let first = try await world.openShop()
      try await world.buyStarter("stx-1")
      try await world.waitUntilAllIsDone()
      // However late the kill comes.
      world.telegram.onCall { $0.method == "refundStarPayment" ? cutOff.fault : nil }
      try await world.ask("/refund stx-1", from: World.administrator)
      try await world.telegram.state.wait(for: "the refund on its way") {
        !$0.calls(of: "refundStarPayment").isEmpty
      }
      try await world.kill(first)
      world.telegram.onCall { _ in nil }
      #expect(try world.balance() == 100_000_000)
      #expect(world.telegram.state.value.repaid == (cutOff == .losesTheAnswer ? ["stx-1"] : []))

      let second = try await world.openShop()
      try await world.message(with: "200 Stars were returned to their payer.")
      try await world.message(with: "and 250.00 credits were taken back", to: 42)
      try await world.waitUntilAllIsDone()
      try await world.stop(second)
      #expect(world.telegram.state.value.repaid == ["stx-1"])
      #expect(world.telegram.state.value.starBalance == 0)
      #expect(try world.refunds() == ["stx-1: done, 250000000, 0"])
      #expect(try world.balance() == 100_000_000)
      // Where Telegram had told of it, the first life may have said so and not known any more.
      let news = world.telegram.state.value
      let copies = cutOff == .losesTheAnswer ? 1...2 : 1...1
      #expect(copies.contains(news.messages(to: World.administrator, with: "were returned").count))
      #expect(copies.contains(news.messages(to: 42, with: "was refunded").count))
      try await world.expectNothingLeft()
    }
  }

  @Test func giveTheCreditsBackWhereTelegramRefuses() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.buyStarter("stx-1")
      world.telegram.starTransaction(.withdrawal("w-1", stars: 150))
      let said = try await world.ask("/refund stx-1", from: World.administrator)
      #expect(said.hasPrefix("200 Stars are on their way back to user 42."))
      let alert = try await world.message(with: "did not succeed").text
      #expect(alert.contains("BALANCE_TOO_LOW"))
      #expect(alert.contains("The credits are on the account again. Charge id: stx-1"))
      #expect(try world.refunds() == ["stx-1: failed, 250000000, 0"])
      #expect(try world.balance() == 350_000_000)
      #expect(world.telegram.state.value.repaid == ["w-1"])
      try await world.expectSoundLedger()

      try await world.buyStarter("stx-2", for: 43)
      try await world.ask("/refund stx-1", from: World.administrator)
      try await world.message(with: "200 Stars were returned to their payer.")
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      #expect(world.telegram.state.value.repaid == ["w-1", "stx-1"])
      #expect(
        try world.refunds() == ["stx-1: failed, 250000000, 0", "stx-1: done, 250000000, 0"])
      #expect(try world.balance() == 100_000_000)
      try await world.expectLedgerAndQueues()
    }
  }

  /// One after the other, and two at once.
  @Test func areMadeOnceHoweverOftenTheyAreAskedFor() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.buyStarter("stx-1")
      for _ in 1...2 { world.telegram.message("/refund stx-1", from: World.administrator) }
      world.telegram.message("/refund stx-1", from: 1002)
      try await world.message(with: "were returned to their payer.")
      #expect(
        try await world.ask("/refund stx-1", from: World.administrator)
          .hasPrefix("This payment has already been refunded."))
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      #expect(world.telegram.state.value.repaid == ["stx-1"])
      #expect(world.telegram.state.value.calls(of: "refundStarPayment").count == 1)
      #expect(try world.balance() == 100_000_000)
      #expect(
        world.telegram.state.value.sent(to: 1002)
          == ["I do not know /refund. Send /help for everything I can do."])
      try await world.expectNothingLeft()
    }
  }

  /// What is held for a call is neither taken back nor given up for lost.
  @Test(arguments: [true, false])
  func waitForACallUnderWay(isChargedBack: Bool) async throws {
    try await World.run { world in
      let daemon = try await world.openShop(changing: ["BILLING_INITIAL_GRANT_CREDITS": "0"])
      try await world.buyStarter("stx-1")
      let mayAnswer = try await world.askWithoutAnAnswer()
      if isChargedBack {
        world.telegram.refund(chargeID: "stx-1")
        try await world.message(with: "were given back elsewhere, or charged back.")
        #expect(
          try world.number("SELECT credit_balance_micro = credit_held_micro FROM users") == 1)
      } else {
        #expect(
          try await world.ask("/refund stx-1", from: World.administrator)
            == "Nothing was refunded: a request of this person is under way; try again in a minute."
        )
      }
      try await world.expectSoundLedger()
      mayAnswer.change { $0 = true }
      try await world.message(with: "Hello from the fake model.", to: 42)
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      #expect(world.telegram.state.value.repaid == (isChargedBack ? ["stx-1"] : []))
      let charge = Seller.gemini.charge
      let purchased: Int64 = 250_000_000
      let taken = try world.number("SELECT total(clawback_micro) FROM refunds") ?? 0
      #expect(try world.balance() == purchased - charge - taken)
      #expect((taken > 0) == isChargedBack)
      try await world.expectNothingLeft()
    }
  }

  /// Nobody knows any more who paid, and the credits were lost with the account.
  @Test func goToWhoHasErasedTheirDataToo() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.buyStarter("stx-1")
      try await world.ask("/deletemydata")
      let farewell = try await world.message(with: "This erases your account", to: 42)
      try await world.press("deletemydata:yes", onMessage: farewell.id)
      #expect(
        try await world.ask("/refund stx-1", from: World.administrator)
          == "Nothing was refunded: the payer has erased their data; give their Telegram user id "
          + "as well.")
      try await world.ask("/refund stx-1 42", from: World.administrator)
      let question = try await world.message(with: "so nothing was refunded")
      #expect(question.text.hasPrefix("250.00 of its 250.00 credits are spent"))
      try await world.press(
        try #require(question.buttons.first), onMessage: question.id, by: World.administrator)
      try await world.message(with: "were returned to their payer.")
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      #expect(world.telegram.state.value.repaid == ["stx-1"])
      #expect(try world.refunds() == ["stx-1: done, 0, 250000000"])
      try await world.expectNothingLeft()
    }
  }

  @Test func ofSpentCreditsAreAskedForTwice() async throws {
    try await World.run { world in
      let daemon = try await world.openShop(changing: ["BILLING_INITIAL_GRANT_CREDITS": "0"])
      try await world.buyStarter("stx-1")
      try await world.ask("How do I begin?")
      let question = try await world.ask("/refund stx-1", from: World.administrator)
      #expect(
        question.hasPrefix("0.39375 of its 250.00 credits are spent, so nothing was refunded."))
      #expect(try world.refunds().isEmpty)
      let asked = try await world.message(with: "so nothing was refunded")
      try await world.press(
        try #require(asked.buttons.first), onMessage: asked.id, by: World.administrator)
      let news = try await world.message(with: "were returned to their payer.").text
      #expect(news.contains("0.39375 credits of it were spent; the house bears them."))
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      #expect(try world.balance() == 0)
      #expect(try world.refunds() == ["stx-1: done, 249606250, 393750"])
      #expect(world.telegram.state.value.repaid == ["stx-1"])
      try await world.expectNothingLeft()
    }
  }
}

extension World {
  /// As `expectNothingLeft`, where Telegram has refused something.
  func expectLedgerAndQueues() async throws {
    #expect(try number("SELECT count(*) FROM inbox WHERE state = 'pending'") == 0)
    #expect(try number("SELECT count(*) FROM outbox WHERE state = 'queued'") == 0)
    try await expectSoundLedger()
  }
}

extension JSONValue {
  /// The operator takes Stars home: an entry of Telegram's list.
  static func withdrawal(_ id: String, stars: Int64) -> JSONValue {
    [
      "id": .string(id), "amount": .integer(stars), "date": 1_764_000_000,
      "receiver": ["type": "fragment"],
    ]
  }
}
