import Assistant
import Foundation
import GRDB
import Ledger
import Messaging
import Sales

/// `/credits`: the balance, the last transactions, and how to get more.
struct CreditsCommand: Command {
  let name = "credits"
  let summary = "Balance, last transactions and how to buy credits"
  let isPersonal = true
  let servesBlocked = true
  let readsOnly = true
  let checkout: Checkout
  let subscriptions: SubscriptionCancellation

  private static let shownTransactions = 10
  private static let cancel = "cancel"
  private static let reallyCancel = "cancel for good"

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    .reply(try overview(of: request.account(), in: tx))
  }

  func press(
    _ argument: String, by request: CommandRequest, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    let account = try request.account()
    if let question = argument.wholeMatch(of: /for ([0-9]{1,18})/).flatMap({ Int64($0.1) }) {
      return ButtonResponse(
        notice: "Choose what you like.",
        replacement: Reply(
          "Choose how to get more; then tap \u{201C}Ask again\u{201D} and I will answer your "
            + "question.",
          buttons: checkout.buttons + [.askAgain(question)]))
    }
    let charged = try tx.subscriptions.list(ofUser: account.id)
      .filter { $0.mayBeCharged(at: tx.now) }
    guard !charged.isEmpty, argument == Self.cancel || argument == Self.reallyCancel else {
      return ButtonResponse(
        notice: "This is how it stands now.",
        replacement: try overview(of: account, in: tx))
    }
    guard argument == Self.reallyCancel else {
      let text = """
        Do you want to cancel? You will not be charged again, and you keep your credits.

        \(charged.sentences(at: tx.now))
        """
      return ButtonResponse(
        notice: "Please confirm.",
        replacement: Reply(
          text,
          buttons: [
            Button("Yes, cancel", command: name, argument: Self.reallyCancel),
            Button("No, keep it", command: name, argument: "keep"),
          ]))
    }
    return ButtonResponse(
      notice: "I am telling Telegram.",
      replacement: Reply("Your cancellation is on its way to Telegram."),
      also: try subscriptions.cancellations(of: account, in: tx))
  }

  private func overview(
    of account: UserAccount, in tx: LedgerTransaction
  ) throws -> Reply {
    let rows = try tx.transactions.list(
      userID: account.id, limit: Self.shownTransactions)
    let lines = rows.map { row in
      "\(row.createdAt.minuteText)  \(row.amount.movementText)  \(row.purpose)"
    }
    let current = try tx.subscriptions.list(ofUser: account.id)
      .filter { $0.paidUntil > tx.now || $0.mayBeCharged(at: tx.now) }
    var balance = "Your balance is \(account.balance.text) credits."
    if account.held > .zero {
      balance += " Of these, \(account.held.text) are reserved for a request under way."
    }
    var paragraphs = [
      balance,
      ([lines.isEmpty ? "No transactions yet." : "Last transactions (UTC):"] + lines)
        .joined(separator: "\n"),
    ]
    if !current.isEmpty { paragraphs.append(current.sentences(at: tx.now)) }
    var buttons = checkout.buttons
    if !buttons.isEmpty { paragraphs.append("To get more credits, choose:") }
    let charged = current.count { $0.mayBeCharged(at: tx.now) }
    if charged > 0 {
      let title = charged == 1 ? "Cancel the subscription" : "Cancel \(charged) subscriptions"
      buttons.append(Button(title, command: name, argument: Self.cancel))
    }
    return Reply(paragraphs.joined(separator: "\n\n"), buttons: buttons)
  }
}

extension [Subscription] {
  /// One line each.
  fileprivate func sentences(at now: Date) -> String {
    let subject = count == 1 ? "Your subscription" : "One of your subscriptions"
    return map { $0.sentence(about: subject, at: now) }.joined(separator: "\n")
  }
}

extension Subscription {
  fileprivate func sentence(about subject: String, at now: Date) -> String {
    let day = paidUntil.dayText
    return switch state {
    case .active where paidUntil > now: "\(subject) renews on \(day)."
    case .active: "\(subject) was paid until \(day) and has not been renewed yet."
    case .canceled: "\(subject) is canceled and ends on \(day)."
    case .failed:
      "\(subject) was paid until \(day) and could not be renewed. Telegram may try again."
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
    case .usageCorrection: "given back: the answer used less than estimated"
    case .refund: "refund: \(description)"
    case .manualAdjustment: "adjustment: \(description)"
    case .referralBonus: "referral bonus"
    case .expiry: "credits expired"
    }
  }
}
