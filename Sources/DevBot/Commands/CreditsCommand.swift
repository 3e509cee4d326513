import Foundation
import GRDB
import Ledger
import TelegramBotAPI

/// `/credits`: the balance, the last transactions, and how to get more.
struct CreditsCommand: Command {
  let name = "credits"
  let summary = "Balance, last transactions and how to buy credits"
  let isPersonal = true
  let servesBlocked = true
  let storefront: Storefront

  private static let shownTransactions = 10
  private static let cancel = "cancel"
  private static let reallyCancel = "cancel for good"

  func respond(to request: CommandRequest, in db: Database) throws -> CommandResponse {
    .reply(try overview(of: request.account(), at: request.now, in: db))
  }

  func press(
    _ argument: String, by request: CommandRequest, in db: Database
  ) throws -> ButtonResponse {
    let account = try request.account()
    let subscription = try SubscriptionService().find(ofUser: account.id, in: db)
    guard let subscription, subscription.goesOn(at: request.now),
      argument == Self.cancel || argument == Self.reallyCancel
    else {
      return ButtonResponse(
        notice: "This is how it stands now.",
        replacement: try overview(of: account, at: request.now, in: db))
    }
    guard argument == Self.reallyCancel else {
      let text = """
        Do you want to cancel your subscription? Nothing will be charged on \
        \(subscription.paidUntil.dayText) then, and your credits stay yours.
        """
      return ButtonResponse(
        notice: "Please confirm.",
        replacement: Reply(
          text,
          buttons: [
            Button("Yes, cancel it", command: name, argument: Self.reallyCancel),
            Button("No, keep it", command: name, argument: "keep"),
          ]))
    }
    return ButtonResponse(
      notice: "Telegram is being told.",
      replacement: Reply("Your cancellation is on its way to Telegram."),
      also: [try subscription.cancellation(of: account.telegramUserID)])
  }

  private func overview(
    of account: UserAccount, at now: Date, in db: Database
  ) throws -> Reply {
    let rows = try CreditTransactionService().list(
      userID: account.id, limit: Self.shownTransactions, in: db)
    let lines = rows.map { row in
      "\(row.createdAt.minuteText)  \(row.amount.movementText)  \(row.purpose)"
    }
    let subscription = try SubscriptionService().find(ofUser: account.id, in: db)
    var paragraphs = [
      "Your balance is \(account.balance.balanceText) credits.",
      ([lines.isEmpty ? "No transactions yet." : "Last transactions (UTC):"] + lines)
        .joined(separator: "\n"),
    ]
    if let subscription, subscription.paidUntil > now { paragraphs.append(subscription.sentence) }
    var buttons = storefront.buttons
    if !buttons.isEmpty { paragraphs.append("To get more credits, choose:") }
    if let subscription, subscription.goesOn(at: now) {
      buttons.append(Button("Cancel the subscription", command: name, argument: Self.cancel))
    }
    return Reply(paragraphs.joined(separator: "\n\n"), buttons: buttons)
  }
}

extension Subscription {
  /// Tells Telegram to charge no more.
  func cancellation(of telegramUserID: Int64) throws -> Outgoing {
    let request = try BotRequest.editUserStarSubscription(
      userID: telegramUserID, chargeID: chargeID, isCanceled: true)
    return .request(request, chat: nil, .cancellation(order: orderID))
  }

  fileprivate var sentence: String {
    switch state {
    case .active: "Your subscription goes on at \(paidUntil.dayText)."
    case .canceled: "Your subscription is canceled and ends on \(paidUntil.dayText)."
    case .failed: "The last charge of your subscription failed; it ends on \(paidUntil.dayText)."
    }
  }
}

extension CreditTransaction {
  /// What the transaction was for, in words for its owner.
  fileprivate var purpose: String {
    switch type {
    case .initialGrant: "welcome credits"
    case .purchase: "bought: \(description)"
    case .usageDeduction: TaskType(rawValue: description)?.title.lowercased() ?? description
    case .refund: "refund: \(description)"
    case .manualAdjustment: "adjustment: \(description)"
    case .referralBonus: "referral bonus"
    case .expiry: "credits expired"
    }
  }
}
