package import Ledger
package import Messaging

/// What is said of a refund to everybody whom it concerns.
package struct RefundText {
  private let refund: Refund
  private let payment: Payment

  package init(_ refund: Refund, of payment: Payment) {
    self.refund = refund
    self.payment = payment
  }

  /// For whoever asked for it in the chat, before Telegram has been told.
  package func answer(payer: Int64, isNew: Bool) -> String {
    let credits =
      refund.clawback > .zero ? " \(refund.clawback.text) credits were taken back." : ""
    let loss =
      refund.loss > .zero ? " \(refund.loss.text) spent credits are borne by the house." : ""
    return switch (refund.state, isNew) {
    case (.done, _): "This payment has already been refunded.\(credits)\(loss)"
    case (_, true):
      "\(payment.amount) Stars are on their way back to user \(payer).\(credits)\(loss)"
    case (_, false): "The refund of this payment is already under way.\(credits)\(loss)"
    }
  }

  /// For whoever asked for it in the shell, after Telegram has been told.
  package var outcome: String {
    let credits = "\(refund.clawback.text) credits were taken back"
    let loss = refund.loss > .zero ? ", \(refund.loss.text) spent ones are borne by the house" : ""
    return switch refund.state {
    case .done: "\(payment.amount) Stars were given back; \(credits)\(loss)."
    case .pending:
      "Telegram does not answer. The refund is booked; the running bot goes on with it, or run "
        + "this again."
    case .failed:
      "Telegram refuses: \(refund.failure ?? "no reason given"). Nothing was refunded, and the "
        + "credits are on the account again."
    }
  }

  /// For the payer, once the Stars are back.
  ///
  /// - Parameter balance: What is left; `nil` if there is no account any more.
  package func receipt(balance: Credits?) -> Reply {
    let left = balance.map { " Your balance is \($0.text) credits." } ?? ""
    let credits =
      refund.clawback > .zero ? ", and \(refund.clawback.text) credits were taken back" : ""
    return Reply("Your payment of \(amount) was refunded\(credits).\(left)")
  }

  /// For the administrator who asked for it, once the Stars are back.
  package var confirmation: Reply {
    Reply("✅ \(payment.amount) Stars were returned to their payer.\(lossOfPayment)")
  }

  /// For the operator, of Stars that went back without our doing.
  package var alert: String {
    """
    \(payment.amount) Stars of user \(payment.payer.map(String.init) ?? "(erased)") were given \
    back elsewhere, or charged back.\(lossOfPayment) Charge id: \(payment.chargeID.prefix(200))
    """
  }

  /// For the operator, of a refund that Telegram refuses.
  package func alert(ofRefusal reason: String) -> String {
    """
    The refund of \(amount) did not succeed: \(reason.prefix(300)). The credits \
    are on the account again. Charge id: \(payment.chargeID.prefix(200))
    """
  }

  private var amount: String { StarText.text(ofWhole: payment.amount) }

  private var lossOfPayment: String {
    refund.loss > .zero
      ? " \(refund.loss.text) credits of it were spent; the house bears them." : ""
  }
}
