package import Foundation
package import GRDB

/// A payment that reached us: a row of `payments`. `chargeID` alone names it.
package struct Payment: Sendable, Equatable {
  package enum Source: String, Sendable, DatabaseValueConvertible {
    /// Telegram told us when it was made.
    case update
    /// It was found in Telegram's own list later.
    case statement
  }

  package var id: Int64
  package var chargeID: String
  /// `nil` once the payer's data are erased.
  package var payer: Int64?
  package var currency: String
  /// In the smallest unit of the currency; whole Stars.
  package var amount: Int64
  package var transactionID: Int64?
  /// Why nothing was credited.
  package var flaw: String?
  package var source: Source
  package var paidAt: Date
}

extension Payment: FetchableRecord {
  package init(row: Row) {
    id = row["id"]
    chargeID = row["charge_id"]
    payer = row["payer_telegram_user_id"]
    currency = row["currency"]
    amount = row["amount"]
    transactionID = row["transaction_id"]
    flaw = row["flaw"]
    source = row["learned_from"]
    paidAt = row["paid_at"]
  }
}
