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
    case administrator(Int64)
    case shell
    /// It was made elsewhere, and Telegram tells of it.
    case telegram

    init(text: String) {
      switch text {
      case "shell": self = .shell
      case "telegram": self = .telegram
      default: self = .administrator(Int64(text) ?? 0)
      }
    }

    var text: String {
      switch self {
      case .administrator(let id): "\(id)"
      case .shell: "shell"
      case .telegram: "telegram"
      }
    }
  }

  package init(row: Row) {
    id = row["id"]
    paymentID = row["payment_id"]
    state = row["state"]
    clawback = row["clawback_micro"]
    loss = row["loss_micro"]
    transactionID = row["transaction_id"]
    requester = Requester(text: row["requested_by"])
    failure = row["failure"]
  }
}
