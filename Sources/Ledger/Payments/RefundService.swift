import Foundation
import GRDB
import Logging

/// Refunds payments: the credits are taken back first, in one transaction with the order to
/// Telegram, then Telegram gives the Stars back. Each step can be repeated.
package struct RefundService {
  let tx: LedgerTransaction

  /// Takes the credits back and says that Telegram is to be told. Asked for again, it returns the
  /// refund that is under way, or done, and takes nothing more.
  ///
  /// - Parameter isForced: Whether to refund credits that are spent: then the balance goes to zero,
  ///   and the rest is the house's loss.
  /// - Throws: `LedgerError.unknownPayment`, `creditsSpent`, `callUnderWay`.
  package func request(
    chargeID: String, isForced: Bool, by requester: Refund.Requester
  ) throws -> (refund: Refund, isNew: Bool) {
    guard let payment = try tx.payments.find(chargeID) else {
      throw LedgerError.unknownPayment(chargeID: chargeID)
    }
    if let refund = try current(ofPayment: payment.id) { return (refund, false) }
    let split = try split(payment)
    if split.loss > .zero {
      guard split.account?.held == .zero else { throw LedgerError.callUnderWay }
      guard isForced else { throw LedgerError.creditsSpent(split.loss, of: split.purchased) }
    }
    return (try insert(payment, split, state: .pending, by: requester), true)
  }

  /// Telegram has given the Stars back. Returns whether that is news.
  package func confirm(_ id: Int64) throws -> Bool {
    try tx.db.run(
      "UPDATE refunds SET state = 'done', finished_at = ? WHERE id = ? AND state = 'pending'",
      [tx.now.databaseText, id])
    return tx.db.changesCount == 1
  }

  /// Telegram refuses: the credits taken back are given again, so that the person has either the
  /// Stars or the credits. Returns whether that is news.
  package func fail(
    _ id: Int64, because reason: String
  ) throws -> Bool {
    guard let refund = try refund(id: id), refund.state == .pending else { return false }
    var reversal: CreditTransaction?
    if let transactionID = refund.transactionID,
      let clawback = try tx.transactions.find(id: transactionID)
    {
      reversal = try tx.transactions.record(
        NewTransaction(
          userID: clawback.userID, type: .refund, amount: refund.clawback,
          externalTransactionID: clawback.externalTransactionID,
          idempotencyKey: "refund:payment:\(id):reversed",
          description: "refund of Stars did not succeed"))
    }
    try tx.db.run(
      """
      UPDATE refunds SET state = 'failed', reversal_transaction_id = ?, failure = ?, finished_at = ?
      WHERE id = ?
      """,
      [reversal?.id, reason, tx.now.databaseText, id])
    if let reversal {
      tx.log(
        "The credits of a refund that was refused are given again.",
        [
          "refund": "\(id)", "transaction": "\(reversal.id)", "credits": "\(reversal.amount)",
        ])
    }
    return true
  }

  /// Telegram says that the payment is refunded: by us, by somebody else, or charged back. The
  /// Stars are gone, so what is spent is the house's loss. Returns `nil` if that is no news.
  ///
  /// - Throws: `LedgerError.unknownPayment`.
  package func bookRefunded(chargeID: String) throws -> Refund? {
    guard let payment = try tx.payments.find(chargeID) else {
      throw LedgerError.unknownPayment(chargeID: chargeID)
    }
    if let ours = try current(ofPayment: payment.id) {
      return try confirm(ours.id) ? try refund(id: ours.id) : nil
    }
    return try insert(
      payment, try split(payment), state: .done, by: .telegram)
  }

  package func refund(id: Int64) throws -> Refund? {
    try Refund.fetchOne(cached: "SELECT * FROM refunds WHERE id = ?", [id], in: tx.db)
  }

  /// The payment's refund that is pending or done.
  package func current(ofPayment id: Int64) throws -> Refund? {
    try Refund.fetchOne(
      cached: "SELECT * FROM refunds WHERE payment_id = ? AND state <> 'failed'", [id], in: tx.db)
  }
}

extension RefundService {
  /// What a refund takes from the balance, and what it cannot take any more.
  private struct Split {
    var account: UserAccount?
    var package: String?
    var purchased = Credits.zero
    var clawback = Credits.zero
    var loss = Credits.zero
  }

  private func split(_ payment: Payment) throws -> Split {
    guard let id = payment.transactionID,
      let purchase = try tx.transactions.find(id: id)
    else { return Split() }  // It credited nothing.
    let account = try tx.users.account(id: purchase.userID)
    let clawback = min(purchase.amount, account.available)
    return Split(
      account: account, package: purchase.description, purchased: purchase.amount,
      clawback: clawback, loss: try purchase.amount.subtracting(clawback))
  }

  private func insert(
    _ payment: Payment, _ split: Split, state: Refund.State, by requester: Refund.Requester
  ) throws -> Refund {
    try tx.db.run(
      """
      INSERT INTO refunds (payment_id, state, clawback_micro, loss_micro, requested_by,
        administrator_telegram_user_id, created_at, finished_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        payment.id, state, split.clawback, split.loss, requester.kind, requester.administratorID,
        tx.now.databaseText, state == .done ? tx.now.databaseText : nil,
      ])
    let id = tx.db.lastInsertedRowID
    var transactionID: Int64?
    if let account = split.account, split.clawback > .zero {
      let transaction = try tx.transactions.record(
        NewTransaction(
          userID: account.id, type: .refund, amount: Credits(micro: -split.clawback.micro),
          externalTransactionID: payment.chargeID, idempotencyKey: "refund:payment:\(id)",
          description: "\(payment.amount) Stars given back"))
      try tx.db.run("UPDATE refunds SET transaction_id = ? WHERE id = ?", [transaction.id, id])
      transactionID = transaction.id
    }
    var details: Logger.Metadata = [
      "refund": "\(id)", "credits": "\(Credits(micro: -split.clawback.micro))",
      "house_loss": "\(split.loss)", "stars": "\(payment.amount)", "by": "\(requester.kind)",
    ]
    details["transaction"] = transactionID.map { "\($0)" }
    details["package"] = split.package.map { "\($0)" }
    tx.log("A refund is booked.", details)
    guard let refund = try refund(id: id) else {
      throw LedgerError.unknownPayment(chargeID: payment.chargeID)
    }
    return refund
  }
}
