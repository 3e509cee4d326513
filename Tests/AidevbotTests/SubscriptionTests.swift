import Foundation
import GRDB
import Testing
import TestSupport

/// A package that is paid each month, from the first press to its end.
@Suite("Subscriptions")
struct SubscriptionTests {
  @Test func beginWithALinkAndCreditEachCharge() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      let payload = try await world.subscribe()
      let receipt = try await world.charge(payload, "sub-1", month: 1)
      #expect(receipt.hasPrefix("Thank you! 1000.00 credits are on your account"))
      #expect(receipt.contains("Monthly, 800 Stars."))
      let next = try await world.charge(payload, "sub-2", month: 2)
      #expect(next.contains("your balance is 2100.00 credits"))
      // Told again, a charge is nothing new.
      world.telegram.payment(
        payload: payload, amount: 800, chargeID: "sub-2", from: 42, isListed: false,
        subscriptionUntil: World.monthsAhead(2), isFirstRecurring: false)
      let credits = try await world.ask("/credits")
      #expect(credits.hasPrefix("Your balance is 2100.00 credits."))
      #expect(credits.contains("Your subscription renews on \(World.dayText(2))."))
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      #expect(try world.purchases() == ["sub-1: 1000000000", "sub-2: 1000000000"])
      #expect(try world.subscription() == "sub-1 active")
      try await world.expectNothingLeft()
    }
  }

  @Test func areSoldOneAtATime() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      let payload = try await world.subscribe()
      try await world.charge(payload, "sub-1", month: 1)
      world.telegram.callback("buy:Monthly", from: 42)
      try await world.telegram.state.wait(for: "the note") {
        $0.calls(of: "answerCallbackQuery").last?.parameters["text"]
          == "You already have a subscription; /credits shows when it renews."
      }
      #expect(world.telegram.state.value.invoiceLinks.count == 1)
      world.telegram.preCheckout(payload: payload, amount: 800, from: 42)
      let state = try await world.telegram.state.wait(for: "the answer to a second payment") {
        $0.calls(of: "answerPreCheckoutQuery").count == 2
      }
      let answer = state.calls(of: "answerPreCheckoutQuery")[1].parameters
      #expect(answer["ok"] == false)
      #expect(answer["error_message"]?.string?.hasPrefix("You already have a subscription") == true)
      try await world.stop(daemon)
      try await world.expectNothingLeft()
    }
  }

  /// Both pre-checkouts had passed before the first payment was told. The one that is known is the
  /// one that is paid for longer.
  @Test(arguments: [(0, "sub-2", "sub-1"), (60, "sub-1", "sub-2")] as [(Int64, String, String)])
  func thatBeginTwiceRenewOnce(later: Int64, ended: String, kept: String) async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      let payload = try await world.subscribe()
      try await world.charge(payload, "sub-1", month: 1)
      world.telegram.payment(
        payload: payload, amount: 800, chargeID: "sub-2", from: 42,
        subscriptionUntil: World.monthsAhead(1) + later, isFirstRecurring: true)
      try await world.message(with: "You have subscribed twice.", to: 42)
      try await world.waitUntilAllIsDone()
      #expect(world.telegram.state.value.canceledSubscriptions == ["42: \(ended)"])
      try await world.stop(daemon)
      #expect(try world.subscription() == "\(kept) active")
      #expect(try world.balance() == 100_000_000 + 2 * 1_000_000_000)
      try await world.expectNothingLeft()
    }
  }

  /// Telegram was not heard of at the end of the month.
  @Test func thatAreOverCanBeginAnew() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      let payload = try await world.subscribe()
      try await world.charge(payload, "sub-1", month: 0)
      let credits = try await world.ask("/credits")
      #expect(
        credits.contains(
          "Your subscription was paid until \(World.dayText(0)) and has not been renewed yet."))
      try await world.press("buy:Monthly")
      let link = try await world.telegram.state.wait(for: "another link") {
        $0.invoiceLinks.count == 2
      }.invoiceLinks[1]
      #expect(link.payload != payload)
      world.telegram.preCheckout(payload: link.payload, amount: 800, from: 42)
      let answers = try await world.telegram.state.wait(for: "the answer to a payment") {
        $0.calls(of: "answerPreCheckoutQuery").count == 2
      }.calls(of: "answerPreCheckoutQuery")
      #expect(answers[1].parameters["ok"] == true)
      try await world.charge(link.payload, "sub-2", month: 1)
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      #expect(try world.balance() == 100_000_000 + 2 * 1_000_000_000)
      try await world.expectNothingLeft()
    }
  }

  @Test func areCanceledInTheChat() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      let payload = try await world.subscribe()
      try await world.charge(payload, "sub-1", month: 1)
      try await world.charge(payload, "sub-2", month: 2)
      try await world.ask("/credits")
      let credits = try await world.message(with: "Your balance is", to: 42)
      #expect(credits.buttons.last == "credits:cancel")
      world.telegram.callback("credits:cancel", from: 42, messageID: credits.id)
      let question = try await world.message(with: "Do you want to cancel", to: 42)
      #expect(question.id == credits.id)
      #expect(question.text.contains("Your subscription renews on \(World.dayText(2))."))
      #expect(question.buttons == ["credits:cancel for good", "credits:keep"])
      #expect(world.telegram.state.value.subscriptionEdits.isEmpty)

      world.telegram.callback("credits:cancel for good", from: 42, messageID: credits.id)
      try await world.message(with: "Your subscription is canceled: you will not be", to: 42)
      #expect(world.telegram.state.value.canceledSubscriptions == ["42: sub-1"])
      let after = try await world.ask("/credits")
      #expect(
        after.contains("Your subscription is canceled and ends on \(World.dayText(2))."))
      #expect(
        try await world.message(with: "is canceled and ends on", to: 42).buttons
          == ["buy:Starter", "buy:Builder", "buy:Studio", "buy:Monthly"])
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      #expect(try world.subscription() == "sub-1 canceled")
      #expect(try world.balance() == 100_000_000 + 2 * 1_000_000_000)
      try await world.expectNothingLeft()
    }
  }

  /// The first one was canceled in Telegram's settings, and is taken up there again.
  @Test func areCanceledTogetherWhereTwoGoOn() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      let payload = try await world.subscribe()
      try await world.charge(payload, "sub-1", month: 1)
      world.telegram.subscription(payload: payload, state: "canceled", from: 42)
      try await world.wait(for: "the end") { try world.subscription() == "sub-1 canceled" }
      world.telegram.callback("buy:Monthly", from: 42)
      let other = try await world.telegram.state.wait(for: "another link") {
        $0.invoiceLinks.count == 2
      }.invoiceLinks[1].payload
      try await world.charge(other, "other-1", month: 1)
      world.telegram.subscription(payload: payload, state: "active", from: 42)
      try await world.wait(for: "another beginning") {
        try world.subscription() == "sub-1 active"
      }
      try await world.ask("/credits")
      let credits = try await world.message(with: "Your balance is", to: 42)
      world.telegram.callback("credits:cancel for good", from: 42, messageID: credits.id)
      try await world.message(with: "Your subscription is canceled: you will not be", to: 42)
      #expect(
        world.telegram.state.value.canceledSubscriptions.sorted() == ["42: other-1", "42: sub-1"])
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      #expect(
        try world.number("SELECT count(*) FROM subscriptions WHERE state = 'canceled'") == 2)
      try await world.expectNothingLeft()
    }
  }

  @Test func areCanceledByTheNextLifeWhereTheProcessDies() async throws {
    try await World.run { world in
      let first = try await world.openShop()
      let payload = try await world.subscribe()
      try await world.charge(payload, "sub-1", month: 1)
      world.telegram.fail("editUserStarSubscription", with: .hang)
      world.telegram.callback("credits:cancel for good", from: 42)
      try await world.telegram.state.wait(for: "the cancellation on its way") {
        !$0.calls(of: "editUserStarSubscription").isEmpty
      }
      try await world.kill(first)
      #expect(try world.subscription() == "sub-1 active")
      let second = try await world.openShop()
      try await world.message(with: "Your subscription is canceled: you will not be", to: 42)
      try await world.stop(second)
      #expect(world.telegram.state.value.canceledSubscriptions == ["42: sub-1"])
      #expect(try world.subscription() == "sub-1 canceled")
    }
  }

  @Test func areWhatTelegramSaysTheyAre() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      let payload = try await world.subscribe()
      try await world.charge(payload, "sub-1", month: 1)
      for state in ["canceled", "active", "failed"] {
        world.telegram.subscription(payload: payload, state: state, from: 42)
        try await world.wait(for: "the state \(state)") {
          try world.subscription() == "sub-1 \(state)"
        }
      }
      let credits = try await world.ask("/credits")
      #expect(
        credits.contains(
          "Your subscription was paid until \(World.dayText(1)) and could not be renewed."))
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      #expect(world.telegram.state.value.subscriptionEdits.isEmpty)
      try await world.expectNothingLeft()
    }
  }

  @Test func endWithTheAccount() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      let payload = try await world.subscribe()
      try await world.charge(payload, "sub-1", month: 1)
      let question = try await world.ask("/deletemydata")
      #expect(question.contains("You lose your 1100.00 credits."))
      #expect(question.contains("• Your subscription is canceled."))
      let asked = try await world.message(with: "This erases your account", to: 42)
      #expect(asked.buttons == ["deletemydata:yes", "deletemydata:no"])
      world.telegram.callback("deletemydata:yes", from: 42, messageID: asked.id)
      try await world.message(with: "Your account and your data are erased.", to: 42)
      try await world.telegram.state.wait(for: "the cancellation") {
        $0.canceledSubscriptions == ["42: sub-1"]
      }
      try await world.waitUntilAllIsDone()
      #expect(try await world.ask("/credits").hasPrefix("Please send me /start first"))
      try await world.stop(daemon)
      #expect(try world.subscription() == "sub-1 canceled")
      #expect(try world.number("SELECT sum(credit_balance_micro) FROM users") == 0)
      #expect(
        try world.number("SELECT count(*) FROM payments WHERE payer_telegram_user_id = 42") == 0)
      try await world.expectNothingLeft()
    }
  }
}

