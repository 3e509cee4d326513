import ArgumentParser
import Foundation
import GRDB
import Ledger

struct UsersShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what somebody has, did and bought.")

  @OptionGroup var person: PersonArgument
  @Option(help: ArgumentHelp("At most so many rows of each kind.", valueName: "n"))
  var limit = 20
  @OptionGroup var output: TableOption
  @OptionGroup var options: ConfigOption

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit must be above zero.") }
  }

  func run() async throws {
    let overview = try await Composition(options).existingDatabase().read {
      try PersonOverview(of: try person.account(in: $0), limit: limit, in: $0)
    }
    try output.show(
      overview.table, json: PersonOutput(overview), empty: overview.head,
      title: overview.head + "\n")
  }
}

extension PersonOverview {
  fileprivate var head: String {
    var lines = [
      account.shownName.onOneLine,
      "Since \(account.createdAt.tableText) UTC, \(account.state)",
      "Balance: \(account.balance.text) credits, \(account.held.text) of them reserved",
    ]
    lines += subscriptions.map { subscription in
      "Subscription: \(subscription.state.rawValue), until \(subscription.paidUntil.tableText)"
    }
    return lines.joined(separator: "\n")
  }

  fileprivate var table: Table {
    var table = Table([
      .init("KIND", "kind"), .init("TIME (UTC)", "created_at", rank: 1),
      .init("WHAT", "description", isProse: true), .init("CREDITS", "credits"),
      .init("STARS", "stars"), .init("STATE", "state"),
    ])
    for row in transactions {
      table.add(
        "transaction", row.createdAt.tableText, row.description, row.amount.text, nil,
        row.type.rawValue)
    }
    for order in orders {
      let package = order.package
      table.add(
        "order", order.createdAt.tableText, package.name,
        (try? package.total()).map { "\($0)" }, "\(package.price)", order.state.rawValue)
    }
    for purchase in purchases {
      let payment = purchase.payment
      table.add(
        "payment", payment.paidAt.tableText, payment.chargeID, nil, "\(payment.amount)",
        purchase.state)
    }
    return table
  }
}

/// As `--json` prints it.
private struct PersonOutput: Encodable {
  var account: AccountHead
  var subscriptions: [SubscriptionOutput]
  var transactions: [TransactionOutput]
  var orders: [OrderOutput]
  var payments: [PaymentOutput]

  init(_ overview: PersonOverview) {
    account = AccountHead(overview.account)
    subscriptions = overview.subscriptions.map {
      SubscriptionOutput(state: $0.state.rawValue, paidUntil: $0.paidUntil)
    }
    transactions = overview.transactions.map(TransactionOutput.init)
    orders = overview.orders.map { order in
      OrderOutput(
        id: order.id, package: order.package.name, stars: order.package.price,
        state: order.state.rawValue, createdAt: order.createdAt)
    }
    payments = overview.purchases.map { purchase in
      PaymentOutput(
        chargeId: purchase.payment.chargeID, stars: purchase.payment.amount, state: purchase.state,
        paidAt: purchase.payment.paidAt)
    }
  }

  struct SubscriptionOutput: Encodable {
    var state: String
    var paidUntil: Date
  }

  struct OrderOutput: Encodable {
    var id: String
    var package: String
    var stars: Int64
    var state: String
    var createdAt: Date
  }

  struct PaymentOutput: Encodable {
    var chargeId: String
    var stars: Int64
    var state: String
    var paidAt: Date
  }
}
