package import Foundation
package import GRDB

/// An offer that one person asked for: a row of `orders`. Its id is the payload of the invoice.
package struct Order: Sendable, Equatable {
  package enum State: String, Sendable, DatabaseValueConvertible {
    case open
    /// At least once; an invoice can be paid again.
    case paid
    /// Not to be paid any more.
    case closed
  }

  package var id: String
  package var userID: Int64
  package var package: CreditPackage
  package var state: State
  package var createdAt: Date
}

extension Order: FetchableRecord {
  package init(row: Row) {
    id = row["id"]
    userID = row["user_id"]
    package = CreditPackage(
      name: row["package_name"], credits: row["credits_micro"], bonus: row["bonus_micro"],
      price: row["price_stars"], isMonthly: row["is_monthly"])
    state = row["state"]
    createdAt = row["created_at"]
  }
}
