import GRDB

/// What somebody has, did and bought.
package struct PersonOverview: Sendable {
  package struct Purchase: Sendable {
    package var payment: Payment
    /// `credited`, `refund pending`, or why nothing was credited.
    package var state: String
  }

  package let account: UserAccount
  /// Newest first, as are those below.
  package let transactions: [CreditTransaction]
  package let orders: [Order]
  package let purchases: [Purchase]
  package let subscriptions: [Subscription]

  /// - Parameter limit: At most so many rows of each kind; of subscriptions, all.
  package init(of account: UserAccount, limit: Int, in tx: LedgerTransaction) throws {
    self.account = account
    transactions = try tx.transactions.list(userID: account.id, limit: limit)
    orders = try tx.orders.list(ofUser: account.id, limit: limit)
    purchases = try tx.payments.list(ofUser: account.id, limit: limit).map { payment in
      let refund = try tx.refunds.current(ofPayment: payment.id)
      let state = payment.flaw ?? refund.map { "refund \($0.state.rawValue)" } ?? "credited"
      return Purchase(payment: payment, state: state)
    }
    subscriptions = try tx.subscriptions.list(ofUser: account.id)
  }
}
