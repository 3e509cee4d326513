@testable import Bot
import Commands
import Foundation
import GRDB
import Ledger
import Sales
import Testing
import TestSupport

@Suite("Buying")
struct StoreTests {
  private let administrator: Int64 = 1

  private func rig() async throws -> BotRig {
    let rig = try BotRig(administrators: [administrator])
    try await rig.say("/start")
    return rig
  }

  @Test func showsWhatIsForSaleAndSendsTheInvoiceOfAPress() async throws {
    let rig = try await rig()
    let id = try await rig.deliver("message", .message("/buy"))
    await rig.engine.dispatcher.becomeIdle()
    let offer = try #require(try rig.replies(to: id).first)
    #expect(offer.text.hasPrefix("Your balance is 100.00 credits."))
    #expect(offer.buttons.map(\.data) == ["buy:Starter", "buy:Builder", "buy:Monthly"])

    let replies = try await rig.press("buy:Builder")
    #expect(replies.map(\.method) == ["answerCallbackQuery", "sendInvoice"])
    let invoice = try #require(replies.last).parameters
    #expect(invoice["chat_id"] == 42)
    #expect(invoice["title"] == "Builder")
    #expect(invoice["description"] == "1000 + 50 credits for your AI developer.")
    #expect(invoice["currency"] == "XTR")
    #expect(invoice["provider_token"] == "")
    #expect(invoice["prices"] == [["label": "1000 + 50 credits", "amount": 850]])
    #expect(invoice["start_parameter"] == "buy")
    let order = try #require(try rig.orders().first)
    #expect(invoice["payload"]?.string == order.id)
    #expect(order.package.price == 850 && order.state == .open)
  }

  @Test func countsOneAsOne() throws {
    var mini = CreditPackage(name: "Mini", credits: try Credits(parsing: "1"), price: 1)
    #expect(mini.offer == "Mini: 1 credit – 1 ⭐")
    mini.isMonthly = true
    #expect(mini.content == "1 credit a month")
    mini.bonus = try Credits(parsing: "1")
    #expect(mini.content == "1 + 1 credits a month")
    #expect([1, 2].map { StarText.text(ofWhole: $0) } == ["1 Star", "2 Stars"])
  }

  @Test func usesOneOrderHoweverOftenTheButtonIsPressed() async throws {
    let rig = try await rig()
    for _ in 0..<3 { _ = try await rig.press("buy:Starter") }
    #expect(try rig.orders().count == 1)
  }

  @Test func offersTheSameWhereAForwardedInvoiceOpensTheBot() async throws {
    let rig = try await rig()
    let id = try await rig.deliver("message", .message("/start buy", from: 43))
    await rig.engine.dispatcher.becomeIdle()
    let welcome = try #require(try rig.replies(to: id).first)
    #expect(welcome.text.hasPrefix("Welcome, Ada!"))
    #expect(welcome.buttons.count == 3)
  }

