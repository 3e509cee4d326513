package import GRDB

/// Stars that go back to who paid them: a row of `refunds`.
package struct Refund: Sendable, Equatable, FetchableRecord {
  package enum State: String, Sendable, DatabaseValueConvertible {
    /// Booked here; Telegram has not said yet that it is done.
    case pending
    case done
    /// Telegram refused it, and what was taken back here was given again.
    case failed
  }

  package var id: Int64
  package var paymentID: Int64
  package var state: State
  /// What was taken from the balance.
  package var clawback: Credits
  /// What had been spent, and is the house's loss.
  package var loss: Credits
  package var transactionID: Int64?
  package var requester: Requester
  package var failure: String?

  /// Whoever wanted it.
  package enum Requester: Sendable, Equatable {
    /// - Parameter id: On Telegram.
    case administrator(_ id: Int64)
    case shell
    /// It was made elsewhere, and Telegram tells of it.
    case telegram
  }

  package init(row: Row) {
    id = row["id"]
    paymentID = row["payment_id"]
    state = row["state"]
    clawback = row["clawback_micro"]
    loss = row["loss_micro"]
    transactionID = row["transaction_id"]
    requester = Requester(row: row)
    failure = row["failure"]
  }
}

extension Refund.Requester {
  /// As the table `refunds` names it; an administrator's id stands beside it.
  enum Kind: String, DatabaseValueConvertible {
    case administrator
    case shell
    case telegram
  }

  fileprivate init(row: Row) {
    self =
      switch row["requested_by"] as Kind {
      case .administrator: .administrator(row["administrator_telegram_user_id"])
      case .shell: .shell
      case .telegram: .telegram
      }
  }

  var kind: Kind {
    switch self {
    case .administrator: .administrator
    case .shell: .shell
    case .telegram: .telegram
    }
  }

  var administratorID: Int64? {
    if case .administrator(let id) = self { id } else { nil }
  }
}
