package import Foundation
package import GRDB

/// A transaction of the ledger's file, and the moment at which it happens. What can be read and
/// written is a part of it, so nothing is read or written outside of one.
///
/// It cannot outlive what it is: it is not `Sendable`, all that a transaction returns is, and GRDB
/// ends a process that uses a transaction's `Database` after its end.
package struct LedgerTransaction {
  package let db: Database
  /// When the transaction began; a transaction that is tried again has a new one.
  package let now: Date
  private let actions: CommitActions

  /// - Parameter actions: What is to happen after its commit; whoever commits performs them.
  package init(db: Database, now: Date, actions: CommitActions = CommitActions()) {
    self.db = db
    self.now = now
    self.actions = actions
  }

  /// The same transaction, as if it were at that time.
  package func at(_ time: Date) -> LedgerTransaction {
    LedgerTransaction(db: db, now: time, actions: actions)
  }

  /// Does it once what the transaction has written is committed, and never if that is rolled back.
  package func afterCommit(_ action: @escaping () -> Void) {
    actions.add(action, once: nil)
  }

  /// The same, and no more than once for all that ask for it by the same name.
  package func afterCommit(once name: some Hashable, _ action: @escaping () -> Void) {
    actions.add(action, once: AnyHashable(name))
  }
}

/// What is to happen once a transaction is committed. GRDB's observers, which can do the same, are
/// asked about each statement that follows them.
package final class CommitActions {
  private var actions: [() -> Void] = []
  private var names: Set<AnyHashable> = []

  package init() {}

  fileprivate func add(_ action: @escaping () -> Void, once name: AnyHashable?) {
    if let name, !names.insert(name).inserted { return }
    actions.append(action)
  }

  func perform() {
    for action in actions { action() }
  }
}

extension LedgerTransaction {
  package var users: UserService { UserService(tx: self) }
  package var erasure: UserErasure { UserErasure(tx: self) }
  package var transactions: CreditTransactionService { CreditTransactionService(tx: self) }
  package var pricing: ModelPricingService { ModelPricingService(tx: self) }
  package var usage: APIKeyUsageService { APIKeyUsageService(tx: self) }
  package var corrections: UsageCorrectionService { UsageCorrectionService(tx: self) }
  package var orders: OrderService { OrderService(tx: self) }
  package var payments: PaymentService { PaymentService(tx: self) }
  package var refunds: RefundService { RefundService(tx: self) }
  package var subscriptions: SubscriptionService { SubscriptionService(tx: self) }
  package var starStatement: StarStatement { StarStatement(tx: self) }
  package var promotionCodes: PromotionCodeService { PromotionCodeService(tx: self) }
  package var referrals: ReferralService { ReferralService(tx: self) }
  package var usageSummaries: UsageSummaryService { UsageSummaryService(tx: self) }
  package var verification: LedgerVerification { LedgerVerification(tx: self) }

  /// - Parameter terms: Those at which calls are charged.
  package func holds(_ terms: BillingTerms) -> CreditHoldService {
    CreditHoldService(terms: terms, tx: self)
  }

  /// - Parameter terms: Those of today; at them, spent credits that were refunded become dollars.
  package func businessReports(_ terms: BillingTerms) -> BusinessReportService {
    BusinessReportService(terms: terms, tx: self)
  }
}
