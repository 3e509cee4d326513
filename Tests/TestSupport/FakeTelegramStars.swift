// What happens to the bot's Stars.
extension FakeTelegram {
  /// A payment, and the message that reports it.
  ///
  /// - Parameters:
  ///   - isDelivered: False loses the message: only the list of transactions tells of the payment.
  ///   - isListed: False keeps the payment out of that list: only the message tells of it.
  ///   - subscriptionUntil: Makes it a payment for a subscription. Unix time, seconds.
  /// - Returns: The id of the update, for `deliverAgain` where it was lost.
  @discardableResult
  package func payment(
    payload: String, amount: Int64, chargeID: String, currency: String = "XTR",
    from userID: Int64, isDelivered: Bool = true, isListed: Bool = true,
    subscriptionUntil: Int64? = nil, isFirstRecurring: Bool = true
  ) -> Int64 {
    let user = Self.user(userID)
    var partner: [String: JSONValue] = [
      "type": "user", "transaction_type": "invoice_payment", "user": user,
      "invoice_payload": .string(payload),
    ]
    var payment: [String: JSONValue] = [
      "currency": .string(currency), "total_amount": .integer(amount),
      "invoice_payload": .string(payload), "telegram_payment_charge_id": .string(chargeID),
      "provider_payment_charge_id": .string(chargeID),
    ]
    if let subscriptionUntil {
      partner["subscription_period"] = .integer(FakeTelegramState.subscriptionPeriod)
      payment["subscription_expiration_date"] = .integer(subscriptionUntil)
      payment["is_recurring"] = true
      if isFirstRecurring { payment["is_first_recurring"] = true }
    }
    return state.change { [partner, payment] state in
      if isListed, currency == "XTR" {
        state.record([
          "id": .string(chargeID), "amount": .integer(amount), "date": Self.now,
          "source": .object(partner),
        ])
      }
      let message = state.newMessage(
        ["successful_payment": .object(payment)], from: user, chat: userID)
      return state.deliver("message", message, isLost: !isDelivered)
    }
  }

  /// A payment is given back by somebody else, Telegram's support for instance.
  ///
  /// - Parameters:
  ///   - chargeID: Of a listed payment that was not given back yet.
  ///   - isDelivered: False loses the message that reports it.
  /// - Returns: The id of the update.
  @discardableResult
  package func refund(chargeID: String, isDelivered: Bool = true) -> Int64 {
    state.change { state in
      guard let payment = state.payment(chargeID), !state.isRefunded(chargeID) else {
        preconditionFailure("there is no payment \(chargeID) to be given back")
      }
      return state.refund(payment, isLost: !isDelivered)
    }
  }

  /// Any other entry at the end of the list of transactions: a *StarTransaction*.
  package func starTransaction(_ json: JSONValue) {
    state.change { $0.record(json) }
  }

  /// A subscription is `canceled` by its user, `active` again, or `failed` to be paid.
  @discardableResult
  package func subscription(payload: String, state: String, from userID: Int64) -> Int64 {
    deliver(
      "subscription",
      [
        "user": Self.user(userID), "invoice_payload": .string(payload), "state": .string(state),
      ])
  }
}

extension FakeTelegramState {
  /// An entry of the list of transactions.
  package struct StarTransactionRecord: Sendable, Equatable {
    package var json: JSONValue

    /// Of a payment and of its refund, the payment's charge id.
    package var id: String { json["id"]?.string ?? "" }
    /// Whole Stars, whatever the direction.
    package var amount: Int64 { json["amount"]?.integer ?? 0 }
    package var isIncoming: Bool { json["source"] != nil }
    package var userID: Int64? { partner?["user"]?["id"]?.integer }
    package var payload: String? { partner?["invoice_payload"]?.string }

    var partner: JSONValue? { json["source"] ?? json["receiver"] }

    /// What it adds to the balance.
    fileprivate var nanostars: Int64 {
      let sum = amount * starInNanostars + (json["nanostar_amount"]?.integer ?? 0)
      return isIncoming ? sum : -sum
    }
  }

  package struct SentInvoice: Sendable, Equatable {
    package var chatID: Int64
    package var title: String
    package var description: String
    package var payload: String
    /// Stars.
    package var amount: Int64
    package var startParameter: String?
    package var messageID: Int64
  }

  package struct InvoiceLink: Sendable, Equatable {
    package var url: String
    package var payload: String
    /// Stars.
    package var amount: Int64
    /// Seconds.
    package var subscriptionPeriod: Int64?
  }

  package struct SubscriptionEdit: Sendable, Equatable {
    package var userID: Int64
    package var chargeID: String
    package var isCanceled: Bool
  }

  /// Whole Stars, rounded to 0.
  package var starBalance: Int64 { nanostarBalance / starInNanostars }

  private var nanostarBalance: Int64 { starTransactions.reduce(0) { $0 + $1.nanostars } }

  static let subscriptionPeriod: Int64 = 2_592_000
  private static let dearestSubscription: Int64 = 10_000

  mutating func record(_ json: JSONValue) {
    check(json, is: "StarTransaction")
    starTransactions.append(StarTransactionRecord(json: json))
  }

  func payment(_ chargeID: String?) -> StarTransactionRecord? {
    starTransactions.first { $0.isIncoming && $0.userID != nil && $0.id == chargeID }
  }

  func isRefunded(_ chargeID: String) -> Bool {
    starTransactions.contains { !$0.isIncoming && $0.id == chargeID }
  }

