import GRDB
import Testing
import TestSupport

typealias SentInvoice = FakeTelegramState.SentInvoice

/// The same business in every test: three packages, a subscription, and an administrator.
extension World {
  static let administrator: Int64 = 1001
  static let shop: [String: String?] = [
    "TELEGRAM_ADMIN_USER_IDS": "1001", "STARS_SUBSCRIPTION": "Monthly: 1000 for 800",
  ]

  /// Starts the daemon and waits until it has read Telegram's list of Stars: what is paid from then
  /// on, it learns from updates.
  func openShop(changing changes: [String: String?] = [:]) async throws -> ChildProcess {
    let walks = telegram.state.value.calls(of: "getMyStarBalance").count
    let daemon = try await startDaemon(changing: Self.shop.merging(changes) { $1 })
    try await telegram.state.wait(for: "a walk over the Stars") {
      $0.calls(of: "getMyStarBalance").count > walks
    }
    return daemon
  }

  /// Presses an offer, and returns the invoice that comes.
  func order(_ package: String = "Starter", by user: Int64 = 42) async throws -> SentInvoice {
    let count = telegram.state.value.invoices(to: user).count
    telegram.callback("buy:\(package)", from: user)
    let state = try await telegram.state.wait(for: "an invoice to \(user)") {
      $0.invoices(to: user).count > count
    }
    return try #require(state.invoices(to: user).last)
  }

  /// Presses a button, and returns the note over the chat.
  @discardableResult
  func press(
    _ data: String, onMessage id: Int64 = 1001, by user: Int64 = 42
  ) async throws -> String {
    let count = telegram.state.value.calls(of: "answerCallbackQuery").count
    telegram.callback(data, from: user, messageID: id)
    let state = try await telegram.state.wait(for: "the note after \(data)") {
      $0.calls(of: "answerCallbackQuery").count > count
    }
    return state.calls(of: "answerCallbackQuery")[count].parameters["text"]?.string ?? ""
  }

  /// Begins to pay, and returns what the bot says to Telegram.
  func checkOut(
    _ invoice: SentInvoice, by user: Int64 = 42, amount: Int64? = nil, currency: String = "XTR"
  ) async throws -> [String: JSONValue] {
    let count = telegram.state.value.calls(of: "answerPreCheckoutQuery").count
    telegram.preCheckout(
      payload: invoice.payload, amount: amount ?? invoice.amount, currency: currency, from: user)
    let state = try await telegram.state.wait(for: "the answer to a payment") {
      $0.calls(of: "answerPreCheckoutQuery").count > count
    }
    return state.calls(of: "answerPreCheckoutQuery")[count].parameters
  }

  /// Pays, and returns the next message to the payer.
  @discardableResult
  func pay(
    _ invoice: SentInvoice, _ chargeID: String, by user: Int64 = 42, amount: Int64? = nil,
    currency: String = "XTR"
  ) async throws -> String {
    let count = telegram.state.value.sent(to: user).count
    telegram.payment(
      payload: invoice.payload, amount: amount ?? invoice.amount, chargeID: chargeID,
      currency: currency, from: user)
    return try await replies(count + 1, to: user)[count]
  }

  /// Opens an account and buys: 250 credits for 200 Stars.
  func buyStarter(_ chargeID: String, for user: Int64 = 42) async throws {
    try await openAccount(of: user)
    try await pay(order(by: user), chargeID, by: user)
  }

  /// Waits for a message to the user with those words in it, and returns it.
  @discardableResult
  func message(
    with words: String, to user: Int64 = World.administrator
  ) async throws -> FakeTelegramState.SentMessage {
    let state = try await telegram.state.wait(for: "\"\(words)\" to \(user)") {
      $0.messages.contains { $0.chatID == user && $0.text.contains(words) }
    }
    return try #require(
      state.messages.last { $0.chatID == user && $0.text.contains(words) })
  }

  /// Waits until every update has come to its end, and every reply with it.
  func waitUntilAllIsDone() async throws {
    try await telegram.state.wait(for: "the updates' way") { $0.pendingCount == 0 }
    try await wait(
      for: "the end of everything",
      untilThereIs: """
        SELECT NOT EXISTS (SELECT 1 FROM inbox WHERE state = 'pending')
          AND NOT EXISTS (SELECT 1 FROM outbox WHERE state = 'queued')
        """)
  }

  /// `CHARGE ID: MICRO-CREDITS` of each purchase, in order.
  func purchases() throws -> [String] {
    try read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT format('%s: %d', external_transaction_id, credits_amount_micro)
          FROM credit_transactions WHERE transaction_type = 'purchase' ORDER BY id
          """)
    }
  }

  /// `CHARGE ID: STATE, TAKEN BACK, LOST` of each refund, in order.
  func refunds() throws -> [String] {
    try read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT format('%s: %s, %d, %d', p.charge_id, r.state, r.clawback_micro, r.loss_micro)
          FROM refunds r JOIN payments p ON p.id = r.payment_id ORDER BY r.id
          """)
    }
  }
}

extension FakeTelegramState {
  func invoices(to user: Int64) -> [SentInvoice] { invoices.filter { $0.chatID == user } }

  /// Charge ids of Stars that went out, in order.
  var repaid: [String] { starTransactions.filter { !$0.isIncoming }.map(\.id) }

  func messages(to user: Int64, with words: String) -> [SentMessage] {
    messages.filter { $0.chatID == user && $0.text.contains(words) }
  }
}

extension FakeTelegramState.SentMessage {
  /// What its buttons send or open.
  var buttons: [String] {
    (replyMarkup?["inline_keyboard"]?.array ?? []).flatMap { $0.array ?? [] }
      .compactMap { ($0["callback_data"] ?? $0["url"])?.string }
  }
}
