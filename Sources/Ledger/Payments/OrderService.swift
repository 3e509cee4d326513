package import Foundation
package import GRDB

/// Takes orders, and says whether one may be paid.
package struct OrderService: Sendable {
  package init() {}

  /// Why a payment is refused before it is made, for the person to read.
  package enum Refusal: Error, Sendable, Equatable {
    case unknownOrder
    case madeForSomebodyElse
    case wrongAmount
    case noLongerSold
    case accountBlocked
    case alreadySubscribed
  }

  /// The person's order of that package. Where they have one that was never paid, it is that.
  package func open(
    _ package: CreditPackage, userID: Int64, at now: Date, in db: Database
  ) throws -> Order {
    let unpaid = try Order.fetchAll(
      db, sql: "SELECT * FROM orders WHERE user_id = ? AND state = 'open'", arguments: [userID])
    if let order = unpaid.first(where: { $0.package == package }) { return order }
    let id = RandomCode.make(characters: 24)
    try db.execute(
      sql: """
        INSERT INTO orders (id, user_id, package_name, credits_micro, bonus_micro, currency,
          price_stars, is_monthly, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        id, userID, package.name, package.credits, package.bonus, CreditPackage.currency,
        package.price, package.isMonthly, now.databaseText, now.databaseText,
      ])
    return Order(id: id, userID: userID, package: package, state: .open, createdAt: now)
  }

  package func find(_ id: String, in db: Database) throws -> Order? {
    try Order.fetchOne(cached: "SELECT * FROM orders WHERE id = ?", [id], in: db)
  }

  /// Newest first.
  package func list(ofUser userID: Int64, limit: Int, in db: Database) throws -> [Order] {
    try Order.fetchAll(
      db,
      sql: "SELECT * FROM orders WHERE user_id = ? ORDER BY created_at DESC, rowid DESC LIMIT ?",
      arguments: [userID, limit])
  }

  /// Whether Telegram may take the money: the last moment at which nothing has to be given back.
  ///
  /// - Parameter sold: What is for sale now.
  /// - Throws: `Refusal`.
  package func check(
    _ orderID: String, payer telegramUserID: Int64, currency: String, amount: Int64,
    sold: [CreditPackage], at now: Date, in db: Database
  ) throws {
    guard let order = try find(orderID, in: db) else { throw Refusal.unknownOrder }
    let account = try UserService().account(id: order.userID, in: db)
    guard account.telegramUserID == telegramUserID else { throw Refusal.madeForSomebodyElse }
    guard currency == CreditPackage.currency, amount == order.package.price else {
      throw Refusal.wrongAmount
    }
    guard order.state != .closed, sold.contains(order.package) else { throw Refusal.noLongerSold }
    guard !account.isBlocked else { throw Refusal.accountBlocked }
    if order.package.isMonthly,
      try SubscriptionService().list(ofUser: account.id, in: db).contains(where: {
        $0.goesOn(at: now)
      })
    {
      throw Refusal.alreadySubscribed
    }
  }

  func markPaid(_ id: String, at now: Date, in db: Database) throws {
    try db.run(
      "UPDATE orders SET state = 'paid', updated_at = ? WHERE id = ?", [now.databaseText, id])
  }
}
