@testable import Bot
import Commands
import Foundation
import GRDB
import HTTPTransport
import Ledger
@testable import Messaging
@testable import Sales
import TelegramBotAPI
import Testing
import TestSupport

/// The engine's outbox, sent to a Telegram that answers.
@Suite("What follows a reply")
final class AfterDeliveryTests {
  private static let administrator: Int64 = 1
  private let delivering: DeliveringRig
  private var rig: BotRig { delivering.rig }
  private var fake: FakeTelegram { delivering.fake }

  init() throws {
    delivering = try DeliveringRig(BotRig(administrators: [Self.administrator]))
  }

  private func send() async { await delivering.send() }

  /// Buys a package, with the money at Telegram too. Returns the charge id.
  private func buy(_ name: String, charge: String = "charge-1") async throws -> String {
    try await rig.say("/start")
    _ = try await rig.press("buy:\(name)")
    let order = try #require(try rig.orders().first)
    fake.payment(
      payload: order.id, amount: order.package.price, chargeID: charge, from: 42,
      isDelivered: false)
    _ = try await rig.pay(order.id, order.package.price, charge: charge)
    return charge
  }

  private func refundState() throws -> String? {
    try rig.database.read { try String.fetchOne($0.db, sql: "SELECT state FROM refunds") }
  }