extension World {
  /// The same for all of a test, however late in the day it is.
  private static let firstCharge = Int64(Date().timeIntervalSince1970)

  /// Unix time.
  fileprivate static func monthsAhead(_ months: Int64) -> Int64 {
    firstCharge + months * 2_592_000
  }

  /// `22 Nov 2026`
  fileprivate static func dayText(_ months: Int64) -> String {
    let format = Date.VerbatimFormatStyle(
      format: "\(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits)",
      locale: Locale(identifier: "en_US"), timeZone: .gmt,
      calendar: Calendar(identifier: .gregorian))
    return Date(timeIntervalSince1970: TimeInterval(monthsAhead(months))).formatted(format)
  }

  /// Opens an account, presses the offer and begins to pay.
  ///
  /// - Returns: The payload of the link.
  fileprivate func subscribe() async throws -> String {
    try await openAccount()
    telegram.callback("buy:Monthly", from: 42)
    let message = try await message(with: "You can cancel it at any time with /credits.", to: 42)
    let link = try #require(telegram.state.value.invoiceLinks.last)
    #expect(message.text.hasPrefix("Monthly: 1000 credits a month for 800 Stars a month."))
    #expect(message.buttons == [link.url])
    #expect(link.amount == 800)
    #expect(link.subscriptionPeriod == 2_592_000)
    telegram.preCheckout(payload: link.payload, amount: 800, from: 42)
    let state = try await telegram.state.wait(for: "the answer to a payment") {
      !$0.calls(of: "answerPreCheckoutQuery").isEmpty
    }
    #expect(state.calls(of: "answerPreCheckoutQuery")[0].parameters["ok"] == true)
    return link.payload
  }

  /// One month is paid; returns the receipt.
  @discardableResult
  fileprivate func charge(
    _ payload: String, _ chargeID: String, month: Int64
  ) async throws -> String {
    telegram.payment(
      payload: payload, amount: 800, chargeID: chargeID, from: 42,
      subscriptionUntil: Self.monthsAhead(month), isFirstRecurring: month < 2)
    return try await message(with: "\n\(chargeID)", to: 42).text
  }

  /// The charge id that names the first one, and its state.
  fileprivate func subscription() throws -> String? {
    try read { db in
      try String.fetchOne(
        db, sql: "SELECT charge_id || ' ' || state FROM subscriptions ORDER BY rowid")
    }
  }
}

extension FakeTelegramState {
  /// `USER: CHARGE ID`
  fileprivate var canceledSubscriptions: [String] {
    subscriptionEdits.map { "\($0.userID): \($0.chargeID)\($0.isCanceled ? "" : " goes on")" }
  }
}
