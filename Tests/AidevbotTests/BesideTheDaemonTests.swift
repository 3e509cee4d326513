import Testing
import TestSupport

/// What the command line changes, the running daemon sees with the next update.
@Suite("Commands beside the daemon")
struct BesideTheDaemonTests {
  @Test func aPriceHoldsFromTheNextCallOn() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.ask("/start")
      #expect(try await world.ask("How do I begin?").contains("Cost: 0.39375 credits"))
      let set = try await world.aidevbot(
        "pricing", "set", "google", "gemini-3.8-flash", "--input", "10", "--output", "20",
        "--yes")
      #expect(set.status == 0)
      // 0.01 + 0.01 dollars, × 1.5 ÷ 0.01.
      #expect(try await world.ask("And now?").contains("Cost: 3.00 credits"))
      try await world.stop(daemon)
      #expect(try world.balance() == 100_000_000 - Seller.gemini.charge - 3_000_000)
      try await world.expectNothingLeft()
    }
  }

  @Test func aCallUnderWayKeepsThePriceItBeganAt() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.ask("/start")
      let mayAnswer = try await world.askWithoutAnAnswer()
      let set = try await world.aidevbot(
        "pricing", "set", "google", "gemini-3.8-flash", "--input", "10", "--output", "20",
        "--yes")
      #expect(set.status == 0)
      mayAnswer.change { $0 = true }
      #expect(try await world.replies(2, to: 42).last?.contains("Cost: 0.39375 credits") == true)
      try await world.stop(daemon)
      try await world.expectNothingLeft()
    }
  }

  @Test func aModelTakenOffSaleIsNotCalled() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon(changing: ["TELEGRAM_ADMIN_USER_IDS": "1001"])
      try await world.ask("/start")
      let off = try await world.aidevbot("pricing", "deactivate", "google", "gemini-3.8-flash")
      #expect(off.status == 0)
      let refusal = try await world.ask("How do I begin?")
      #expect(refusal.hasPrefix("The model for this is not available right now"))
      #expect(try await world.replies(1, to: 1001).first?.contains("pricing set google") == true)
      #expect(world.callCount(.gemini) == 0)
      #expect(try await world.ask("/code a loop").contains("Cost: 0.2325 credits"))
      try await world.stop(daemon)
      try await world.expectNothingLeft()
    }
  }

  @Test func aGrantIsThereAtOnce() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon(changing: ["BILLING_INITIAL_GRANT_CREDITS": "0"])
      try await world.ask("/start")
      let refusal = try await world.ask("How do I begin?")
      #expect(refusal.hasPrefix("Your credits do not cover this: at least "))
      #expect(world.callCount(.gemini) == 0)
      let grant = try await world.aidevbot("credits", "grant", "42", "12.5", "--reason", "hello")
      #expect(grant.status == 0)
      let credits = try await world.ask("/credits")
      #expect(credits.contains("Your balance is 12.50 credits."))
      #expect(credits.contains("+12.50  adjustment: hello"))
      #expect(try await world.ask("How do I begin?").contains("Left: 12.10625 credits"))
      try await world.stop(daemon)
      try await world.expectNothingLeft()
    }
  }

  @Test func whatIsHeldForACallCannotBeTakenBack() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.ask("/start")
      let mayAnswer = try await world.askWithoutAnAnswer()
      let shown = try await world.aidevbot("credits", "show", "42")
      #expect(shown.output.contains("Balance:   100.00 credits\n"))
      #expect(!shown.output.contains("Reserved:  0 credits"))
      let taken = try await world.aidevbot("credits", "grant", "42", "-100", "--reason", "back")
      #expect(taken.status == 1)
      try await world.expectSoundLedger()
      mayAnswer.change { $0 = true }
      try await world.replies(2, to: 42)
      try await world.stop(daemon)
      #expect(try world.balance() == 100_000_000 - Seller.gemini.charge)
      try await world.expectNothingLeft()
    }
  }
}