  @Test(arguments: ["Gold", "", "cancel"])
  func saysThatAnOfferHasChanged(name: String) async throws {
    let rig = try await rig()
    #expect(
      try await rig.press("buy:\(name)").map(\.text) == [
        "This offer has changed. Send /buy for what there is now."
      ])
    #expect(try rig.orders().isEmpty)
  }

  @Test func saysYesToTheRightPaymentAndWhyNotToOthers() async throws {
    let rig = try await rig()
    try await rig.say("/start", from: 43)
    _ = try await rig.press("buy:Starter")
    let order = try #require(try rig.orders().first).id
    #expect(try await rig.checkout(order, 200) == nil)
    let refusals: [(String, Int64, String, Int64, String)] = [
      ("nonsense", 200, "XTR", 42, "I no longer know this order."),
      (order, 199, "XTR", 42, "The price does not match the order."),
      (order, 200, "EUR", 42, "The price does not match the order."),
      (order, 200, "XTR", 43, "This invoice was made for another person."),
    ]
    for (payload, amount, currency, user, words) in refusals {
      let reason = try await rig.checkout(payload, amount, currency: currency, from: user)
      #expect(reason?.hasPrefix(words) == true)
      #expect(reason?.hasSuffix("You have not been charged.") == true)
    }
    try rig.block(42)
    #expect(try await rig.checkout(order, 200)?.hasPrefix("Your account is blocked.") == true)
    #expect(
      try await rig.press("buy:Starter").map(\.text) == [
        "Your account is blocked. What you own stays yours; please send /paysupport and your "
          + "question."
      ])
  }

  @Test func sellsNothingWhileTheLedgerIsBroken() async throws {
    let rig = try await rig()
    _ = try await rig.press("buy:Starter")
    let order = try #require(try rig.orders().first).id
    try rig.execute("UPDATE users SET credit_balance_micro = credit_balance_micro + 1")
    let broken = try rig.restarted()
    let reason = try await rig.checkout(order, 200, at: broken)
    #expect(reason?.hasPrefix("I cannot sell anything right now.") == true)
  }

  @Test func creditsAPaymentOnceWithAReceipt() async throws {
    let rig = try await rig()
    _ = try await rig.press("buy:Builder")
    let order = try #require(try rig.orders().first).id
    let id = try await rig.pay(order, 850, charge: "charge-1")
    #expect(
      try rig.texts(of: id) == [
        """
        Thank you! 1050.00 credits are on your account; your balance is 1150.00 credits.

        Builder, 850 Stars. Charge id, in case you ever need /paysupport:
        charge-1
        """
      ])
    let again = try await rig.pay(order, 850, charge: "charge-1")
    #expect(try rig.texts(of: again).isEmpty)
    #expect(try rig.account().balance.micro == 1_150_000_000)
    _ = try await rig.pay(order, 850, charge: "charge-2")
    #expect(try rig.account().balance.micro == 2_200_000_000)
  }

  @Test(arguments: [
    (849, "XTR", Int64(42), "its order costs 850 Stars"),
    (850, "EUR", 42, "it was made in another currency than Stars"),
    (850, "XTR", 43, "its order was made for another person"),
  ])
  func creditsNothingForAPaymentThatFitsNoOrderAndTellsEverybody(
    amount: Int64, currency: String, user: Int64, flaw: String
  ) async throws {
    let rig = try await rig()
    try await rig.say("/start", from: 43)
    _ = try await rig.press("buy:Builder")
    let order = try #require(try rig.orders().first).id
    let id = try await rig.pay(order, amount, charge: "odd", currency: currency, from: user)
    let replies = try rig.replies(to: id)
    #expect(replies.map(\.chatID) == [user, administrator])
    #expect(replies[0].text.contains("I cannot match it to an order (\(flaw))"))
    #expect(replies[0].text.hasSuffix("\nodd"))
    #expect(replies[1].text.contains("credits nothing: \(flaw)"))
    #expect(replies[1].text.hasSuffix("/refund odd"))
    for person in [42, 43] as [Int64] {
      #expect(try rig.account(person).balance.micro == 100_000_000)
    }
    #expect(try rig.inboxState(id) == "done")
  }

  @Test func keepsWhatBecomesOfASubscriptionAndCancelsIt() async throws {
    let rig = try await rig()
    let asked = try await rig.press("buy:Monthly")
    #expect(asked.map(\.method) == ["answerCallbackQuery", "createInvoiceLink"])
    #expect(asked.last?.parameters["subscription_period"] == 2_592_000)
    let order = try #require(try rig.orders().first).id
    let until = Int64(Date().timeIntervalSince1970) + 2_592_000
    _ = try await rig.pay(order, 380, charge: "month-1", until: until, isFirst: true)
    #expect(try rig.account().balance.micro == 600_000_000)
    _ = try await rig.pay(order, 380, charge: "month-2", until: until + 2_592_000)
    #expect(try rig.account().balance.micro == 1_100_000_000)
    let again = try await rig.press("buy:Monthly")
    #expect(
      again.map(\.text) == [
        "You already have a subscription; /credits shows when it renews."
      ])

    let day = Date(timeIntervalSince1970: TimeInterval(until + 2_592_000)).dayText
    let id = try await rig.deliver("message", .message("/credits"))
    await rig.engine.dispatcher.becomeIdle()
    let shown = try #require(try rig.replies(to: id).first)
    #expect(shown.text.contains("Your subscription renews on \(day)."))
    #expect(shown.buttons.last?.data == "credits:cancel")
    let question = try await rig.press("credits:cancel")
    #expect(question.map(\.method) == ["answerCallbackQuery", "editMessageText"])
    #expect(question.last?.buttons.map(\.data) == ["credits:cancel for good", "credits:keep"])
    let canceled = try await rig.press("credits:cancel for good")
    #expect(canceled.last?.method == "editUserStarSubscription")
    #expect(canceled.last?.parameters["telegram_payment_charge_id"] == "month-1")
    #expect(canceled.last?.parameters["is_canceled"] == true)

    try await rig.tellOfSubscription(order, "canceled")
    #expect(
      try await rig.say("/credits").first?.contains(
        "Your subscription is canceled and ends on \(day).") == true)
  }

  @Test func booksARefundFromElsewhereOnce() async throws {
    let rig = try await rig()
    _ = try await rig.press("buy:Starter")
    let order = try #require(try rig.orders().first).id
    _ = try await rig.pay(order, 200, charge: "paid")
    let first = try await rig.tellOfRefund("paid")
    let replies = try rig.replies(to: first)
    #expect(replies.map(\.chatID) == [42, administrator])
    #expect(
      replies[0].text == "Your payment of 200 Stars was refunded, and 250.00 credits were taken "
        + "back. Your balance is 100.00 credits.")
    #expect(replies[1].text.contains("were given back elsewhere, or charged back."))
    let again = try await rig.tellOfRefund("paid")
    let unknown = try await rig.tellOfRefund("never paid")
    #expect(try rig.texts(of: again).isEmpty)
    #expect(try rig.texts(of: unknown).isEmpty)
    #expect(try rig.account().balance.micro == 100_000_000)
  }
}

