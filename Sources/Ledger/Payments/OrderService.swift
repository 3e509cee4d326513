import Foundation
import GRDB

/// Takes orders, and says whether one may be paid.
package struct OrderService {
  let tx: LedgerTransaction

  /// Why a payment is refused before it is made, for the person to read.
  package enum Refusal: Error, Sendable, Equatable {
    case unknownOrder
    case madeForSomebodyElse
    case wrongAmount
    case noLongerSold
    case accountBlocked
    case alreadySubscribed
    /// Its subscription has begun, and is canceled or over: a second one of the same order would
    /// hide the first, which can be taken up again.
    case alreadyPaid
  }

  /// The person's order of that package. If they have one that was never paid, it is that.
  package func open(
    _ package: CreditPackage, userID: Int64
  ) throws -> Order {
    let unpaid = try Order.fetchAll(
      tx.db, sql: "SELECT * FROM orders WHERE user_id = ? AND state = 'open'", arguments: [userID])
    if let order = unpaid.first(where: { $0.package == package }) { return order }
    let id = RandomCode.make(characters: 24)
    try tx.db.execute(
      sql: """
        INSERT INTO orders (id, user_id, package_name, credits_micro, bonus_micro, currency,
          price_stars, is_monthly, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        id, userID, package.name, package.credits, package.bonus, CreditPackage.currency,
        package.price, package.isMonthly, tx.now.databaseText, tx.now.databaseText,
      ])
    return Order(id: id, userID: userID, package: package, state: .open, createdAt: tx.now)
  }

  package func find(_ id: String) throws -> Order? {
    try Order.fetchOne(cached: "SELECT * FROM orders WHERE id = ?", [id], in: tx.db)
  }

  /// Newest first.
  package func list(ofUser userID: Int64, limit: Int) throws -> [Order] {
    try Order.fetchAll(
      tx.db,
      sql: "SELECT * FROM orders WHERE user_id = ? ORDER BY created_at DESC, rowid DESC LIMIT ?",
      arguments: [userID, limit])
  }

  /// Whether Telegram may take the money: the last moment at which nothing has to be given back.
  ///
  /// - Parameter sold: What is for sale now.
  /// - Throws: `Refusal`.
  package func check(
    _ orderID: String, payer telegramUserID: Int64, currency: String, amount: Int64,
    sold: [CreditPackage]
  ) throws {
    guard let order = try find(orderID) else { throw Refusal.unknownOrder }
    let account = try tx.users.account(id: order.userID)
    guard account.telegramUserID == telegramUserID else { throw Refusal.madeForSomebodyElse }
    guard currency == CreditPackage.currency, amount == order.package.price else {
      throw Refusal.wrongAmount
    }
    guard order.state != .closed, sold.contains(order.package) else { throw Refusal.noLongerSold }
    guard !account.isBlocked else { throw Refusal.accountBlocked }
    if order.package.isMonthly,
      try tx.subscriptions.list(ofUser: account.id).contains(where: {
        $0.goesOn(at: tx.now)
      })
    {
      throw Refusal.alreadySubscribed
    }
    guard !order.package.isMonthly || order.state != .paid else { throw Refusal.alreadyPaid }
  }

  func markPaid(_ id: String) throws {
    try tx.db.run(
      "UPDATE orders SET state = 'paid', updated_at = ? WHERE id = ?", [tx.now.databaseText, id])
  }
}
