import Testing
import TestSupport

/// Telegram and the network misbehave while the daemon runs. Everybody is answered all the same.
@Suite("Telegram's faults")
struct TelegramFaultTests {
  @Test(arguments: [
    (FakeTelegramFault.tooManyRequests(retryAfter: 1), 1), (.htmlBadGateway, 1), (.reset, 1),
    (.reply(.json("null")), 1),
    // Telegram has taken these, but nobody could know.
    (.truncated, 2), (.loseAnswer, 2),
  ])
  func deliversAReplyDespiteAFailedSend(fault: FakeTelegramFault, copies: Int) async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.ask("/start")
      world.telegram.fail("sendMessage", with: fault)
      world.telegram.message("How do I begin?", from: 42)
      let replies = try await world.replies(1 + copies, to: 42)
      #expect(Set(replies.dropFirst()).count == 1)
      try await world.ask("/status")
      try await world.stop(daemon)
      #expect(world.telegram.state.value.sent(to: 42).count == 2 + copies)
      #expect(world.callCount(.gemini) == 1)
      #expect(try world.balance() == 100_000_000 - Seller.gemini.charge)
      try await world.expectNothingLeft()
    }
  }

  @Test(arguments: [
    FakeTelegramFault.tooManyRequests(retryAfter: 1), .htmlBadGateway, .reset, .truncated,
    .loseAnswer, .reply(.json("null")), .conflict(webhook: false), .conflict(webhook: true),
  ])
  func pollsOnAfterAFailedPoll(fault: FakeTelegramFault) async throws {
    try await World.run { world in
      let first = try await world.startDaemon()
      try await world.ask("/start")
      try await world.stop(first)
      world.telegram.fail("getUpdates", with: fault)
      let daemon = try await world.startDaemon()
      #expect(try await world.ask("How do I begin?").hasPrefix("Hello from the fake model."))
      try await world.stop(daemon)
      #expect(world.telegram.state.value.sent(to: 42).count == 2)
      #expect(world.callCount(.gemini) == 1)
      try await world.expectNothingLeft()
    }
  }

  @Test(arguments: ["getMe", "getWebhookInfo", "setMyCommands", "sendChatAction"])
  func waitsUntilTelegramIsThere(method: String) async throws {
    try await World.run { world in
      world.telegram.fail(method, with: .htmlBadGateway, .tooManyRequests(retryAfter: 1))
      let daemon = try await world.startDaemon()
      try await world.ask("/start")
      #expect(try await world.ask("How do I begin?").hasPrefix("Hello from the fake model."))
      try await world.telegram.state.wait(for: "the menu") { $0.commands != nil }
      try await world.stop(daemon)
      try await world.expectNothingLeft()
    }
  }

  @Test func stopsWhileItWaitsForTelegram() async throws {
    try await World.run { world in
      let daemon = try world.start(
        ["run"], changing: ["TELEGRAM_API_BASE_URL": "http://127.0.0.1:1"])
      try await daemon.state.wait(for: "the failure") {
        $0.errorText.contains("Telegram does not answer")
      }
      try await world.stop(daemon)
    }
  }

  @Test func removesAWebhookThatSomebodySet() async throws {
    try await World.run { world in
      world.telegram.setWebhook("https://example.org/hook")
      let daemon = try await world.startDaemon()
      // It did not wait for the poll that would have been refused.
      let methods = world.telegram.state.value.calls.map(\.method)
      #expect(methods.prefix { $0 != "getUpdates" }.contains("deleteWebhook"))
      try await world.ask("/start")
      try await world.telegram.state.wait(for: "a waiting poll") { $0.isPolled }
      world.telegram.setWebhook("https://example.org/hook")
      try await world.ask("/status")
      #expect(world.telegram.state.value.webhookURL.isEmpty)
      try await world.stop(daemon)
    }
  }

  @Test func endsWithOneSentenceWhereTelegramRejectsTheToken() async throws {
    try await World.run { world in
      let token = "7000000001:AAnotherTokenThanTheRightOne"
      let changes = World.shop.merging(["TELEGRAM_BOT_TOKEN": token]) { $1 }
      let ending = try await world.aidevbot("run", changing: changes)
      #expect(ending.status == 78)
      #expect(ending.output.isEmpty)
      #expect(
        ending.errors == "aidevbot: Telegram rejects TELEGRAM_BOT_TOKEN; "
          + "ask @BotFather for the current token.\n")
    }
  }

  /// A proxy has a path perhaps, so that only the answer tells.
  @Test func blamesTheAddressAndNotTheTokenWhereNothingIsFoundThere() async throws {
    try await World.run { world in
      let changes = ["TELEGRAM_API_BASE_URL": world.telegram.url + "/bot"]
      let ending = try await world.aidevbot("run", changing: changes)
      #expect(ending.status == 78)
      #expect(
        ending.errorLines.last ?? "" == """
          aidevbot: No bot of that token is known at the address in TELEGRAM_API_BASE_URL: see \
          that it has neither /bot nor the token at its end, then ask @BotFather for the current \
          TELEGRAM_BOT_TOKEN.
          """)
      let doctor = try await world.aidevbot("doctor", changing: changes)
      #expect(doctor.output.contains("→ see that TELEGRAM_API_BASE_URL has neither /bot nor"))
      // A slash at the end is none of its business.
      let slash = ["TELEGRAM_API_BASE_URL": world.telegram.url + "//"]
      #expect(try await world.aidevbot("doctor", changing: slash).output.contains("@devbot"))
    }
  }

  @Test func endsWhereTheTokenIsRevokedWhileItRuns() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.ask("/start")
      world.telegram.fail("getUpdates", with: .unauthorized)
      try await world.ask("/status")
      let ending = try await daemon.waitForExit()
      #expect(ending.status == 78)
      #expect(ending.errorLines.last?.hasPrefix("aidevbot: Telegram rejects") == true)
    }
  }

  @Test func answersOnceHoweverOftenAnUpdateComes() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.ask("/start")
      let mayAnswer = world.holdBack(callsOf: .gemini)
      let question = world.telegram.message("How do I begin?", from: 42)
      try await world.waitForCalls(1, to: .gemini)
      world.telegram.deliverAgain(question, question)
      // Served by then, as what is new comes after.
      try await world.ask("/start", from: 43)
      mayAnswer.change { $0 = true }
      try await world.replies(2, to: 42)
      world.telegram.deliverAgain(question)
      try await world.ask("/status")
      try await world.stop(daemon)
      let next = try await world.startDaemon()
      world.telegram.deliverAgain(question)
      try await world.ask("/status")
      try await world.stop(next)
      #expect(world.telegram.state.value.sent(to: 42).count == 4)
      #expect(world.callCount(.gemini) == 1)
      #expect(try world.balance() == 100_000_000 - Seller.gemini.charge)
    }
  }

  @Test func setsApartWhatItCannotReadAndTellsTheAdministrators() async throws {
    try await World.run { world in
      let first = try await world.startDaemon()
      try await world.ask("/start", from: 42)
      try await world.ask("/start", from: 43)
      try await world.stop(first)
      world.telegram.message("/status", from: 42)
      world.telegram.deliverRaw { #"{"update_id":\#($0),"kind_of_tomorrow":{"a":1}}"# }
      let bad = world.telegram.deliverRaw { #"{"update_id":\#($0),"message":"nonsense"}"# }
      world.telegram.deliverRaw { _ in #"{"no_id":true}"# }
      world.telegram.message("/status", from: 43)
      let daemon = try await world.startDaemon(
        changing: ["TELEGRAM_ADMIN_USER_IDS": "1001, 1002"])
      try await world.replies(2, to: 42)
      try await world.replies(2, to: 43)
      for administrator in [Int64(1001), 1002] {
        let alert = try await world.replies(1, to: administrator)
        #expect(alert.first?.contains("Update \(bad) could not be handled") == true)
      }
      try await world.stop(daemon)
      #expect(
        try world.number("SELECT update_id FROM inbox WHERE state = 'quarantined'") == bad)
      try await world.expectNothingLeft()
    }
  }

  @Test func followsIdsThatStartAgainLower() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.ask("/start")
      try await world.telegram.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
      world.telegram.resetIDs(to: 1_000)
      #expect(try await world.ask("How do I begin?").hasPrefix("Hello from the fake model."))
      try await world.stop(daemon)
      let next = try await world.startDaemon()
      #expect(try await world.ask("/status").hasPrefix("Balance: 99.60625 credits"))
      try await world.stop(next)
      try await world.expectNothingLeft()
    }
  }

  @Test func refusesAPaymentKindlyWhileTheSamePersonWaitsForAnAnswer() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.ask("/start")
      let mayAnswer = try await world.askWithoutAnAnswer()
      world.telegram.preCheckout(payload: "credits:100", amount: 50, from: 42)
      world.telegram.callback("projects:none", from: 42)
      let state = try await world.telegram.state.wait(for: "both answers") {
        $0.calls(of: "answerPreCheckoutQuery").count == 1
          && $0.calls(of: "answerCallbackQuery").count == 1
      }
      let answer = state.calls(of: "answerPreCheckoutQuery")[0].parameters
      #expect(answer["ok"] == false)
      let words = answer["error_message"]?.string
      #expect(words?.hasPrefix("I no longer know this order. Send /buy") == true)
      #expect(words?.hasSuffix("You have not been charged.") == true)
      #expect(state.sent(to: 42).count == 1)
      mayAnswer.change { $0 = true }
      try await world.replies(2, to: 42)
      try await world.stop(daemon)
      #expect(try world.balance() == 100_000_000 - Seller.gemini.charge)
      try await world.expectNothingLeft()
    }
  }

  @Test func keepsAnsweringThoseWhoHaveNotBlockedIt() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.ask("/start", from: 42)
      world.telegram.fail("sendMessage", with: .forbiddenBlocked)
      world.telegram.message("/status", from: 42)
      world.telegram.block(by: 42)
      try await world.telegram.state.wait(for: "the refused reply") {
        $0.calls(of: "sendMessage").count == 2
      }
      try await world.ask("/start", from: 43)
      try await world.stop(daemon)
      #expect(world.telegram.state.value.sent(to: 42).count == 1)
      #expect(try world.number("SELECT count(*) FROM outbox WHERE state = 'failed'") == 1)
      try await world.expectSoundLedger()
    }
  }
}
