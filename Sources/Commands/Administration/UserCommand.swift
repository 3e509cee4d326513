import GRDB
import Ledger
import Messaging

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
        + "when they last sent /start.")
  }

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    guard !request.argument.isEmpty else {
      return .reply(Reply("Write whom, for example:\n/user 123456789\n/user @ada"))
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
    let transactions = try tx.transactions.list(
      userID: account.id, limit: Self.shown)
    let payments = try tx.payments.list(ofUser: account.id, limit: Self.shown)
    var lines = [
      account.shownName,
      "Since \(account.createdAt.dayText)\(account.isBlocked ? ", blocked" : "")"
        + (account.isUnreachable ? ", has blocked the bot" : ""),
      "Balance: \(account.balance) credits, \(account.held) of them reserved",
    ]
    lines += try tx.subscriptions.list(ofUser: account.id).map { subscription in
      "Subscription: \(subscription.state.rawValue), until \(subscription.paidUntil.dayText)"
    }
    lines.append("\nLast transactions (UTC):")
    lines += transactions.map { row in
      "\(row.createdAt.minuteText)  \(row.amount.movementText)  \(row.type.rawValue): "
        + row.description.prefix(80)
    }
    lines.append("\nOrders:")
    for order in try tx.orders.list(ofUser: account.id, limit: Self.shown) {
      lines.append(
        "\(order.createdAt.minuteText)  \(order.package.name), \(order.package.price) Stars: "
          + order.state.rawValue)
    }
    if !payments.isEmpty { lines.append("\nPayments:") }
    for payment in payments {
      let refund = try tx.refunds.current(ofPayment: payment.id)
      let state = payment.flaw ?? refund.map { "refund \($0.state.rawValue)" } ?? "credited"
      lines.append(
        "\(payment.paidAt.minuteText)  \(payment.amount) Stars, \(state)\n"
          + "\(payment.chargeID.prefix(200))")
    }
    let id = account.telegramUserID
    let button =
      account.isBlocked
      ? Button("Unblock", command: name, argument: "unblock \(id)")
      : Button("Block", command: name, argument: "block \(id)")
    return Reply(lines.joined(separator: "\n"), buttons: [button])
  }
}
