package import Foundation
import GRDB
package import Ledger
import Logging
package import Messaging
package import TelegramBotAPI

/// Answers to what Telegram says of money: may it be paid, it was paid, it was given back. All of
/// it from local data, in the transaction that finishes the update.
package struct PaymentHandler: Sendable {
  package let store: Store
  package let outbox: Outbox
  package let alerts: OperatorAlerts
  package let selling: SellingStatus
  /// What follows once a person has more credits, in the same transaction.
  package let credited: @Sendable (_ telegramUserID: Int64, LedgerTransaction) throws -> Void

  /// - Parameter credited: What follows once a person has more credits, in the same transaction.
  package init(
    store: Store, outbox: Outbox, alerts: OperatorAlerts, selling: SellingStatus,
    credited: @escaping @Sendable (Int64, LedgerTransaction) throws -> Void = { _, _ in }
  ) {
    self.credited = credited
    self.store = store
    self.outbox = outbox
    self.alerts = alerts
    self.selling = selling
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
      if !selling.isOpen { reason = "I cannot sell anything right now. Please try again later." }
    } catch let refusal as OrderService.Refusal {
      reason = refusal.sentence
    }
    let words = reason.map { $0 + " You have not been charged." }
    try outbox.answer(query, refusal: words, updateID: updateID, in: tx)
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
    let former = try tx.subscriptions.find(order: report.payload)
    switch try tx.payments.book(report) {
    case .known:
      Logger.current.notice("A payment was reported again.", metadata: ["update": "\(updateID)"])
    case .credited(let package, let transaction):
      let receipt = try Self.receipt(of: package, transaction, for: sender.user.id, in: tx)
      try outbox.queue(receipt, to: sender.inPrivate, updateID: updateID, in: tx)
      try credited(sender.user.id, tx)
      if let former, former.mayBeCharged(at: tx.now), subscription?.isFirst == true {
        try end(
          [former.chargeID, report.chargeID], of: report.payload, sender, updateID: updateID, in: tx
        )
      }
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
      try outbox.queue(apology, to: sender.inPrivate, updateID: updateID, in: tx)
      Logger.current.error(
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

  /// Somebody has begun the same subscription twice, for instance on two devices at once. Of an
  /// order, one subscription is known, so that nobody could end the other one later.
  private func end(
    _ charges: Set<String>, of order: String, _ sender: Address, updateID: Int64,
    in tx: LedgerTransaction
  ) throws {
    let known = try tx.subscriptions.find(order: order)?.chargeID
    let requests = try charges.filter { $0 != known }.map { charge in
      let request = try BotRequest.editUserStarSubscription(
        userID: sender.user.id, chargeID: charge, isCanceled: true)
      return Outgoing.request(request, chat: nil, .formerSubscription(order: order))
    }
    let note = Reply(
      "You have subscribed twice. Both months are on your account; only one of the two renews.")
    try outbox.queue(
      requests + [.message(note, to: sender.user.id)], updateID: updateID, in: tx)
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
      Logger.current.warning(
        "A refund of a payment that is not known.", metadata: ["update": "\(updateID)"])
    }
  }

  /// Keeps what a person did with their subscription in Telegram.
  package func note(_ change: BotSubscriptionUpdated, in tx: LedgerTransaction) throws {
    guard let state = Subscription.State(rawValue: change.state) else {
      return Logger.current.warning("A subscription is in a state that is not known.")
    }
    try tx.subscriptions.setState(state, order: change.invoicePayload)
  }

  /// Says to everybody whom it concerns that Stars went back.
  package func announce(
    _ refund: Refund, updateID: Int64? = nil, in tx: LedgerTransaction
  ) throws {
    guard let payment = try tx.payments.payment(id: refund.paymentID) else { return }
    let text = RefundText(refund, of: payment)
    if let payer = payment.payer {
      let account = try tx.users.find(telegramUserID: payer)
      try outbox.queue(
        [.message(text.receipt(balance: account?.balance), to: payer)],
        updateID: updateID, in: tx)
    }
    switch refund.requester {
    case .administrator(let id):
      try outbox.queue([.message(text.confirmation, to: id)], updateID: updateID, in: tx)
    case .telegram: try alerts.queue(text.alert, updateID: updateID, in: tx)
    case .shell: break
    }
    Logger.current.notice(
      "Stars went back.",
      metadata: [
        "refund": "\(refund.id)", "stars": "\(payment.amount)",
        "loss_micro": "\(refund.loss.micro)",
      ])
  }

  /// Telegram refuses a refund of ours: whatever was taken back is given again.
  package func refused(
    _ id: Int64, because reason: String, in tx: LedgerTransaction
  ) throws {
    guard try tx.refunds.fail(id, because: reason),
      let refund = try tx.refunds.refund(id: id),
      let payment = try tx.payments.payment(id: refund.paymentID)
    else { return }
    Logger.current.error("Telegram refuses a refund.", metadata: ["reason": "\(reason)"])
    try alerts.queue(
      RefundText(refund, of: payment).alert(ofRefusal: reason), in: tx)
  }

  /// What a person gets for a payment. What they wanted it for is one tap away.
  static func receipt(
    of package: CreditPackage, _ transaction: CreditTransaction, for payer: Int64,
    in tx: LedgerTransaction
  ) throws -> Reply {
    Reply(
      """
      Thank you! \(transaction.amount.text) credits are on your account; your balance is \
      \(transaction.balanceAfter.text) credits.

      \(package.name), \(StarText.text(ofWhole: package.price)). Charge id, in case you ever need \
      /paysupport:
      \((transaction.externalTransactionID ?? "").prefix(200))
      """,
      buttons: try Inbox.askAgainButtons(for: payer, in: tx))
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
}

extension SuccessfulPayment {
  fileprivate var unit: String {
    currency == CreditPackage.currency ? "Stars" : String(currency.prefix(8))
  }
}

extension OrderService.Refusal {
  fileprivate var sentence: String {
    switch self {
    case .unknownOrder: "I no longer know this order. Send /buy for a new invoice."
    case .madeForSomebodyElse:
      "This invoice was made for another person. Send me /buy for one of your own."
    case .wrongAmount: "The price does not match the order. Send /buy for a new invoice."
    case .noLongerSold: "This offer has changed. Send /buy for what there is now."
    case .accountBlocked: "Your account is blocked. Please send /paysupport and your question."
    case .alreadySubscribed: "You already have a subscription; /credits shows it."
    case .alreadyPaid: "This link was used before. Send /buy for a new one."
    }
  }
}
