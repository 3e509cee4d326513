package import Foundation
import GRDB

/// A monthly package that somebody pays for: a row of `subscriptions`.
package struct Subscription: Sendable, Equatable, StoredRow {
  package enum State: String, Sendable, DatabaseValueConvertible, ColumnValue {
    case active
    /// Paid until the date, and not any longer.
    case canceled
    /// The last charge did not succeed.
    case failed
  }

  package var orderID: String
  package var userID: Int64
  /// That of the first payment, which names the subscription to Telegram.
  package var chargeID: String
  package var state: State
  package var paidUntil: Date

  package static let columns = "order_id, user_id, charge_id, state, paid_until"

  package init(_ row: inout Columns) {
    orderID = row.next()
    userID = row.next()
    chargeID = row.next()
    state = row.next()
    paidUntil = row.next()
  }

  /// Whether there will be another charge, as far as is known. One that was not paid in time is
  /// over, though nobody has said so.
  package func goesOn(at now: Date) -> Bool { state == .active && paidUntil > now }

  /// Whether there may be another charge: one comes late at times, and one that failed may succeed
  /// yet.
  package func mayBeCharged(at now: Date) -> Bool {
    state != .canceled && paidUntil.addingTimeInterval(Self.latestCharge) > now
  }

  /// In seconds after the end of what is paid for. Telegram names no limit, but nobody pays for a
  /// month that is over.
  private static let latestCharge = TimeInterval(CreditPackage.month)
}

/// Keeps what Telegram says of subscriptions. The charges themselves are payments.
package struct SubscriptionService {
  let tx: LedgerTransaction

  private static let those = "SELECT \(Subscription.columns) FROM subscriptions"
  private static let ofUser = "\(those) WHERE user_id = ? ORDER BY paid_until DESC"
  private static let ofOrder = "\(those) WHERE order_id = ?"

  /// All that the person ever had, the one paid for longest first. One that was canceled can go on
  /// again beside a newer one: Telegram's settings let people do that.
  package func list(ofUser userID: Int64) throws -> [Subscription] {
    try Subscription.all(Self.ofUser, [userID], in: tx.db)
  }

  package func find(order id: String) throws -> Subscription? {
    try Subscription.first(Self.ofOrder, [id], in: tx.db)
  }

  package func setState(
    _ state: Subscription.State, order id: String
  ) throws {
    try tx.db.run(
      "UPDATE subscriptions SET state = ?, updated_at = ? WHERE order_id = ?",
      [state, tx.now.databaseText, id])
  }

  /// A charge that comes late, out of Telegram's list, takes nothing back that is known better.
  func extend(
    _ order: Order, chargeID: String, until: Date, isFirst: Bool
  ) throws {
    try tx.db.run(
      """
      INSERT INTO subscriptions (order_id, user_id, charge_id, state, paid_until, updated_at)
      VALUES (:order, :user, :charge, 'active', :until, :now)
      ON CONFLICT (order_id) DO UPDATE SET
        charge_id = iif(:first, :charge, charge_id), state = 'active', paid_until = :until,
        updated_at = :now
      WHERE :until > paid_until
      """,
      [
        "order": order.id, "user": order.userID, "charge": chargeID, "until": until.databaseText,
        "now": tx.now.databaseText, "first": isFirst,
      ])
  }
}
