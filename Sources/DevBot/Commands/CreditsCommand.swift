import GRDB
import Ledger

/// `/credits`: the balance, the last transactions, and how to get more.
struct CreditsCommand: Command {
  let name = "credits"
  let summary = "Balance, last transactions and how to buy credits"
  let isPersonal = true

  private static let shownTransactions = 10

  func respond(to request: CommandRequest, in db: Database) throws -> CommandResponse {
    let account = try request.account()
    let rows = try CreditTransactionService().list(
      userID: account.id, limit: Self.shownTransactions, in: db)
    let lines = rows.map { row in
      "\(row.createdAt.minuteText)  \(row.amount.movementText)  \(row.purpose)"
    }
    return .reply(
      Reply(
        """
        Your balance is \(account.balance.balanceText) credits.

        \(lines.isEmpty ? "No transactions yet." : "Last transactions (UTC):")
        \(lines.joined(separator: "\n"))

        To get more credits, press the button below.
        """,
        buttons: [Button("Buy credits", command: name, argument: "buy")]))
  }

  func press(
    _ argument: String, by request: CommandRequest, in db: Database
  ) throws -> ButtonResponse {
    ButtonResponse(notice: "Buying credits with Telegram Stars is coming soon.")
  }
}

extension CreditTransaction {
  /// What the transaction was for, in words for its owner.
  fileprivate var purpose: String {
    switch type {
    case .initialGrant: "welcome credits"
    case .purchase: "credits bought"
    case .usageDeduction: TaskType(rawValue: description)?.title.lowercased() ?? description
    case .refund: "refund: \(description)"
    case .manualAdjustment: "adjustment: \(description)"
    case .referralBonus: "referral bonus"
    case .expiry: "credits expired"
    }
  }
}