// MARK: - Money in and out

extension BotRig {
  func orders() throws -> [Order] {
    try database.read { try Order.fetchAll($0.db, sql: "SELECT * FROM orders ORDER BY rowid") }
  }

  func block(_ user: Int64) throws {
    let account = try account(user)
    try database.write {
      try $0.users.setBlocked(true, userID: account.id)
    }
  }

  /// Why Telegram is told not to take the money, or `nil`.
  func checkout(
    _ payload: String, _ amount: Int64, currency: String = "XTR", from user: Int64 = 42,
    at engine: Engine? = nil
  ) async throws -> String? {
    let engine = engine ?? self.engine
    let id = nextUpdateID()
    let query: JSONValue = [
      "id": "checkout", "from": .user(user), "currency": .string(currency),
      "total_amount": .integer(amount), "invoice_payload": .string(payload),
    ]
    try await engine.receive([.update(id, "pre_checkout_query", query)], nextOffset: id + 1)
    await engine.dispatcher.becomeIdle()
    let answer = try #require(try replies(to: id).first)
    #expect(answer.method == "answerPreCheckoutQuery")
    let reason = answer.parameters["error_message"]?.string
    #expect(answer.parameters["ok"] == .bool(reason == nil))
    return reason
  }

  func pay(
    _ payload: String, _ amount: Int64, charge: String, currency: String = "XTR",
    from user: Int64 = 42, inChat chat: Int64? = nil, until: Int64? = nil, isFirst: Bool = false
  ) async throws -> Int64 {
    var payment: [String: JSONValue] = [
      "currency": .string(currency), "total_amount": .integer(amount),
      "invoice_payload": .string(payload), "telegram_payment_charge_id": .string(charge),
      "provider_payment_charge_id": .string(charge),
    ]
    if let until {
      payment["subscription_expiration_date"] = .integer(until)
      payment["is_recurring"] = true
      if isFirst { payment["is_first_recurring"] = true }
    }
    let id = try await deliver(
      "message",
      .message(nil, from: user, chat: chat, adding: ["successful_payment": .object(payment)]))
    await engine.dispatcher.becomeIdle()
    return id
  }

  func tellOfSubscription(_ order: String, _ state: String) async throws {
    try await deliver("subscription", .subscription(order, state))
    await engine.dispatcher.becomeIdle()
  }

  func tellOfRefund(_ charge: String) async throws -> Int64 {
    let id = try await deliver("message", .refunded(charge))
    await engine.dispatcher.becomeIdle()
    return id
  }
}

extension JSONValue {
  static func refunded(_ charge: String) -> JSONValue {
    let refunded: JSONValue = [
      "currency": "XTR", "total_amount": 200, "invoice_payload": "p",
      "telegram_payment_charge_id": .string(charge),
    ]
    return .message(nil, adding: ["refunded_payment": refunded])
  }

  static func subscription(_ order: String, _ state: String) -> JSONValue {
    ["user": .user(42), "invoice_payload": .string(order), "state": .string(state)]
  }
}
