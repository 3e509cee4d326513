package import Foundation
import GRDB
import Logging

/// Credits what was paid, once for each charge id, however often and by whatever way it is
/// reported.
package struct PaymentService {
  let tx: LedgerTransaction

  package enum Outcome: Sendable, Equatable {
    case credited(CreditPackage, CreditTransaction)
    /// It fits no order, so nothing is credited until somebody has looked. Says why.
    case unmatched(flaw: String)
    /// It was booked before.
    case known(Payment)
  }

  /// Books the payment. The same charge id a second time changes nothing, with one exception: what
  /// was set aside as Telegram's list has it is judged anew by the update, which says more.
  package func book(_ report: ReportedPayment) throws -> Outcome {
    let earlier = try find(report.chargeID)
    if let earlier, try !isOpen(earlier, to: report) { return .known(earlier) }
    let order = try tx.orders.find(report.payload)
    do {
      let outcome = try credit(report, order)
      if earlier != nil { try tx.starStatement.markCredited(report.chargeID) }
      return outcome
    } catch let flaw as Flaw {
      if let earlier { return .known(earlier) }
      try keep(report, order: order, transaction: nil, flaw: flaw.reason)
      return .unmatched(flaw: flaw.reason)
    }
  }

  package func find(_ chargeID: String) throws -> Payment? {
    try Payment.fetchOne(
      cached: "SELECT * FROM payments WHERE charge_id = ?", [chargeID], in: tx.db)
  }

  package func payment(id: Int64) throws -> Payment? {
    try Payment.fetchOne(cached: "SELECT * FROM payments WHERE id = ?", [id], in: tx.db)
  }

  /// Newest first.
  package func list(ofUser userID: Int64, limit: Int) throws -> [Payment] {
    try Payment.fetchAll(
      tx.db,
      sql: """
        SELECT p.* FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE o.user_id = ? ORDER BY p.id DESC LIMIT ?
        """,
      arguments: [userID, limit])
  }

  /// Whole Stars that the user has paid since then for credits, less what went back.
  package func stars(paidBy userID: Int64, since: Date) throws -> Int {
    try Int.fetchOne(
      tx.db.cachedStatement(
        sql: """
          SELECT coalesce(sum(p.amount), 0) FROM orders o JOIN payments p ON p.order_id = o.id
          WHERE o.user_id = ? AND p.transaction_id IS NOT NULL AND p.paid_at >= ?
            AND NOT EXISTS (
              SELECT 1 FROM refunds r WHERE r.payment_id = p.id AND r.state <> 'failed')
          """), arguments: [userID, since.databaseText]) ?? 0
  }

  /// Why a payment credits nothing.
  private struct Flaw: Error {
    var reason: String
  }

  private func isOpen(_ payment: Payment, to report: ReportedPayment) throws -> Bool {
    try payment.source == .statement && payment.flaw != nil && report.source == .update
      && tx.refunds.current(ofPayment: payment.id) == nil
  }

  /// - Throws: `Flaw`, before anything is written.
  private func credit(
    _ report: ReportedPayment, _ order: Order?
  ) throws -> Outcome {
    guard let order else { throw Flaw(reason: "it names no order of ours") }
    try check(report, for: order)
    let transaction: CreditTransaction
    do {
      transaction = try tx.transactions.record(
        NewTransaction(
          userID: order.userID, type: .purchase, amount: try order.package.total(),
          externalTransactionID: report.chargeID, idempotencyKey: "purchase:\(report.chargeID)",
          description: order.package.name))
    } catch let error as LedgerError {
      throw Flaw(reason: "it cannot be credited: \(error)")
    }
    try keep(report, order: order, transaction: transaction.id, flaw: nil)
    tx.log(
      "Credits are bought.",
      [
        "transaction": "\(transaction.id)", "package": "\(order.package.name)",
        "credits": "\(transaction.amount)", "stars": "\(report.amount)",
      ])
    try tx.orders.markPaid(order.id)
    if let subscription = report.subscription {
      try tx.subscriptions.extend(
        order, chargeID: report.chargeID, until: subscription.until, isFirst: subscription.isFirst)
    }
    return .credited(order.package, transaction)
  }

  private func check(_ report: ReportedPayment, for order: Order) throws {
    guard report.currency == CreditPackage.currency else {
      throw Flaw(reason: "it was made in another currency than Stars")
    }
    guard report.amount == order.package.price else {
      throw Flaw(reason: "its order costs \(order.package.price) Stars")
    }
    let account = try tx.users.account(id: order.userID)
    guard account.telegramUserID == report.payer else {
      throw Flaw(reason: "its order was made for another person")
    }
  }

  /// In place of what was set aside, if anything was.
  private func keep(
    _ report: ReportedPayment, order: Order?, transaction: Int64?, flaw: String?
  ) throws {
    try tx.db.run(
      """
      INSERT INTO payments (charge_id, payer_telegram_user_id, order_id, currency, amount,
        transaction_id, flaw, learned_from, paid_at, created_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (charge_id) DO UPDATE SET
        payer_telegram_user_id = excluded.payer_telegram_user_id, order_id = excluded.order_id,
        currency = excluded.currency, amount = excluded.amount,
        transaction_id = excluded.transaction_id, flaw = excluded.flaw,
        learned_from = excluded.learned_from, paid_at = excluded.paid_at
      """,
      [
        report.chargeID, report.payer, order?.id, report.currency, report.amount, transaction, flaw,
        report.source, report.paidAt.databaseText, tx.now.databaseText,
      ])
  }
}
