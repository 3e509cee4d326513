import GRDB
import Ledger
import Messaging
import Sales

/// `/user USER`: what somebody has, did and bought; buttons block and unblock.
struct UserCommand: Command {
  let name = "user"
  let summary = "See somebody's account: /user ID or @NAME"
  let isPersonal = true
  let isForAdministrators = true

  private static let shown = 8

  static func unknown(_ mention: String) -> Reply {
    Reply(
      "I know nobody called \(mention.prefix(64)). Give the numeric id, or the @name as it was "
        + "when they last wrote to me.")
  }

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    guard !request.argument.isEmpty else {
      return .reply(Reply("Say who, for example:\n/user 123456789\n/user @ada"))
    }
    guard let account = try tx.users.find(mention: request.argument) else {
      return .reply(Self.unknown(request.argument))
    }
    return .reply(try page(of: account, in: tx))
  }

  func press(
    _ argument: String, by request: CommandRequest, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    let parts = argument.split(separator: " ")
    guard parts.count == 2, let id = Int64(parts[1]),
      let account = try tx.users.find(telegramUserID: id)
    else { return ButtonResponse(notice: "That account is gone.") }
    let blocks = parts[0] == "block"
    try tx.users.setBlocked(blocks, userID: account.id)
    let changed = try tx.users.account(id: account.id)
    return ButtonResponse(
      notice: blocks ? "Blocked." : "No longer blocked.",
      replacement: try page(of: changed, in: tx))
  }

  private func page(of account: UserAccount, in tx: LedgerTransaction) throws -> Reply {
    let overview = try PersonOverview(of: account, limit: Self.shown, in: tx)
    var lines = [
      account.shownName,
      "Since \(account.createdAt.dayText)\(account.isBlocked ? ", blocked" : "")"
        + (account.isUnreachable ? ", cannot be reached" : ""),
      "Balance: \(account.balance.text) credits, \(account.held.text) of them reserved",
    ]
    lines += overview.subscriptions.map { subscription in
      "Subscription: \(subscription.state.rawValue), until \(subscription.paidUntil.dayText)"
    }
    lines.append("\nLast transactions (UTC):")
    lines += overview.transactions.map { row in
      "\(row.createdAt.minuteText)  \(row.amount.movementText)  \(row.type.rawValue): "
        + row.description.onOneLine.prefix(80)
    }
    if !overview.orders.isEmpty { lines.append("\nOrders:") }
    lines += overview.orders.map { order in
      "\(order.createdAt.minuteText)  \(order.package.name), "
        + "\(StarText.text(ofWhole: order.package.price)): \(order.state.rawValue)"
    }
    if !overview.purchases.isEmpty { lines.append("\nPayments:") }
    lines += overview.purchases.map { purchase in
      let payment = purchase.payment
      let stars = StarText.text(ofWhole: payment.amount)
      return "\(payment.paidAt.minuteText)  \(stars), \(purchase.state)\n"
        + "\(payment.chargeID.prefix(200))"
    }
    let id = account.telegramUserID
    let button =
      account.isBlocked
      ? Button("Unblock", command: name, argument: "unblock \(id)")
      : Button("Block", command: name, argument: "block \(id)")
    return Reply(lines.joined(separator: "\n"), buttons: [button])
  }
}
