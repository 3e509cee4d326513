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
    let record = try await Composition(options).existingDatabase().read {
      try PersonRecord(try person.account(in: $0), limit: limit, in: $0)
    }
    try output.show(
      record.table, json: record.output, empty: record.head, title: record.head + "\n")
  }
}

/// What is known of one person.
private struct PersonRecord {
  private let account: UserAccount
  private let transactions: [CreditTransaction]
  private let orders: [Order]
  private let payments: [(payment: Payment, state: String)]
  private let subscriptions: [Subscription]

  init(_ account: UserAccount, limit: Int, in tx: LedgerTransaction) throws {
    self.account = account
    transactions = try tx.transactions.list(userID: account.id, limit: limit)
    orders = try tx.orders.list(ofUser: account.id, limit: limit)
    payments = try tx.payments.list(ofUser: account.id, limit: limit).map { payment in
      let refund = try tx.refunds.current(ofPayment: payment.id)
      return (payment, payment.flaw ?? refund.map { "refund \($0.state.rawValue)" } ?? "credited")
    }
    subscriptions = try tx.subscriptions.list(ofUser: account.id)
  }

  var head: String {
    var lines = [
      account.shownName.onOneLine,
      "Since \(account.createdAt.tableText) UTC, \(account.state)",
      "Balance: \(account.balance) credits, \(account.held) of them reserved",
    ]
    lines += subscriptions.map { subscription in
      "Subscription: \(subscription.state.rawValue), until \(subscription.paidUntil.tableText)"
    }
    return lines.joined(separator: "\n")
  }

  var table: Table {
    var table = Table("KIND", "TIME (UTC)", "WHAT", "CREDITS", "STARS", "STATE")
    for row in transactions {
      table.add(
        "transaction", row.createdAt.tableText, row.description, "\(row.amount)", nil,
        row.type.rawValue)
    }
    for order in orders {
      let package = order.package
      table.add(
        "order", order.createdAt.tableText, package.name,
        (try? package.total()).map { "\($0)" }, "\(package.price)", order.state.rawValue)
    }
    for (payment, state) in payments {
      table.add(
        "payment", payment.paidAt.tableText, payment.chargeID, nil, "\(payment.amount)", state)
    }
    return table
  }

  var output: Output { Output(self) }

  /// As `--json` prints it.
  struct Output: Encodable {
    var account: AccountHead
    var subscriptions: [SubscriptionOutput]
    var transactions: [TransactionOutput]
    var orders: [OrderOutput]
    var payments: [PaymentOutput]

    fileprivate init(_ record: PersonRecord) {
      account = AccountHead(record.account)
      subscriptions = record.subscriptions.map {
        SubscriptionOutput(state: $0.state.rawValue, paidUntil: $0.paidUntil)
      }
      transactions = record.transactions.map(TransactionOutput.init)
      orders = record.orders.map { order in
        OrderOutput(
          id: order.id, package: order.package.name, stars: order.package.price,
          state: order.state.rawValue, createdAt: order.createdAt)
      }
      payments = record.payments.map { payment, state in
        PaymentOutput(
          chargeId: payment.chargeID, stars: payment.amount, state: state, paidAt: payment.paidAt)
      }
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