  @Test func givesThePersonTheLinkThatBeginsTheirSubscription() async throws {
    try await rig.say("/start")
    _ = try await rig.press("buy:Monthly")
    await send()
    let link = try #require(fake.state.value.invoiceLinks.first)
    let message = try #require(fake.state.value.messages.last)
    #expect(message.chatID == 42)
    #expect(
      message.text == "Monthly: 500 credits a month for 380 Stars a month. You can cancel it at "
        + "any time with /credits.")
    let button = message.replyMarkup?["inline_keyboard"]?.array?.first?.array?.first
    #expect(button?["url"]?.string == link.url)
    #expect(button?["text"] == "Subscribe for 380 ⭐ a month")
    fake.stop()
  }

  @Test func saysThatThereIsNoLink() async throws {
    try await rig.say("/start")
    fake.fail("createInvoiceLink", with: .badRequest("CURRENCY_TOTAL_AMOUNT_INVALID"))
    _ = try await rig.press("buy:Monthly")
    await send()
    #expect(
      fake.state.value.sent(to: 42).last
        == "The subscription could not be prepared. Please try again later.")
    fake.stop()
  }

  @Test(arguments: [[], [.loseAnswer], [.htmlBadGateway, .loseAnswer]] as [[FakeTelegramFault]])
  func givesStarsBackOnceHoweverOftenItHasToAsk(faults: [FakeTelegramFault]) async throws {
    let charge = try await buy("Starter")
    for fault in faults { fake.fail("refundStarPayment", with: fault) }
    _ = try await rig.say("/refund \(charge)", from: Self.administrator)
    await send()
    #expect(try refundState() == "done")
    #expect(fake.state.value.starBalance == 0)
    #expect(try rig.account().balance.micro == 100_000_000)
    #expect(fake.state.value.sent(to: 42).last?.hasPrefix("Your payment of 200 Stars was") == true)
    #expect(
      fake.state.value.sent(to: Self.administrator).last
        == "✅ 200 Stars were returned to their payer.")
    fake.stop()
  }

  @Test func givesTheCreditsAgainWhereTelegramRefusesARefund() async throws {
    let charge = try await buy("Starter")
    fake.fail("refundStarPayment", with: .badRequest("BALANCE_TOO_LOW"))
    _ = try await rig.say("/refund \(charge)", from: Self.administrator)
    #expect(try rig.account().balance.micro == 100_000_000)
    await send()
    #expect(try refundState() == "failed")
    #expect(try rig.account().balance.micro == 350_000_000)
    let news = fake.state.value.sent(to: Self.administrator).last ?? ""
    #expect(news.hasPrefix("⚠️ The refund of 200 Stars did not succeed:"))
    #expect(news.contains("BALANCE_TOO_LOW"))
    #expect(fake.state.value.sent(to: 42).allSatisfy { !$0.contains("refunded") })

    _ = try await rig.say("/refund \(charge)", from: Self.administrator)
    await send()
    #expect(fake.state.value.starBalance == 0)
    #expect(try rig.account().balance.micro == 100_000_000)
    fake.stop()
  }

  @Test func neverGivesARefundUp() async throws {
    let charge = try await buy("Starter")
    for _ in 0..<15 { fake.fail("refundStarPayment", with: .reset) }
    _ = try await rig.say("/refund \(charge)", from: Self.administrator)
    try rig.execute(
      "UPDATE outbox SET created_at = '2020-01-01 00:00:00.000' WHERE method = 'refundStarPayment'")
    await send()
    #expect(try refundState() == "done")
    fake.stop()
  }

  @Test func endsASubscriptionAndSaysSo() async throws {
    try await subscribe()
    _ = try await rig.press("credits:cancel for good")
    await send()
    #expect(fake.state.value.subscriptionEdits.map(\.chargeID) == ["month-1"])
    #expect(
      fake.state.value.sent(to: 42).last
        == "Your subscription is canceled: you will not be charged again, and you keep your "
        + "credits.")
    #expect(try rig.subscriptionState() == .canceled)
    fake.stop()
  }

  /// Also of one that may be charged late.
  @Test(arguments: [false, true])
  func saysWhatToDoWhereTelegramDoesNotTakeACancellation(isOverdue: Bool) async throws {
    try await subscribe()
    if isOverdue {
      let yesterday = Date().addingTimeInterval(-24 * 3_600).databaseText
      try rig.execute("UPDATE subscriptions SET paid_until = '\(yesterday)'")
    }
    fake.fail("editUserStarSubscription", with: .badRequest("SUBSCRIPTION_NOT_ACTIVE"))
    _ = try await rig.press("credits:cancel for good")
    await send()
    #expect(
      fake.state.value.sent(to: 42).last?.hasPrefix("Telegram did not accept the cancellation.")
        == true)
    #expect(
      fake.state.value.sent(to: Self.administrator).last?.contains("cannot be canceled") == true)
    #expect(try rig.subscriptionState() == .active)
    fake.stop()
  }

  /// Asked for twice, as an older version did; or the person has canceled it elsewhere meanwhile.
  @Test(arguments: [nil, .badRequest("SUBSCRIPTION_NOT_ACTIVE")] as [FakeTelegramFault?])
  func saysNothingMoreOfASubscriptionThatIsCanceled(fault: FakeTelegramFault?) async throws {
    try await subscribe()
    let order = try #require(try rig.orders().first).id
    try await rig.tellOfSubscription(order, "canceled")
    await send()
    let said = fake.state.value.messages.count
    if let fault { fake.fail("editUserStarSubscription", with: fault) }
    let request = try BotRequest.editUserStarSubscription(
      userID: 42, chargeID: "month-1", isCanceled: true)
    try rig.database.write {
      try rig.engine.outbox.queue(
        [.request(request, chat: nil, .cancellation(order: order))], updateID: 0, in: $0)
    }
    await send()
    #expect(fake.state.value.calls(of: "editUserStarSubscription").count == 1)
    #expect(fake.state.value.messages.count == said)
    fake.stop()
  }

  @Test func saysWhenOneOfSeveralSubscriptionsIsCanceled() async throws {
    try await subscribe()
    try rig.execute(
      """
      INSERT INTO orders SELECT 'second', user_id, package_name, credits_micro, bonus_micro,
        currency, price_stars, is_monthly, state, created_at, updated_at FROM orders;
      INSERT INTO subscriptions SELECT 'second', user_id, 'other', 'failed', paid_until, updated_at
        FROM subscriptions;
      """)
    fake.onCall { call in
      call.method == "editUserStarSubscription"
        && call.parameters["telegram_payment_charge_id"] == "other"
        ? .badRequest("SUBSCRIPTION_NOT_ACTIVE") : nil
    }
    _ = try await rig.press("credits:cancel for good")
    await send()
    let told = fake.state.value.sent(to: 42)
    #expect(told.contains("One of your subscriptions is canceled; /credits shows what is left."))
    #expect(!told.contains { $0.contains("you will not be charged again") })
    fake.stop()
  }

  @Test func tellsAdministratorsWhatAnErasedPersonsSubscriptionIs() async throws {
    try await subscribe()
    fake.fail("editUserStarSubscription", with: .badRequest("SUBSCRIPTION_NOT_ACTIVE"))
    _ = try await rig.press("deletemydata:yes")
    await send()
    let alert = fake.state.value.sent(to: Self.administrator).last ?? ""
    #expect(alert.hasPrefix("⚠️ The subscription of user 42 cannot be canceled:"))
    #expect(alert.hasSuffix("SUBSCRIPTION_NOT_ACTIVE). Charge id: month-1"))
    fake.stop()
  }

  @Test func remembersWhichMessageToldOfARequestAndTellsOfALostAnswer() async throws {
    try await rig.say("/paysupport Help!")
    await send()
    let told = try #require(fake.state.value.messages.last { $0.chatID == Self.administrator })
    let answer: JSONValue = .message(
      "Here is help.", from: Self.administrator,
      adding: [
        "reply_to_message": [
          "message_id": .integer(told.id), "chat": .chat(Self.administrator), "date": 1,
        ]
      ])
    fake.onCall { call in
      call.method == "sendMessage" && call.parameters["chat_id"] == 42 ? .forbiddenBlocked : nil
    }
    try await rig.deliver("message", answer)
    await rig.engine.dispatcher.becomeIdle()
    await send()
    #expect(
      fake.state.value.sent(to: Self.administrator).last?.hasPrefix(
        "Your answer to request #1 could not be delivered:") == true)
    fake.stop()
  }

  private func subscribe() async throws {
    try await rig.say("/start")
    _ = try await rig.press("buy:Monthly")
    await send()
    let order = try #require(try rig.orders().first).id
    let until = Int64(Date().timeIntervalSince1970) + 2_592_000
    fake.payment(
      payload: order, amount: 380, chargeID: "month-1", from: 42, isDelivered: false,
      subscriptionUntil: until)
    _ = try await rig.pay(order, 380, charge: "month-1", until: until, isFirst: true)
  }
}

