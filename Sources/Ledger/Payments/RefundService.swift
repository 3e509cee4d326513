package import Foundation
package import GRDB

/// Refunds payments: the credits are taken back first, in one transaction with the order to
/// Telegram, then Telegram gives the Stars back. Each step can be repeated.
package struct RefundService: Sendable {
  package init() {}

  /// Takes the credits back and says that Telegram is to be told. Asked for again, it returns the
  /// refund that is under way, or done, and takes nothing more.
  ///
  /// - Parameter isForced: Whether to refund credits that are spent: then the balance goes to zero,
  ///   and the rest is the house's loss.
  /// - Throws: `LedgerError.unknownPayment`, `creditsSpent`, `callUnderWay`.
  package func request(
    chargeID: String, isForced: Bool, by requester: Refund.Requester, at now: Date, in db: Database
  ) throws -> (refund: Refund, isNew: Bool) {
    guard let payment = try PaymentService().find(chargeID, in: db) else {
      throw LedgerError.unknownPayment(chargeID: chargeID)
    }
    if let refund = try current(ofPayment: payment.id, in: db) { return (refund, false) }
    let split = try split(payment, in: db)
    if split.loss > .zero {
      guard split.account?.held == .zero else { throw LedgerError.callUnderWay }
      guard isForced else { throw LedgerError.creditsSpent(split.loss, of: split.purchased) }
    }
    return (try insert(payment, split, state: .pending, by: requester, at: now, in: db), true)
  }

  /// Telegram has given the Stars back. Returns whether that is news.
  package func confirm(_ id: Int64, at now: Date, in db: Database) throws -> Bool {
    try db.run(
      "UPDATE refunds SET state = 'done', finished_at = ? WHERE id = ? AND state = 'pending'",
      [now.databaseText, id])
    return db.changesCount == 1
  }

  /// Telegram refuses: the credits taken back are given again, so that the person has either the
  /// Stars or the credits. Returns whether that is news.
  package func fail(
    _ id: Int64, because reason: String, at now: Date, in db: Database
  ) throws -> Bool {
    guard let refund = try refund(id: id, in: db), refund.state == .pending else { return false }
    var reversal: CreditTransaction?
    if let transactionID = refund.transactionID,
      let clawback = try CreditTransactionService().find(id: transactionID, in: db)
    {
      reversal = try CreditTransactionService().record(
        CreditTransactionService.Entry(
          userID: clawback.userID, type: .refund, amount: refund.clawback,
          externalTransactionID: clawback.externalTransactionID,
          idempotencyKey: "refund:payment:\(id):reversed",
          description: "refund of Stars did not succeed"),
        at: now, in: db)
    }
    try db.run(
      """
      UPDATE refunds SET state = 'failed', reversal_transaction_id = ?, failure = ?, finished_at = ?
      WHERE id = ?
      """,
      [reversal?.id, reason, now.databaseText, id])
    return true
  }

  /// Telegram says that the payment is refunded: by us, by somebody else, or charged back. The
  /// Stars are gone, so what is spent is the house's loss. Returns `nil` where that is no news.
  ///
  /// - Throws: `LedgerError.unknownPayment`.
  package func bookRefunded(chargeID: String, at now: Date, in db: Database) throws -> Refund? {
    guard let payment = try PaymentService().find(chargeID, in: db) else {
      throw LedgerError.unknownPayment(chargeID: chargeID)
    }
    if let ours = try current(ofPayment: payment.id, in: db) {
      return try confirm(ours.id, at: now, in: db) ? try refund(id: ours.id, in: db) : nil
    }
    return try insert(
      payment, try split(payment, in: db), state: .done, by: .telegram, at: now, in: db)
  }

  package func refund(id: Int64, in db: Database) throws -> Refund? {
    try Refund.fetchOne(cached: "SELECT * FROM refunds WHERE id = ?", [id], in: db)
  }

  /// The payment's refund that is pending or done.
  package func current(ofPayment id: Int64, in db: Database) throws -> Refund? {
    try Refund.fetchOne(
      cached: "SELECT * FROM refunds WHERE payment_id = ? AND state <> 'failed'", [id], in: db)
  }
}

extension RefundService {
  /// What a refund takes from the balance, and what it cannot take any more.
  private struct Split {
    var account: UserAccount?
    var purchased = Credits.zero
    var clawback = Credits.zero
    var loss = Credits.zero
  }

  private func split(_ payment: Payment, in db: Database) throws -> Split {
    guard let id = payment.transactionID,
      let purchase = try CreditTransactionService().find(id: id, in: db)
    else { return Split() }  // It credited nothing.
    let account = try UserService().account(id: purchase.userID, in: db)
    let clawback = min(purchase.amount, account.available)
    return Split(
      account: account, purchased: purchase.amount, clawback: clawback,
      loss: try purchase.amount.subtracting(clawback))
  }

  private func insert(
    _ payment: Payment, _ split: Split, state: Refund.State, by requester: Refund.Requester,
    at now: Date, in db: Database
  ) throws -> Refund {
    try db.run(
      """
      INSERT INTO refunds (payment_id, state, clawback_micro, loss_micro, requested_by, created_at,
        finished_at)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """,
      [
        payment.id, state, split.clawback, split.loss, requester.text, now.databaseText,
        state == .done ? now.databaseText : nil,
      ])
    let id = db.lastInsertedRowID
    if let account = split.account, split.clawback > .zero {
      let transaction = try CreditTransactionService().record(
        CreditTransactionService.Entry(
          userID: account.id, type: .refund, amount: Credits(micro: -split.clawback.micro),
          externalTransactionID: payment.chargeID, idempotencyKey: "refund:payment:\(id)",
          description: "\(payment.amount) Stars given back"),
        at: now, in: db)
      try db.run("UPDATE refunds SET transaction_id = ? WHERE id = ?", [transaction.id, id])
    }
    guard let refund = try refund(id: id, in: db) else {
      throw LedgerError.unknownPayment(chargeID: payment.chargeID)
    }
    return refund
  }
}
