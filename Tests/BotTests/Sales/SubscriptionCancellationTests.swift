import Bot
import Commands
import Foundation
import GRDB
import Ledger
import Testing
import TestSupport

/// Of a person with two subscriptions: one that was canceled in Telegram's settings and taken up
/// there again, and one that was bought meanwhile.
@Suite("Several subscriptions")
struct SubscriptionCancellationTests {
  private let rig: BotRig
  private let orders: [String]
  /// The same for all of a test, however late in the day it is.
  private let now = Date()

  init() async throws {
    rig = try BotRig()
    try await rig.say("/start")
    var orders: [String] = []
    for (charge, days) in [("first", 20), ("second", 30)] as [(String, Int64)] {
      let offered = try await rig.press("buy:Monthly")
      #expect(offered.last?.method == "createInvoiceLink")
      let order = try #require(try rig.orders().last).id
      let until = Int64(now.timeIntervalSince1970) + days * 86_400
      _ = try await rig.pay(order, 380, charge: charge, until: until, isFirst: true)
      try await rig.tellOfSubscription(order, "canceled")
      orders.append(order)
    }
    self.orders = orders
  }

  private func day(_ days: Double) -> String { now.addingTimeInterval(days * 86_400).dayText }

  private func tell(_ first: String, _ second: String) async throws {
    try await rig.tellOfSubscription(orders[0], first)
    try await rig.tellOfSubscription(orders[1], second)
  }

  private func credits() async throws -> OutboxRow {
    let id = try await rig.deliver("message", .message("/credits"))
    await rig.engine.dispatcher.becomeIdle()
    return try #require(try rig.replies(to: id).first)
  }

  /// The charge ids that Telegram is told of.
  private func canceled(by data: String) async throws -> [String] {
    try await rig.press(data).filter { $0.method == "editUserStarSubscription" }
      .compactMap { $0.parameters["telegram_payment_charge_id"]?.string }
  }

  @Test func areShownAndCanceledTogether() async throws {
    try await tell("active", "active")
    let shown = try await credits()
    #expect(
      shown.text.contains(
        "One of your subscriptions renews on \(day(30)).\n"
          + "One of your subscriptions renews on \(day(20))."
      ))
    #expect(shown.buttons.last?.title == "Cancel 2 subscriptions")
    let question = try #require(try await rig.press("credits:cancel").last)
    #expect(
      question.text == """
        Do you want to cancel? You will not be charged again, and you keep your credits.

        One of your subscriptions renews on \(day(30)).
        One of your subscriptions renews on \(day(20)).
        """)
    #expect(try await canceled(by: "credits:cancel for good") == ["second", "first"])
    // Telegram is being told already.
    #expect(try await canceled(by: "credits:cancel for good") == [])
    #expect(try await canceled(by: "deletemydata:yes") == [])
  }

  @Test func areNotJoinedByAThirdWhileAnyGoesOn() async throws {
    try await tell("active", "canceled")
    #expect(
      try await rig.press("buy:Monthly").map(\.text) == [
        "You already have a subscription; /credits shows when it renews."
      ])
    let shown = try await credits()
    #expect(
      shown.text.contains(
        """
        One of your subscriptions is canceled and ends on \(day(30)).
        One of your subscriptions renews on \(day(20)).
        """))
    #expect(shown.buttons.last?.title == "Cancel the subscription")
    #expect(try await canceled(by: "credits:cancel for good") == ["first"])
  }

  @Test func areCanceledAfterAFailedChargeToo() async throws {
    try await tell("failed", "canceled")
    try rig.execute("UPDATE subscriptions SET paid_until = '\(now.databaseText)'")
    let shown = try await credits()
    #expect(
      shown.text.contains(
        "Your subscription was paid until \(day(0)) and could not be renewed. "
          + "Telegram may try again."
      ))
    #expect(try await canceled(by: "credits:cancel for good") == ["first"])
  }

  @Test func endWithTheAccount() async throws {
    try await tell("failed", "active")
    let question = try await rig.say("/deletemydata").first ?? ""
    #expect(question.contains("\n• Your 2 subscriptions are canceled."))
    #expect(try await canceled(by: "deletemydata:yes") == ["second", "first"])
  }

  @Test func areLeftAloneWhereTheyAreCanceledOrLongOver() async throws {
    try await tell("canceled", "active")
    try rig.execute("UPDATE subscriptions SET paid_until = '2020-01-01 00:00:00.000'")
    #expect(try await !credits().text.contains("ubscription"))
    let question = try await rig.say("/deletemydata").first ?? ""
    #expect(!question.contains("ubscription"))
    #expect(try await canceled(by: "deletemydata:yes") == [])
  }
}
