import Testing
import TestSupport

/// Telegram Stars become credits, once for each charge.
@Suite("Payments")
struct PaymentTests {
  @Test func bringCreditsAndAReceipt() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.openAccount()
      let offers = try await world.ask("/buy")
      #expect(offers.hasPrefix("Your balance is 100.00 credits."))
      #expect(
        try await world.message(with: "Choose", to: 42).buttons
          == ["buy:Starter", "buy:Builder", "buy:Studio", "buy:Monthly"])

      let invoice = try await world.order("Builder")
      #expect(invoice.title == "Builder")
      #expect(invoice.description == "1000 + 50 credits for your AI developer.")
      #expect(invoice.amount == 850)
      #expect(invoice.startParameter == "buy")
      #expect(invoice.payload.count == 24)
      #expect(try await world.checkOut(invoice)["ok"] == true)
      #expect(try world.balance() == 100_000_000)

      let receipt = try await world.pay(invoice, "stx-1")
      #expect(
        receipt == """
          Thank you! 1050.00 credits are on your account; your balance is 1150.00 credits.

          Builder, 850 Stars. Charge id, in case you ever need /paysupport:
          stx-1
          """)
      let credits = try await world.ask("/credits")
      #expect(credits.hasPrefix("Your balance is 1150.00 credits."))
      #expect(credits.contains("+1050.00  bought: Builder"))
      try await world.stop(daemon)
      #expect(try world.balance() == 100_000_000 + 1_050_000_000)
      #expect(try world.purchases() == ["stx-1: 1050000000"])
      #expect(world.telegram.state.value.sent(to: World.administrator).isEmpty)
      try await world.expectNothingLeft()
    }
  }

  @Test func aForwardedInvoiceLeadsToAnOfferOfOnesOwn() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.ask("/start buy", from: 43)
      #expect(
        try await world.message(with: "Welcome", to: 43).buttons.first == "buy:Starter")
      let own = try await world.order(by: 43)
      #expect(own.chatID == 43)
      try await world.stop(daemon)
    }
  }

  /// The same update again, and another one of the same charge.
  @Test func creditOnceHoweverOftenTheyAreReported() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.openAccount()
      let invoice = try await world.order()
      let update = world.telegram.payment(
        payload: invoice.payload, amount: 200, chargeID: "stx-1", from: 42)
      try await world.message(with: "Thank you! 250.00 credits", to: 42)
      try await world.waitUntilAllIsDone()
      world.telegram.deliverAgain(update)
      world.telegram.payment(
        payload: invoice.payload, amount: 200, chargeID: "stx-1", from: 42, isListed: false)
      #expect(try await world.ask("/status").hasPrefix("Balance: 350.00 credits"))
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      #expect(try world.balance() == 350_000_000)
      #expect(try world.purchases() == ["stx-1: 250000000"])
      #expect(world.telegram.state.value.messages(to: 42, with: "Thank you").count == 1)
      try await world.expectNothingLeft()
    }
  }

  @Test func creditAgainWhereAnInvoiceIsPaidAgain() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.openAccount()
      let invoice = try await world.order()
      try await world.pay(invoice, "stx-1")
      #expect(try await world.checkOut(invoice)["ok"] == true)
      let receipt = try await world.pay(invoice, "stx-2")
      #expect(receipt.contains("your balance is 600.00 credits"))
      try await world.stop(daemon)
      #expect(try world.purchases() == ["stx-1: 250000000", "stx-2: 250000000"])
      try await world.expectNothingLeft()
    }
  }

  @Test(arguments: [
    (Int64(199), "XTR", "199 Stars", "its order costs 200 Stars"),
    (201, "XTR", "201 Stars", "its order costs 200 Stars"),
    (200, "USD", "200 USD", "it was made in another currency than Stars"),
  ])
  func creditNothingWhereTheyDoNotFit(
    amount: Int64, currency: String, sum: String, flaw: String
  ) async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.openAccount()
      let invoice = try await world.order()
      let answer = try await world.checkOut(invoice, amount: amount, currency: currency)
      #expect(answer["ok"] == false)
      #expect(
        answer["error_message"] == """
          The price does not match the order. Send /buy for a new invoice. You have not been \
          charged.
          """)
      let apology = try await world.pay(invoice, "stx-1", amount: amount, currency: currency)
      #expect(
        apology.hasPrefix(
          "Thank you. Your payment of \(sum) has arrived, but I cannot match it to an order "
            + "(\(flaw))."))
      #expect(apology.hasSuffix("\nstx-1"))
      let alert = try await world.message(with: "credits nothing").text
      #expect(
        alert == "⚠️ A payment of \(sum) by user 42 credits nothing: \(flaw). "
          + "Give it back with:\n/refund stx-1")
      try await world.stop(daemon)
      #expect(try world.balance() == 100_000_000)
      #expect(try world.purchases().isEmpty)
      try await world.expectNothingLeft()
    }
  }

  @Test func anInvoiceIsPaidByWhoAskedForItAlone() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.openAccount()
      try await world.openAccount(of: 43)
      let invoice = try await world.order()
      let answer = try await world.checkOut(invoice, by: 43)
      #expect(answer["ok"] == false)
      #expect(
        answer["error_message"] == """
          This invoice was made for another person. Send me /buy for one of your own. You have \
          not been charged.
          """)
      #expect(try await world.checkOut(invoice)["ok"] == true)

      let apology = try await world.pay(invoice, "stx-1", by: 43)
      #expect(apology.contains("(its order was made for another person)"))
      try await world.message(with: "A payment of 200 Stars by user 43 credits nothing")
      #expect(try world.purchases().isEmpty)
      // It goes back to who paid it, as the alert says.
      try await world.ask("/refund stx-1", from: World.administrator)
      try await world.message(with: "Your payment of 200 Stars was refunded.", to: 43)
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      #expect(world.telegram.state.value.repaid == ["stx-1"])
      #expect(try world.balance() == 100_000_000)
      #expect(try world.balance(of: 43) == 100_000_000)
      try await world.expectNothingLeft()
    }
  }

  @Test func whatNoOrderNamesCreditsNothing() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.openAccount()
      var stranger = try await world.order()
      stranger.payload = "somebody-else's"
      #expect(
        try await world.checkOut(stranger)["error_message"] == """
          I no longer know this order. Send /buy for a new invoice. You have not been charged.
          """)
      #expect(try await world.pay(stranger, "stx-1").contains("(it names no order of ours)"))
      try await world.message(with: "/refund stx-1")
      try await world.stop(daemon)
      #expect(try world.balance() == 100_000_000)
      try await world.expectNothingLeft()
    }
  }

  /// Telegram gives a payment up that is not answered within ten seconds; what hangs here does so
  /// for longer than a test waits for anything.
  @Test func areAnsweredForWhileEverythingElseHangs() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.openAccount()
      let invoice = try await world.order()
      let others = Set(Int64(101)...140)
      world.telegram.onCall { call in
        call.method == "sendMessage" && others.contains(call.parameters["chat_id"]?.integer ?? 0)
          ? .hang : nil
      }
      for user in others { world.telegram.message("/start", from: user) }
      // More requests than may be made at once.
      try await world.telegram.state.wait(for: "hanging messages") {
        $0.calls(of: "sendMessage").count > 30
      }
      try await world.wait(
        for: "all the welcomes", untilThereIs: "SELECT count(*) = 41 FROM users")
      let mayAnswer = try await world.askWithoutAnAnswer()
      defer { mayAnswer.change { $0 = true } }

      let query = world.telegram.preCheckout(payload: invoice.payload, amount: 200, from: 42)
      let state = try await world.telegram.state.wait(for: "the answer to update \(query)") {
        !$0.calls(of: "answerPreCheckoutQuery").isEmpty
      }
      #expect(state.calls(of: "answerPreCheckoutQuery").map { $0.parameters["ok"] } == [true])
      // The credits are there as fast, whatever the receipt waits for.
      world.telegram.payment(payload: invoice.payload, amount: 200, chargeID: "stx-1", from: 42)
      try await world.wait(for: "the credits") {
        try world.balance() == 350_000_000
      }
      #expect(try world.usage().isEmpty)
      try await world.kill(daemon)
    }
  }
}
