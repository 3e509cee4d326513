package import Foundation
package import GRDB

/// Credits what was paid, once for each charge id, however often and by whatever way it is
/// reported.
package struct PaymentService: Sendable {
  package init() {}

  /// A payment as it is reported.
  package struct Report: Sendable {
    package var chargeID: String
    /// The payer's id on Telegram.
    package var payer: Int64
    /// What the invoice carried: the order's id, if it is one of ours.
    package var payload: String
    package var currency: String
    package var amount: Int64
    package var paidAt: Date
    package var source: Payment.Source
    /// Of a subscription: until when this payment lasts, and whether it is said to be the first
    /// one.
    package var subscription: (until: Date, isFirst: Bool)?

    package init(
      chargeID: String, payer: Int64, payload: String, currency: String, amount: Int64,
      paidAt: Date, source: Payment.Source, subscription: (until: Date, isFirst: Bool)? = nil
    ) {
      self.chargeID = chargeID
      self.payer = payer
      self.payload = payload
      self.currency = currency
      self.amount = amount
      self.paidAt = paidAt
      self.source = source
      self.subscription = subscription
    }
  }

  package enum Outcome: Sendable, Equatable {
    case credited(CreditPackage, CreditTransaction)
    /// It fits no order, so nothing is credited until somebody has looked. Says why.
    case unmatched(flaw: String)
    /// It was booked before.
    case known(Payment)
  }

  /// Books the payment. The same charge id a second time changes nothing.
  package func book(_ report: Report, at now: Date, in db: Database) throws -> Outcome {
    if let payment = try find(report.chargeID, in: db) { return .known(payment) }
    guard let order = try OrderService().find(report.payload, in: db) else {
      return try setAside(report, order: nil, because: "it names no order of ours", at: now, in: db)
    }
    if let flaw = try flaw(of: report, for: order, in: db) {
      return try setAside(report, order: order, because: flaw, at: now, in: db)
    }
    return try credit(report, order, at: now, in: db)
  }

  package func find(_ chargeID: String, in db: Database) throws -> Payment? {
    try Payment.fetchOne(cached: "SELECT * FROM payments WHERE charge_id = ?", [chargeID], in: db)
  }

  package func payment(id: Int64, in db: Database) throws -> Payment? {
    try Payment.fetchOne(cached: "SELECT * FROM payments WHERE id = ?", [id], in: db)
  }

  /// Newest first.
  package func list(ofUser userID: Int64, limit: Int, in db: Database) throws -> [Payment] {
    try Payment.fetchAll(
      db,
      sql: """
        SELECT p.* FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE o.user_id = ? ORDER BY p.id DESC LIMIT ?
        """,
      arguments: [userID, limit])
  }

  private func flaw(of report: Report, for order: Order, in db: Database) throws -> String? {
    guard report.currency == CreditPackage.currency else {
      return "it was made in another currency than Stars"
    }
    guard report.amount == order.package.price else {
      return "its order costs \(order.package.price) Stars"
    }
    let account = try UserService().account(id: order.userID, in: db)
    guard account.telegramUserID == report.payer else {
      return "its order was made for another person"
    }
    return nil
  }

  private func credit(
    _ report: Report, _ order: Order, at now: Date, in db: Database
  ) throws -> Outcome {
    let transaction = try CreditTransactionService().record(
      CreditTransactionService.Entry(
        userID: order.userID, type: .purchase, amount: try order.package.total(),
        externalTransactionID: report.chargeID, idempotencyKey: "purchase:\(report.chargeID)",
        description: order.package.name),
      at: now, in: db)
    try insert(report, order: order, transaction: transaction.id, flaw: nil, at: now, in: db)
    try OrderService().markPaid(order.id, at: now, in: db)
    if let subscription = report.subscription {
      try SubscriptionService().extend(
        order, chargeID: report.chargeID, until: subscription.until, isFirst: subscription.isFirst,
        at: now, in: db)
    }
    return .credited(order.package, transaction)
  }

  private func setAside(
    _ report: Report, order: Order?, because flaw: String, at now: Date, in db: Database
  ) throws -> Outcome {
    try insert(report, order: order, transaction: nil, flaw: flaw, at: now, in: db)
    return .unmatched(flaw: flaw)
  }

  private func insert(
    _ report: Report, order: Order?, transaction: Int64?, flaw: String?, at now: Date,
    in db: Database
  ) throws {
    try db.run(
      """
      INSERT INTO payments (charge_id, payer_telegram_user_id, order_id, currency, amount,
        transaction_id, flaw, learned_from, paid_at, created_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        report.chargeID, report.payer, order?.id, report.currency, report.amount, transaction, flaw,
        report.source, report.paidAt.databaseText, now.databaseText,
      ])
  }
}
