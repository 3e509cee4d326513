import Foundation
import HTTPTransport
import Testing
import TestSupport

/// Held to Telegram's rules by plain HTTP, as in `FakeTelegramTests`.
@Suite("FakeTelegram, for Stars and files")
struct FakeTelegramStarsTests {
  let fake: FakeTelegram
  let transport = HTTPTransport.ofAllTests
  let schema: BotAPISchema

  init() throws {
    fake = try FakeTelegram(firstUpdateID: 100)
    schema = try BotAPISchema()
  }

  @discardableResult
  func call(_ method: String, _ parameters: JSONValue = [:]) async throws -> JSONValue {
    try await post(method, Data(parameters.json.utf8), "application/json")
  }

  func post(_ method: String, _ body: Data, _ type: String) async throws -> JSONValue {
    let response = try await transport.send(
      HTTPRequest(
        .post, "\(fake.url)/bot\(fake.token)/\(method)", headers: [("Content-Type", type)],
        body: body, deadline: .seconds(600), isIdempotent: false))
    return try JSONValue(json: response.body)
  }

  func updates() async throws -> [JSONValue] {
    try await call("getUpdates")["result"]?.array ?? []
  }

  func transactions(_ parameters: JSONValue = [:]) async throws -> [JSONValue] {
    let answer = try await call("getStarTransactions", parameters)
    if let result = answer["result"] {
      #expect(schema.fault(in: result, ofType: "StarTransactions") == nil)
    }
    return answer["result"]?["transactions"]?.array ?? []
  }

  func refund(_ charge: String, of userID: Int64 = 42) async throws -> JSONValue {
    try await call(
      "refundStarPayment",
      ["user_id": .integer(userID), "telegram_payment_charge_id": .string(charge)])
  }

