package import GRDB

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
  package init(of account: UserAccount, limit: Int, in db: Database) throws {
    self.account = account
    transactions = try CreditTransactionService().list(userID: account.id, limit: limit, in: db)
    orders = try OrderService().list(ofUser: account.id, limit: limit, in: db)
    purchases = try PaymentService().list(ofUser: account.id, limit: limit, in: db).map { payment in
      let refund = try RefundService().current(ofPayment: payment.id, in: db)
      let state = payment.flaw ?? refund.map { "refund \($0.state.rawValue)" } ?? "credited"
      return Purchase(payment: payment, state: state)
    }
    subscriptions = try SubscriptionService().list(ofUser: account.id, in: db)
  }
}