  mutating func refund(_ payment: StarTransactionRecord, isLost: Bool = false) -> Int64 {
    let partner = payment.partner ?? .null
    record([
      "id": .string(payment.id), "amount": .integer(payment.amount), "date": FakeTelegram.now,
      "receiver": partner,
    ])
    let content: [String: JSONValue] = [
      "refunded_payment": [
        "currency": "XTR", "total_amount": .integer(payment.amount),
        "invoice_payload": .string(payment.payload ?? ""),
        "telegram_payment_charge_id": .string(payment.id),
        "provider_payment_charge_id": .string(payment.id),
      ]
    ]
    let message = newMessage(
      content, from: partner["user"] ?? .null, chat: payment.userID ?? 0)
    return deliver("message", message, isLost: isLost)
  }
}

private let starInNanostars: Int64 = 1_000_000_000

// MARK: - Methods

extension FakeTelegramState {
  mutating func sendInvoice(_ parameters: [String: JSONValue]) -> FakeTelegramOutcome {
    if let fault = Self.fault(inInvoice: parameters) { return .violation(fault) }
    guard let chatID = parameters["chat_id"]?.integer else {
      return .violation("chat_id is no number")
    }
    lastMessageID += 1
    let invoice = SentInvoice(
      chatID: chatID, title: parameters["title"]?.string ?? "",
      description: parameters["description"]?.string ?? "",
      payload: parameters["payload"]?.string ?? "", amount: Self.price(parameters) ?? 0,
      startParameter: parameters["start_parameter"]?.string, messageID: lastMessageID)
    invoices.append(invoice)
    let content: [String: JSONValue] = [
      "invoice": [
        "title": .string(invoice.title), "description": .string(invoice.description),
        "start_parameter": .string(invoice.startParameter ?? ""), "currency": "XTR",
        "total_amount": .integer(invoice.amount),
      ]
    ]
    return .result(Self.message(invoice.messageID, in: chatID, holding: content))
  }

  mutating func createInvoiceLink(_ parameters: [String: JSONValue]) -> FakeTelegramOutcome {
    if let fault = Self.fault(inInvoice: parameters) { return .violation(fault) }
    let period = parameters["subscription_period"]?.integer
    let amount = Self.price(parameters) ?? 0
    if let period, period != Self.subscriptionPeriod {
      return .violation("subscription_period is not 30 days")
    }
    if period != nil, amount > Self.dearestSubscription {
      return .violation("a subscription costs more than 10000 Stars")
    }
    let link = InvoiceLink(
      url: "https://t.me/$invoice\(invoiceLinks.count + 1)",
      payload: parameters["payload"]?.string ?? "", amount: amount, subscriptionPeriod: period)
    invoiceLinks.append(link)
    return .result(JSONValue.string(link.url).json)
  }

  /// What the specification says in prose.
  private static func fault(inInvoice parameters: [String: JSONValue]) -> String? {
    if parameters["currency"] != "XTR" { return "currency is not XTR" }
    if parameters["provider_token"]?.string?.isEmpty == false { return "provider_token is there" }
    guard let price = price(parameters) else { return "prices are not exactly one" }
    return price >= 1 ? nil : "the amount is less than 1"
  }

  private static func price(_ parameters: [String: JSONValue]) -> Int64? {
    guard let prices = parameters["prices"]?.array, prices.count == 1 else { return nil }
    return prices[0]["amount"]?.integer
  }

  mutating func refundStarPayment(_ parameters: [String: JSONValue]) -> FakeTelegramOutcome {
    guard let payment = payment(of: parameters) else { return Self.unknownCharge }
    if isRefunded(payment.id) { return .error(400, "Bad Request: CHARGE_ALREADY_REFUNDED") }
    guard nanostarBalance >= payment.nanostars else {
      return .error(400, "Bad Request: BALANCE_TOO_LOW")
    }
    _ = refund(payment)
    return .result("true")
  }

  mutating func editUserStarSubscription(_ parameters: [String: JSONValue])
    -> FakeTelegramOutcome
  {
    guard let payment = payment(of: parameters), let userID = payment.userID else {
      return Self.unknownCharge
    }
    subscriptionEdits.append(
      SubscriptionEdit(
        userID: userID, chargeID: payment.id, isCanceled: parameters["is_canceled"] == true))
    return .result("true")
  }

  private func payment(of parameters: [String: JSONValue]) -> StarTransactionRecord? {
    let payment = payment(parameters["telegram_payment_charge_id"]?.string)
    return payment?.userID == parameters["user_id"]?.integer ? payment : nil
  }

  private static let unknownCharge = FakeTelegramOutcome.error(
    400, "Bad Request: CHARGE_NOT_FOUND")

  func getStarTransactions(_ parameters: [String: JSONValue]) -> FakeTelegramOutcome {
    let offset = parameters["offset"]?.integer ?? 0
    let limit = parameters["limit"]?.integer ?? 100
    guard offset >= 0 else { return .violation("offset is negative") }
    guard 1...100 ~= limit else { return .violation("limit is not 1 to 100") }
    let page = starTransactions.dropFirst(Int(clamping: offset)).prefix(Int(limit))
    let result: JSONValue = ["transactions": .array(page.map(\.json))]
    return .result(result.json)
  }

  func getMyStarBalance() -> FakeTelegramOutcome {
    var amount: [String: JSONValue] = ["amount": .integer(starBalance)]
    let nanostars = nanostarBalance % starInNanostars
    if nanostars != 0 { amount["nanostar_amount"] = .integer(nanostars) }
    return .result(JSONValue.object(amount).json)
  }
}