  @Test func tellsOfAPaymentInBothWays() async throws {
    fake.payment(payload: "order", amount: 400, chargeID: "c", from: 42)
    let payment = try await updates().first?["message"]?["successful_payment"]
    #expect(
      payment == [
        "currency": "XTR", "total_amount": 400, "invoice_payload": "order",
        "telegram_payment_charge_id": "c", "provider_payment_charge_id": "c",
      ])
    let entry = try #require(try await transactions().first)
    #expect(entry["id"] == "c")
    #expect(entry["amount"] == 400)
    #expect(entry["receiver"] == nil)
    #expect(entry["source"]?["type"] == "user")
    #expect(entry["source"]?["transaction_type"] == "invoice_payment")
    #expect(entry["source"]?["invoice_payload"] == "order")
    #expect(entry["source"]?["user"]?["id"] == 42)
    #expect(entry["source"]?["subscription_period"] == nil)
    #expect(fake.state.value.starBalance == 400)
    #expect(fake.state.value.violations.isEmpty)
  }

  @Test func tellsOfAPaymentInOneWayAlone() async throws {
    let lost = fake.payment(
      payload: "a", amount: 1, chargeID: "lost", from: 42, isDelivered: false)
    fake.payment(payload: "b", amount: 2, chargeID: "unlisted", from: 42, isListed: false)
    fake.payment(payload: "c", amount: 4, chargeID: "euro", currency: "EUR", from: 42)
    #expect(lost == 100)
    #expect(try await updates().map { $0["update_id"] } == [101, 102])
    #expect(try await transactions().map { $0["id"] } == ["lost"])
    #expect(fake.state.value.starBalance == 1)
    // Late, but not lost after all.
    fake.deliverAgain(lost)
    #expect(try await updates().map { $0["update_id"] } == [100, 101, 102])
  }

  @Test func renewsASubscription() async throws {
    fake.payment(
      payload: "plan", amount: 400, chargeID: "c1", from: 42, subscriptionUntil: 1000)
    fake.payment(
      payload: "plan", amount: 400, chargeID: "c2", from: 42, subscriptionUntil: 2000,
      isFirstRecurring: false)
    fake.subscription(payload: "plan", state: "canceled", from: 42)
    let updates = try await updates()
    let payments = updates.compactMap { $0["message"]?["successful_payment"] }
    #expect(payments.map { $0["subscription_expiration_date"] } == [1000, 2000])
    #expect(payments.map { $0["is_recurring"] } == [true, true])
    #expect(payments.map { $0["is_first_recurring"] } == [true, nil])
    #expect(
      try await transactions().map { $0["source"]?["subscription_period"] }
        == [2_592_000, 2_592_000])
    #expect(updates.last?["subscription"]?["state"] == "canceled")
    #expect(updates.last?["subscription"]?["invoice_payload"] == "plan")
    #expect(updates.last?["subscription"]?["user"]?["id"] == 42)
    #expect(fake.state.value.violations.isEmpty)
  }

  @Test func givesBackWhatWasPaidAndNoMore() async throws {
    fake.payment(payload: "order", amount: 400, chargeID: "c", from: 42)
    #expect(try await refund("x")["description"] == "Bad Request: CHARGE_NOT_FOUND")
    #expect(try await refund("c", of: 43)["description"] == "Bad Request: CHARGE_NOT_FOUND")
    #expect(fake.state.value.starTransactions.count == 1)
    #expect(try await refund("c")["result"] == true)
    let again = try await refund("c")
    #expect(again["description"] == "Bad Request: CHARGE_ALREADY_REFUNDED")
    #expect(again["error_code"] == 400)

    let entries = try await transactions()
    #expect(entries.count == 2)
    #expect(entries.last?["id"] == "c")
    #expect(entries.last?["source"] == nil)
    #expect(entries.last?["receiver"]?["user"]?["id"] == 42)
    #expect(fake.state.value.starTransactions.map(\.isIncoming) == [true, false])
    #expect(fake.state.value.starBalance == 0)
    let refunds = try await updates().compactMap { $0["message"]?["refunded_payment"] }
    #expect(
      refunds == [
        [
          "currency": "XTR", "total_amount": 400, "invoice_payload": "order",
          "telegram_payment_charge_id": "c", "provider_payment_charge_id": "c",
        ]
      ])
    #expect(fake.state.value.violations.isEmpty)
  }

  @Test func givesBackNothingThatItHasNot() async throws {
    fake.payment(payload: "order", amount: 400, chargeID: "c", from: 42)
    fake.starTransaction([
      "id": "w", "amount": 0, "nanostar_amount": 1, "date": 1,
      "receiver": ["type": "fragment", "withdrawal_state": ["type": "pending"]],
    ])
    #expect(try await call("getMyStarBalance")["result"]?["amount"] == 399)
    #expect(try await call("getMyStarBalance")["result"]?["nanostar_amount"] == 999_999_999)
    #expect(try await refund("c")["description"] == "Bad Request: BALANCE_TOO_LOW")
    fake.payment(payload: "order", amount: 1, chargeID: "d", from: 43)
    #expect(try await refund("c")["result"] == true)
    let balance = try #require(try await call("getMyStarBalance")["result"])
    #expect(balance["amount"] == 0)
    #expect(schema.fault(in: balance, ofType: "StarAmount") == nil)
    #expect(fake.state.value.violations.isEmpty)
  }

  @Test func tellsOfARefundMadeElsewhere() async throws {
    for charge in ["a", "b"] { fake.payment(payload: "p", amount: 5, chargeID: charge, from: 42) }
    fake.refund(chargeID: "a")
    fake.refund(chargeID: "b", isDelivered: false)
    #expect(try await transactions().map { $0["id"] } == ["a", "b", "a", "b"])
    let refunds = try await updates().compactMap { $0["message"]?["refunded_payment"] }
    #expect(refunds.map { $0["telegram_payment_charge_id"] } == ["a"])
    #expect(try await refund("b")["description"] == "Bad Request: CHARGE_ALREADY_REFUNDED")
  }

  @Test func listsTransactionsFromTheOldestOn() async throws {
    for number in 0..<101 {
      fake.payment(payload: "p", amount: 1, chargeID: "\(number)", from: 42)
    }
    #expect(try await transactions().count == 100)
    #expect(try await transactions(["offset": 99]).map { $0["id"] } == ["99", "100"])
    #expect(try await transactions(["offset": 5, "limit": 2]).map { $0["id"] } == ["5", "6"])
    #expect(try await transactions(["offset": 200]).isEmpty)
  }

  static let invoice: [String: JSONValue] = [
    "title": "t", "description": "d", "payload": "p", "currency": "XTR",
    "prices": [["label": "l", "amount": 5]],
  ]

  @Test(
    arguments: [
      ("sendInvoice", ["currency": "EUR"], "sendInvoice: currency is not XTR"),
      ("sendInvoice", ["provider_token": "x"], "sendInvoice: provider_token is there"),
      ("sendInvoice", ["prices": []], "sendInvoice: prices are not exactly one"),
      (
        "sendInvoice", ["prices": [["label": "l", "amount": 5], ["label": "l", "amount": 5]]],
        "sendInvoice: prices are not exactly one"
      ),
      (
        "sendInvoice", ["prices": [["label": "l", "amount": 0]]],
        "sendInvoice: the amount is less than 1"
      ),
      (
        "sendInvoice", ["prices": [["label": "l", "amount": "5"]]],
        "sendInvoice.prices[0].amount is no Integer"
      ),
      ("sendInvoice", ["title": ""], "sendInvoice.title is not 1-32 characters"),
      (
        "createInvoiceLink", ["subscription_period": 5],
        "createInvoiceLink: subscription_period is not 30 days"
      ),
      (
        "createInvoiceLink",
        ["subscription_period": 2_592_000, "prices": [["label": "l", "amount": 10_001]]],
        "createInvoiceLink: a subscription costs more than 10000 Stars"
      ),
    ] as [(String, [String: JSONValue], String)])
  func refusesWhatIsNoOfferForStars(
    method: String, change: [String: JSONValue], violation: String
  ) async throws {
    var parameters = Self.invoice
    if method == "sendInvoice" { parameters["chat_id"] = 42 }
    #expect(try await call(method, .object(parameters))["ok"] == true)
    let broken = parameters.merging(change) { $1 }
    #expect(try await call(method, .object(broken))["error_code"] == 400)
    #expect(fake.state.value.violations == [violation])
    #expect(fake.state.value.invoices.count + fake.state.value.invoiceLinks.count == 1)
  }

  @Test(
    arguments: [
      ("getStarTransactions", ["offset": -1], "getStarTransactions: offset is negative"),
      ("getStarTransactions", ["limit": 0], "getStarTransactions: limit is not 1 to 100"),
      ("getStarTransactions", ["limit": 101], "getStarTransactions: limit is not 1 to 100"),
      ("refundStarPayment", ["user_id": 42], "refundStarPayment lacks telegram_payment_charge_id"),
      (
        "sendDocument", ["chat_id": 42, "document": "x"],
        "sendDocument: document is no uploaded file"
      ),
      (
        "setMyCommands", ["commands": [], "scope": ["type": "chat"]],
        "setMyCommands.scope is no BotCommandScope"
      ),
      (
        "setMyCommands", ["commands": [], "scope": ["type": "all_group_chats"]],
        "setMyCommands: this scope is not imitated"
      ),
    ] as [(String, JSONValue, String)])
  func refusesOtherBadRequests(
    method: String, parameters: JSONValue, violation: String
  ) async throws {
    #expect(try await call(method, parameters)["error_code"] == 400)
    #expect(fake.state.value.violations == [violation])
  }

  @Test func editsSubscriptionsOfKnownPaymentsAlone() async throws {
    fake.payment(payload: "p", amount: 5, chargeID: "c", from: 42, subscriptionUntil: 1000)
    for (charge, userID) in [("x", 42), ("c", 43)] as [(JSONValue, JSONValue)] {
      let answer = try await call(
        "editUserStarSubscription",
        ["user_id": userID, "telegram_payment_charge_id": charge, "is_canceled": true])
      #expect(answer["description"] == "Bad Request: CHARGE_NOT_FOUND")
    }
    #expect(fake.state.value.subscriptionEdits.isEmpty)
  }

  @Test func noticesWhatTelegramWouldNotSend() {
    fake.starTransaction(["id": "x", "amount": 5, "date": 1, "receiver": ["type": "user"]])
    fake.starTransaction(["id": "x", "amount": 5])
    fake.message(holding: ["refunded_payment": ["currency": "XTR"]], from: 42)
    let mistakes = fake.state.value.violations
    #expect(mistakes.count == 3)
    #expect(mistakes.allSatisfy { $0.hasPrefix("the fake makes what Telegram does not: ") })
  }

  @Test(arguments: [
    "", "--B\r\n", "--B--", "--B\r\n\r\nx\r\n--B--\r\n",
    "--B\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n42\r\n--B",
    "--B\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n42--B--\r\n",
    "--B\r\nContent-Disposition: form-data; name=chat_id\r\n\r\n42\r\n--B--\r\n",
    "--B\nContent-Disposition: form-data; name=\"chat_id\"\n\n42\n--B--\n",
  ])
  func refusesABrokenForm(body: String) async throws {
    let answer = try await post(
      "sendDocument", Data(body.utf8), "multipart/form-data; boundary=B")
    #expect(answer["error_code"] == 400)
    #expect(fake.state.value.violations == ["sendDocument brings no JSON object and no form"])
  }

  @Test func takesAFormOfAnybodys() async throws {
    let body = """
      --B\r
      content-disposition: form-data; name="chat_id"\r
      \r
      42\r
      --B\r
      Content-Type: text/plain\r
      Content-Disposition: form-data; name="document"; filename="n"\r
      \r
      \r
      --A\r
      --B--\r

      """
    let answer = try await post(
      "sendDocument", Data(body.utf8), "multipart/form-data; boundary=B")
    #expect(answer["ok"] == true, "\(answer)")
    let document = try #require(fake.state.value.documents.first)
    #expect(document.chatID == 42)
    #expect(document.fileName == "n")
    #expect(document.contentType == "text/plain")
    #expect(document.data == Data("\r\n--A".utf8))
    #expect(document.caption == nil)
  }
}
