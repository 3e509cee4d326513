// Telegram Stars, whose currency is called XTR. Each throws as the other methods do.
extension BotRequest {
  /// A message with a button that pays.
  ///
  /// - Parameter startParameter: 1 to 64 of A–Z, a–z, 0–9, the underscore and the hyphen. It must
  ///   be there: without it, a copy that is forwarded has the button too, and others can pay.
  package static func sendInvoice(
    chatID: Int64, _ invoice: Invoice, startParameter: String, threadID: Int64? = nil
  ) throws(TelegramError) -> BotRequest {
    try check(invoice)
    try check(startParameter: startParameter)
    let chat: [(String, JSON?)] = [
      ("chat_id", .int(chatID)), ("message_thread_id", threadID.map(JSON.int)),
    ]
    return BotRequest(
      "sendInvoice",
      .object(chat + invoice.members + [("start_parameter", .string(startParameter))]))
  }

  /// A link that pays for a subscription, as often and by as many as have it. The result is its
  /// URL.
  ///
  /// - Parameter subscriptionPeriod: Seconds; Telegram takes 30 days alone.
  package static func createInvoiceLink(
    _ invoice: Invoice, subscriptionPeriod: Int
  ) throws(TelegramError) -> BotRequest {
    try check(invoice)
    try require(
      invoice.stars <= TelegramLimits.subscriptionStars,
      "amount is more than \(TelegramLimits.subscriptionStars) Stars for a subscription")
    try require(
      subscriptionPeriod == TelegramLimits.subscriptionPeriod,
      "subscription_period is not \(TelegramLimits.subscriptionPeriod) s")
    return BotRequest(
      "createInvoiceLink",
      .object(invoice.members + [("subscription_period", .int(Int64(subscriptionPeriod)))]))
  }

  /// Gives a payment back whole. See `TelegramError.isAlreadyRefunded`.
  ///
  /// - Parameter userID: Of the one who paid.
  package static func refundStarPayment(
    userID: Int64, chargeID: String
  ) throws(TelegramError) -> BotRequest {
    BotRequest("refundStarPayment", .object(try payment(userID, chargeID)))
  }

  /// Ends a subscription with the period that is paid for, or lets it go on.
  ///
  /// - Parameters:
  ///   - chargeID: Of the subscription's payment.
  ///   - isCanceled: False lets the user have it extended, if it was the bot that ended it.
  package static func editUserStarSubscription(
    userID: Int64, chargeID: String, isCanceled: Bool
  ) throws(TelegramError) -> BotRequest {
    BotRequest(
      "editUserStarSubscription",
      .object(try payment(userID, chargeID) + [("is_canceled", .bool(isCanceled))]))
  }

  /// - Parameters:
  ///   - offset: How many to skip, from the oldest.
  ///   - limit: 1 to 100.
  static func getStarTransactions(offset: Int, limit: Int) throws(TelegramError) -> BotRequest {
    try require(offset >= 0, "offset is negative")
    try require(
      1...TelegramLimits.transactionCount ~= limit,
      "limit is not 1 to \(TelegramLimits.transactionCount)")
    return BotRequest(
      "getStarTransactions", ["offset": .int(Int64(offset)), "limit": .int(Int64(limit))])
  }

  private static func payment(
    _ userID: Int64, _ chargeID: String
  ) throws(TelegramError) -> [(String, JSON?)] {
    try require(!chargeID.isEmpty, "telegram_payment_charge_id is empty")
    return [("user_id", .int(userID)), ("telegram_payment_charge_id", .string(chargeID))]
  }
}

extension Invoice {
  /// Stars go by no payment provider, and have exactly one price.
  fileprivate var members: [(String, JSON?)] {
    [
      ("title", .string(title)), ("description", .string(description)),
      ("payload", .string(payload)), ("provider_token", .string("")),
      ("currency", .string("XTR")),
      ("prices", .array([["label": .string(label), "amount": .int(stars)]])),
    ]
  }
}

// MARK: - Checks

extension BotRequest {
  private static func check(_ invoice: Invoice) throws(TelegramError) {
    try require(
      1...TelegramLimits.invoiceTitle ~= invoice.title.utf16.count,
      "title is not 1 to \(TelegramLimits.invoiceTitle) UTF-16 units long")
    try require(
      1...TelegramLimits.invoiceDescription ~= invoice.description.utf16.count,
      "description is not 1 to \(TelegramLimits.invoiceDescription) UTF-16 units long")
    try require(
      1...TelegramLimits.invoicePayload ~= invoice.payload.utf8.count,
      "payload is not 1 to \(TelegramLimits.invoicePayload) bytes long")
    try require(!invoice.label.isEmpty, "label is empty")
    try require(invoice.stars >= 1, "amount is less than 1 Star")
  }

  private static func check(startParameter: String) throws(TelegramError) {
    let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-".utf8)
    try require(
      1...TelegramLimits.startParameter ~= startParameter.utf8.count
        && startParameter.utf8.allSatisfy(allowed.contains),
      "start_parameter is not 1 to \(TelegramLimits.startParameter) of A-Z, a-z, 0-9, _ and -")
  }
}
