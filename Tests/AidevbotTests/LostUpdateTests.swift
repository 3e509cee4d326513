import Testing
import TestSupport

/// What the daemon finds in the list when it starts.
@Suite("Lost updates")
struct LostUpdateTests {
  @Test func ofPaymentsAreCreditedAtTheStart() async throws {
    try await World.run { world in
      let first = try await world.openShop()
      try await world.openAccount()
      let invoice = try await world.order()
      try await world.stop(first)
      let lost = world.telegram.payment(
        payload: invoice.payload, amount: 200, chargeID: "stx-1", from: 42, isDelivered: false)

      let second = try await world.openShop()
      let receipt = try await world.message(with: "Thank you! 250.00 credits", to: 42).text
      #expect(receipt.hasSuffix("\nstx-1"))
      // Found again after all, it is nothing new.
      world.telegram.deliverAgain(lost)
      #expect(try await world.ask("/status").hasPrefix("Balance: 350.00 credits"))
      try await world.waitUntilAllIsDone()
      try await world.stop(second)
      #expect(try world.purchases() == ["stx-1: 250000000"])
      #expect(world.telegram.state.value.messages(to: 42, with: "Thank you").count == 1)
      #expect(world.telegram.state.value.sent(to: World.administrator).isEmpty)
      try await world.expectNothingLeft()
    }
  }

  @Test func areFoundOnceTheListCanBeReadAgain() async throws {
    try await World.run { world in
      let first = try await world.openShop()
      try await world.openAccount()
      let invoice = try await world.order()
      try await world.stop(first)
      world.telegram.payment(
        payload: invoice.payload, amount: 200, chargeID: "stx-1", from: 42, isDelivered: false)
      let malformed = #"{"ok":true,"result":{"transactions":[{"id":7}]}}"#
      for _ in 1...3 {
        world.telegram.fail("getStarTransactions", with: .reply(.json(malformed)))
      }
      let second = try await world.startDaemon(changing: World.shop)
      let alert = try await world.message(with: "list of Stars cannot be read or booked").text
      #expect(alert.hasPrefix("⚠️ "))
      try await world.message(with: "Thank you! 250.00 credits", to: 42)
      try await world.waitUntilAllIsDone()
      try await world.stop(second)
      #expect(world.telegram.state.value.sent(to: World.administrator).count == 1)
      #expect(try world.purchases() == ["stx-1: 250000000"])
      try await world.expectNothingLeft()
    }
  }

  /// A list of several pages, and a kill between two of them.
  @Test func ofManyPaymentsAreCreditedPageByPage() async throws {
    try await World.run { world in
      let first = try await world.openShop()
      try await world.openAccount()
      let invoice = try await world.order()
      try await world.stop(first)
      for number in 1...205 {
        world.telegram.payment(
          payload: invoice.payload, amount: 200, chargeID: "stx-\(number)", from: 42,
          isDelivered: false)
      }
      world.telegram.onCall { call in
        call.method == "getStarTransactions" && call.parameters["offset"] == 100 ? .hang : nil
      }
      let second = try await world.startDaemon(changing: World.shop)
      try await world.wait(for: "the first page") {
        try world.balance() == 100_000_000 + 100 * 250_000_000
      }
      try await world.kill(second)
      world.telegram.onCall { _ in nil }

      let third = try await world.openShop()
      try await world.waitUntilAllIsDone()
      try await world.stop(third)
      #expect(try world.balance() == 100_000_000 + 205 * 250_000_000)
      #expect(
        try world.purchases().sorted() == (1...205).map { "stx-\($0): 250000000" }.sorted())
      let balance = try await world.aidevbot("stars", "balance", changing: World.shop)
      #expect(balance.status == 0)
      try await world.expectNothingLeft()
    }
  }

  @Test(arguments: [true, false])
  func ofChargebacksTakeTheCreditsBack(isSpent: Bool) async throws {
    try await World.run { world in
      let grant = ["BILLING_INITIAL_GRANT_CREDITS": isSpent ? "0" : "100"]
      let first = try await world.openShop(changing: grant)
      try await world.buyStarter("stx-1")
      if isSpent { try await world.ask("How do I begin?") }
      try await world.stop(first)
      world.telegram.refund(chargeID: "stx-1", isDelivered: false)

      let second = try await world.openShop()
      let alert = try await world.message(with: "charged back").text
      let loss = " 0.39375 credits of it were spent; the house bears them."
      #expect(
        alert == "⚠️ 200 Stars of user 42 were given back elsewhere, or charged back."
          + "\(isSpent ? loss : "") Charge id: stx-1")
      try await world.message(with: "Your payment of 200 Stars was refunded", to: 42)
      try await world.waitUntilAllIsDone()
      try await world.stop(second)
      #expect(try world.balance() == (isSpent ? 0 : 100_000_000))
      #expect(
        try world.refunds()
          == [isSpent ? "stx-1: done, 249606250, 393750" : "stx-1: done, 250000000, 0"])
      #expect(world.telegram.state.value.calls(of: "refundStarPayment").isEmpty)
      try await world.expectNothingLeft()
    }
  }
  /// Both the daemon and a shell read the list at the same time.
  @Test func areCreditedOnceWhoeverFindsThem() async throws {
    try await World.run { world in
      let first = try await world.openShop()
      try await world.openAccount()
      let invoice = try await world.order()
      try await world.stop(first)
      for number in 1...150 {
        world.telegram.payment(
          payload: invoice.payload, amount: 200, chargeID: "stx-\(number)", from: 42,
          isDelivered: false)
      }
      let shells = try (1...3).map { _ in
        try world.start(["stars", "reconcile"], changing: World.shop)
      }
      let second = try await world.openShop()
      for shell in shells { #expect(try await shell.waitForExit().status == 0) }
      try await world.ask("/status")
      try await world.waitUntilAllIsDone()
      try await world.stop(second)
      let charges = (1...150).map { "stx-\($0): 250000000" }
      #expect(try world.purchases().sorted() == charges.sorted())
      #expect(world.telegram.state.value.messages(to: 42, with: "Thank you!").count == 150)
      #expect(world.telegram.state.value.sent(to: World.administrator).isEmpty)
      try await world.expectNothingLeft()
    }
  }
}
