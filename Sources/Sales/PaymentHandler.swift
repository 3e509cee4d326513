package import Foundation
import GRDB
package import Ledger
package import Logging
package import TelegramBotAPI
package import Messaging

/// Answers to what Telegram says of money: may it be paid, it was paid, it was given back. All of
/// it from local data, in the transaction that finishes the update.
package struct PaymentHandler: Sendable {
  package let store: Store
  package let replies: ReplyQueue
  package let alerts: OperatorAlerts
  /// False after a break in the ledger.
  package let isSelling: @Sendable () -> Bool
  package let logger: Logger

  package init(
    store: Store, replies: ReplyQueue, alerts: OperatorAlerts,
    isSelling: @escaping @Sendable () -> Bool, logger: Logger
  ) {
    self.store = store
    self.replies = replies
    self.alerts = alerts
    self.isSelling = isSelling
    self.logger = logger
  }

  /// Says yes or no to a payment that is about to be made.
  package func answer(_ query: PreCheckoutQuery, updateID: Int64, in tx: LedgerTransaction)
    throws
  {
    var reason: String?
    do {
      try tx.orders.check(
        query.invoicePayload, payer: query.from.id, currency: query.currency,
        amount: query.totalAmount, sold: store.sold)
      if !isSelling() { reason = "I cannot sell anything right now. Please try again later." }
    } catch let refusal as OrderService.Refusal {
      reason = refusal.sentence
    }
    let words = reason.map { $0 + " You have not been charged." }
    try replies.answer(query, refusal: words, updateID: updateID, in: tx)
  }

  /// Credits a payment, once, and thanks with a receipt.
  package func book(
    _ payment: SuccessfulPayment, from sender: Address, paidAt: Date, updateID: Int64,
    in tx: LedgerTransaction
  ) throws {
    let subscription = payment.subscriptionExpirationDate.map { until in
      (until: Date(timeIntervalSince1970: TimeInterval(until)), isFirst: payment.isFirstRecurring)
    }
    let report = ReportedPayment(
      chargeID: payment.telegramPaymentChargeID, payer: sender.user.id,
      payload: payment.invoicePayload, currency: payment.currency, amount: payment.totalAmount,
      paidAt: paidAt, source: .update, subscription: subscription)
    let wasSetAside = try tx.payments.find(report.chargeID)?.flaw != nil
    switch try tx.payments.book(report) {
    case .known:
      logger.notice("A payment was reported again.", metadata: ["update": "\(updateID)"])
    case .credited(let package, let transaction):
      let receipt = Self.receipt(of: package, transaction)
      try replies.queue(receipt, to: sender, updateID: updateID, in: tx)
      guard wasSetAside else { break }
      try alerts.queue(
        """
        The payment of \(payment.totalAmount) Stars by user \(sender.user.id) that I could not \
        match is credited now; there is nothing left to do. Its id: \(report.chargeID.prefix(200))
        """,
        updateID: updateID, in: tx)
    case .unmatched(let flaw):
      let apology = Self.apology(
        for: "\(payment.totalAmount) \(payment.unit)", chargeID: report.chargeID, flaw: flaw)
      try replies.queue(apology, to: sender, updateID: updateID, in: tx)
      logger.error(
        "A payment fits no order; nothing is credited.",
        metadata: ["update": "\(updateID)", "flaw": "\(flaw)"])
      try alerts.queue(
        """
        A payment of \(payment.totalAmount) \(payment.unit) by user \(sender.user.id) credits \
        nothing: \(flaw). Give it back with:
        /refund \(report.chargeID.prefix(200))
        """,
        updateID: updateID, in: tx)
    }
  }

  /// Books a refund that Telegram tells of, by us or by somebody else.
  package func book(
    _ refunded: RefundedPayment, updateID: Int64, in tx: LedgerTransaction
  ) throws {
    do {
      let refund = try tx.refunds.bookRefunded(
        chargeID: refunded.telegramPaymentChargeID)
      if let refund { try announce(refund, updateID: updateID, in: tx) }
    } catch LedgerError.unknownPayment {
      // Telegram's list says more of it; see `StarReconciliation`.
      logger.warning(
        "A refund of a payment that is not known.", metadata: ["update": "\(updateID)"])
    }
  }

  /// Keeps what a person did with their subscription in Telegram.
  package func note(_ change: BotSubscriptionUpdated, in tx: LedgerTransaction) throws {
    guard let state = Subscription.State(rawValue: change.state) else {
      return logger.warning("A subscription is in a state that is not known.")
    }
    try tx.subscriptions.setState(state, order: change.invoicePayload)
  }

  /// Says to everybody whom it concerns that Stars went back.
  package func announce(
    _ refund: Refund, updateID: Int64 = 0, in tx: LedgerTransaction
  ) throws {
    guard let payment = try tx.payments.payment(id: refund.paymentID) else { return }
    if let payer = payment.payer {
      try replies.queue(
        [.message(try receipt(of: refund, payment, payer: payer, in: tx), to: payer)],
        updateID: updateID, in: tx)
    }
    let loss =
      refund.loss > .zero
      ? " \(refund.loss.costText) credits of it were spent and are the house's loss." : ""
    switch refund.requester {
    case .administrator(let id):
      let text = "✅ \(payment.amount) Stars went back to their payer.\(loss)"
      try replies.queue([.message(Reply(text), to: id)], updateID: updateID, in: tx)
    case .telegram:
      try alerts.queue(
        """
        \(payment.amount) Stars of user \(payment.payer.map(String.init) ?? "(erased)") were given \
        back elsewhere, or charged back.\(loss) Charge id: \(payment.chargeID.prefix(200))
        """,
        updateID: updateID, in: tx)
    case .shell: break
    }
    logger.notice(
      "Stars went back.",
      metadata: ["stars": "\(payment.amount)", "loss_micro": "\(refund.loss.micro)"])
  }

  /// Telegram refuses a refund of ours: whatever was taken back is given again.
  package func refused(
    _ id: Int64, because reason: String, in tx: LedgerTransaction
  ) throws {
    guard try tx.refunds.fail(id, because: reason),
      let refund = try tx.refunds.refund(id: id),
      let payment = try tx.payments.payment(id: refund.paymentID)
    else { return }
    logger.error("Telegram refuses a refund.", metadata: ["reason": "\(reason)"])
    try alerts.queue(
      """
      The refund of \(payment.amount) Stars did not succeed: \(reason.prefix(300)). The credits \
      are on the account again. Charge id: \(payment.chargeID.prefix(200))
      """, in: tx)
  }

  /// What a person gets for a payment.
  package static func receipt(of package: CreditPackage, _ transaction: CreditTransaction) -> Reply
  {
    Reply(
      """
      Thank you! \(transaction.amount) credits are on your account; your balance is \
      \(transaction.balanceAfter.balanceText) credits.

      \(package.name), \(package.price) Stars. Charge id, in case you ever need /paysupport:
      \((transaction.externalTransactionID ?? "").prefix(200))
      """)
  }

  /// For a payment that credits nothing.
  package static func apology(for amount: String, chargeID: String, flaw: String?) -> Reply {
    Reply(
      """
      Thank you. Your payment of \(amount) has arrived, but I cannot match it to an \
      order\(flaw.map { " (\($0))" } ?? ""). My operator has been told and will credit it or give \
      it back.

      Charge id, for your questions to /paysupport:
      \(chargeID.prefix(200))
      """)
  }

  private func receipt(
    of refund: Refund, _ payment: Payment, payer: Int64, in tx: LedgerTransaction
  ) throws -> Reply {
    let account = try tx.users.find(telegramUserID: payer)
    let balance = account.map { " Your balance is \($0.balance.balanceText) credits." } ?? ""
    let credits =
      refund.clawback > .zero ? ", and \(refund.clawback.costText) credits were taken back" : ""
    return Reply("Your payment of \(payment.amount) Stars was refunded\(credits).\(balance)")
  }
}

extension SuccessfulPayment {
  fileprivate var unit: String {
    currency == CreditPackage.currency ? "Stars" : String(currency.prefix(8))
  }
}

extension OrderService.Refusal {
  fileprivate var sentence: String {
    switch self {
    case .unknownOrder: "I do not know this order any more. Send /buy for a new invoice."
    case .madeForSomebodyElse:
      "This invoice was made for another person. Send me /buy for one of your own."
    case .wrongAmount: "The price does not fit the order. Send /buy for a new invoice."
    case .noLongerSold: "This offer has changed. Send /buy for what there is now."
    case .accountBlocked: "Your account is blocked. Please write to /paysupport."
    case .alreadySubscribed: "You have a subscription already; /credits shows it."
    }
  }
}
