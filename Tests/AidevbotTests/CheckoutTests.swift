import Testing
import TestSupport

/// The last moment at which nothing has to be given back: the bot is asked whether a payment may be
/// made.
@Suite("Checkout")
struct CheckoutTests {
  @Test func holdsAnOfferOnlyAsLongAsItStands() async throws {
    try await World.run { world in
      let first = try await world.openShop()
      try await world.openAccount()
      let invoice = try await world.order()
      try await world.stop(first)
      let dearer = ["STARS_PACKAGES": "Starter: 250 for 250"]
      let second = try await world.openShop(changing: dearer)
      let answer = try await world.checkOut(invoice)
      #expect(answer["ok"] == false)
      #expect(
        answer["error_message"]
          == "This offer has changed. Send /buy for what there is now. You have not been charged.")
      // What is paid all the same brings what was offered.
      #expect(try await world.pay(invoice, "stx-1").hasPrefix("Thank you! 250.00 credits"))
      #expect(try await world.press("buy:Builder").hasPrefix("This offer has changed."))
      let now = try await world.order()
      #expect(now.amount == 250)
      #expect(now.payload != invoice.payload)
      try await world.stop(second)
      #expect(try world.purchases() == ["stx-1: 250000000"])
      try await world.expectNothingLeft()
    }
  }

  @Test func takesNoMoneyFromTheBlocked() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.openAccount()
      let invoice = try await world.order()
      try await world.ask("/user 42", from: World.administrator)
      let page = try await world.message(with: "Balance: 100.00 credits")
      #expect(page.buttons == ["user:block 42"])
      let note = try await world.press(
        "user:block 42", onMessage: page.id, by: World.administrator)
      #expect(note == "Blocked.")
      let answer = try await world.checkOut(invoice)
      #expect(answer["ok"] == false)
      #expect(
        answer["error_message"] == """
          Your account is blocked. Please send /paysupport and your question. You have not been \
          charged.
          """)
      #expect(try await world.press("buy:Starter").hasPrefix("Your account is blocked."))
      #expect(
        try await world.press(
          "user:unblock 42", onMessage: page.id, by: World.administrator) == "No longer blocked.")
      #expect(try await world.checkOut(invoice)["ok"] == true)
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      try await world.expectNothingLeft()
    }
  }

  @Test func takesNoMoneyWhileTheLedgerIsBroken() async throws {
    try await World.run { world in
      let first = try await world.openShop()
      try await world.openAccount()
      let invoice = try await world.order()
      try await world.stop(first)
      try world.damage("UPDATE users SET credit_balance_micro = credit_balance_micro + 1")
      let second = try await world.openShop()
      let answer = try await world.checkOut(invoice)
      #expect(answer["ok"] == false)
      #expect(
        answer["error_message"] == """
          I cannot sell anything right now. Please try again later. You have not been charged.
          """)
      #expect(try await world.press("buy:Starter").hasPrefix("I cannot sell anything right now."))
      try await world.stop(second)
      #expect(world.telegram.state.value.invoices.count == 1)
    }
  }

  /// Not answered in time, it is answered no more; and not at all by a process that died of it.
  @Test func goesOnAfterAKill() async throws {
    try await World.run { world in
      let first = try await world.openShop()
      try await world.openAccount()
      let invoice = try await world.order()
      world.telegram.fail("answerPreCheckoutQuery", with: .hang)
      world.telegram.preCheckout(payload: invoice.payload, amount: 200, from: 42)
      try await world.telegram.state.wait(for: "the answer on its way") {
        !$0.calls(of: "answerPreCheckoutQuery").isEmpty
      }
      // Telegram takes it for two minutes and a half, and a slow machine may need more.
      try world.damage(
        """
        UPDATE outbox SET created_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '+12 hours')
        WHERE state = 'queued'
        """)
      try await world.kill(first)
      let second = try await world.openShop()
      let answers = try await world.telegram.state.wait(for: "the answer of the next life") {
        $0.calls(of: "answerPreCheckoutQuery").count == 2
      }.calls(of: "answerPreCheckoutQuery")
      #expect(answers[1].parameters["ok"] == true)
      #expect(answers[0] == answers[1])
      try await world.waitUntilAllIsDone()
      try await world.stop(second)
      try await world.expectNothingLeft()
    }
  }

  @Test func isAskedForAndToldOfAsTelegramKnowsIt() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      let poll = try #require(world.telegram.state.value.calls(of: "getUpdates").first)
      let kinds = (poll.parameters["allowed_updates"]?.array ?? []).compactMap(\.string)
      for kind in ["message", "callback_query", "pre_checkout_query", "subscription"] {
        #expect(kinds.contains(kind))
      }
      try await world.stop(daemon)
    }
  }
}