// MARK: - Broadcasts

extension AfterDeliveryTests {
  private func openAccounts(_ people: ClosedRange<Int64>) throws {
    try rig.database.write { tx in
      for person in people {
        _ = try tx.users.register(
          Profile(telegramUserID: person), initialGrant: .zero)
      }
    }
  }

  /// Drafts the text and presses the button that sends it.
  private func broadcast(_ text: String) async throws -> [OutboxRow] {
    _ = try await rig.say("/broadcast \(text)", from: Self.administrator)
    await send()
    let question = try #require(fake.state.value.messages.last)
    let button = question.replyMarkup?["inline_keyboard"]?.array?.first?.array?.first
    let id = try await rig.deliver(
      "callback_query",
      [
        "id": "query1", "from": .user(Self.administrator), "chat_instance": "1",
        "data": button?["callback_data"] ?? "",
        "message": [
          "message_id": .integer(question.id), "chat": .chat(Self.administrator), "date": 1,
        ],
      ])
    await rig.engine.dispatcher.becomeIdle()
    return try rig.replies(to: id)
  }

  @Test func reachesEverybodyAfterALookAndShowsHowFarItIs() async throws {
    try openAccounts(1_001...1_070)
    try rig.block(1_001)
    try rig.execute(
      "UPDATE users SET unreachable_since = created_at WHERE telegram_user_id = 1002")
    fake.onCall { call in
      call.method == "sendMessage" && call.parameters["chat_id"] == 1_003 ? .forbiddenBlocked : nil
    }
    let preview = try await rig.say("/broadcast Hello, all!", from: Self.administrator)
    #expect(
      preview == [
        "Hello, all!",
        "📣 The message above goes to 68 people. People who have blocked the bot are left out.",
      ])
    #expect(try await broadcast("Hello, all!").first?.text == "It is on its way.")
    await send()
    let state = fake.state.value
    for person in 1_004...1_070 as ClosedRange<Int64> {
      #expect(state.sent(to: person) == ["Hello, all!"])
    }
    for person in [1_001, 1_002, 1_003] as [Int64] { #expect(state.sent(to: person).isEmpty) }
    #expect(
      state.messages.last { $0.chatID == Self.administrator }?.text
        == "📣 Done: 67 have it. 1 could not be reached.")
    #expect(try rig.account(1_003).isUnreachable)
    #expect(try rig.count("broadcasts") == 2)
    fake.stop()
  }

  @Test func keepsFewOnTheirWayAtATimeAndStopsWhenTold() async throws {
    try openAccounts(1_001...1_100)
    _ = try await broadcast("Hello, all!")
    let underway = try rig.replies().count { $0.state == "queued" && $0.text == "Hello, all!" }
    #expect(underway == BroadcastService.bite)
    #expect(
      try await rig.press("broadcast:stop 1", from: Self.administrator).first?.text == "Stopped.")
    #expect(
      try await rig.press("broadcast:send 1", from: Self.administrator).map(\.text) == [
        "That broadcast has already been sent or discarded."
      ])
    await send()
    #expect(
      fake.state.value.messages.count { $0.text == "Hello, all!" && $0.chatID > 1_000 }
        == BroadcastService.bite)
    #expect(
      fake.state.value.messages.last { $0.chatID == Self.administrator }?.text
        == "📣 Stopped: 20 have it.")
    fake.stop()
  }

  @Test func isDoneAtOnceWhereThereIsNobody() async throws {
    _ = try await broadcast("Hello?")
    await send()
    #expect(
      fake.state.value.messages.last { $0.chatID == Self.administrator }?.text
        == "📣 Done: 0 have it.")
    fake.stop()
  }
}

extension BotRig {
  func subscriptionState() throws -> Subscription.State? {
    try database.read {
      try Subscription.State.fetchOne($0.db, sql: "SELECT state FROM subscriptions ORDER BY rowid")
    }
  }
}
