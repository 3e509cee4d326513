package import Foundation
import GRDB

/// Telegram's own list of the bot's Stars, as far as it was read: each entry is booked here once,
/// whatever the updates said or did not say.
package struct StarStatement {
  let tx: LedgerTransaction

  /// An entry of the list.
  package struct Entry: Sendable {
    /// The charge id, for a payment and for its refund.
    package var id: String
    package var isIncoming: Bool
    package var stars: Int64
    package var nanostars: Int64
    /// What an affiliate got of a payment.
    package var commission: (stars: Int64, nanostars: Int64)
    package var happenedAt: Date
    package var kind: Kind

    package enum Kind: Sendable, Equatable {
      /// Of an invoice of ours, or one that claims to be.
      case payment(payer: Int64, payload: String, isSubscription: Bool)
      /// Back to a person.
      case repayment
      /// Between the operator and Telegram: withdrawals, advertisements, paid broadcasts.
      case ofTheOperator(String)
      case other(String)
    }

    package init(
      id: String, isIncoming: Bool, stars: Int64, nanostars: Int64,
      commission: (stars: Int64, nanostars: Int64) = (0, 0), happenedAt: Date, kind: Kind
    ) {
      self.id = id
      self.isIncoming = isIncoming
      self.stars = stars
      self.nanostars = nanostars
      self.commission = commission
      self.happenedAt = happenedAt
      self.kind = kind
    }

    /// Whether the payer has paid that price: it is the entry's amount, or that and the commission.
    /// Which of them Telegram lists is not documented.
    func pays(_ price: Int64) -> Bool {
      let whole =
        (Int128(stars) + Int128(commission.stars)) * 1_000_000_000
        + Int128(nanostars) + Int128(commission.nanostars)
      return stars == price || whole == Int128(price) * 1_000_000_000
    }
  }

  /// What an entry turned out to be.
  package enum Finding: Sendable, Equatable {
    /// It is booked as it should be.
    case agrees
    /// The update of the payment was lost: it is credited now.
    case creditedNow(CreditPackage, CreditTransaction, payer: Int64)
    /// Refunded or charged back elsewhere: booked now.
    case refundedNow(Refund)
    case ofTheOperator(String)
    /// A payment that credits nothing: its payer does not know yet, and an administrator has to
    /// look.
    case setAside(payer: Int64, flaw: String)
    /// Says why; an administrator has to look.
    case unexplained(String)
    /// The same of an entry that is older than this file: nobody but administrators is told.
    case ofBefore(String)

    /// What fits nothing here.
    package var reason: String? {
      switch self {
      case .agrees, .creditedNow, .refundedNow, .ofTheOperator: nil
      case .setAside(_, let flaw): "a payment that credits nothing: \(flaw)"
      case .unexplained(let reason), .ofBefore(let reason): reason
      }
    }

    package var isExplained: Bool {
      switch self {
      case .setAside, .unexplained: false
      case .agrees, .creditedNow, .refundedNow, .ofTheOperator, .ofBefore: true
      }
    }

    /// For an operator to read.
    package var sentence: String {
      switch self {
      case .agrees: "booked before"
      case .creditedNow(_, let transaction, let payer):
        "credited now: \(transaction.amount) credits to user \(payer)"
      case .refundedNow(let refund):
        "refunded: \(refund.clawback.text) credits taken back, \(refund.loss.text) lost"
      case .ofTheOperator(let what): what
      case .setAside, .unexplained: "unexplained: \(reason ?? "")"
      case .ofBefore(let reason): "older than this database: \(reason)"
      }
    }

    /// As the table `star_statement` names it.
    enum Kind: String, DatabaseValueConvertible {
      case agrees
      case credited
      case refunded
      case ofTheOperator = "operator"
      /// It has a reason, and administrators are to be told of it; see `takeUntold`.
      case unexplained
    }

    var kind: Kind {
      switch self {
      case .agrees: .agrees
      case .creditedNow: .credited
      case .refundedNow: .refunded
      case .ofTheOperator: .ofTheOperator
      case .setAside, .unexplained, .ofBefore: .unexplained
      }
    }

    /// That of an entry which is older than this file.
    var ofOldEntry: Finding {
      switch self {
      case .refundedNow(let refund) where refund.clawback == .zero && refund.loss == .zero:
        .ofBefore("Stars went back for a payment that credited nothing")
      default: reason.map(Finding.ofBefore) ?? self
      }
    }
  }

  /// How far the list was read, and what stood last.
  package struct Cursor: Sendable, Equatable {
    package var nextOffset: Int
    package var lastID: String
    package var lastIsIncoming: Bool

    package func names(_ entry: Entry) -> Bool {
      entry.id == lastID && entry.isIncoming == lastIsIncoming
    }
  }

  package func cursor() throws -> Cursor? {
    try Row.fetchOne(tx.db, sql: "SELECT * FROM star_statement_cursor").map { row in
      Cursor(
        nextOffset: row["next_offset"], lastID: row["last_id"],
        lastIsIncoming: row["last_is_incoming"])
    }
  }

  /// Books entries of the list and moves the cursor behind them. Returns what each new one is.
  package func take(
    _ entries: [Entry], nextOffset: Int
  ) throws -> [(entry: Entry, finding: Finding)] {
    var findings: [(Entry, Finding)] = []
    let beginning = try beginning()
    for entry in entries where try isNew(entry) {
      let booked = try book(entry)
      let finding = entry.happenedAt < beginning ? booked.ofOldEntry : booked
      try tx.db.run(
        """
        INSERT INTO star_statement (id, is_incoming, stars, nanostars, finding, reason, is_told,
          happened_at, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          entry.id, entry.isIncoming, entry.stars, entry.nanostars, finding.kind, finding.reason,
          finding.kind != .unexplained, entry.happenedAt.databaseText, tx.now.databaseText,
        ])
      findings.append((entry, finding))
    }
    if let last = entries.last {
      try tx.db.run(
        """
        INSERT OR REPLACE INTO star_statement_cursor (only, next_offset, last_id, last_is_incoming)
        VALUES (1, ?, ?, ?)
        """,
        [nextOffset, last.id, last.isIncoming])
    }
    return findings
  }

  /// Stars in and out, in 10⁻⁹ Star, by what was read of the list.
  package func balance() throws -> Int64 {
    try Int64.fetchOne(
      tx.db,
      sql: """
        SELECT coalesce(sum((stars * 1000000000 + nanostars) * (2 * is_incoming - 1)), 0)
        FROM star_statement
        """) ?? 0
  }

  /// Payments that Telegram told us of in that time and does not list.
  package func unlistedPayments(
    since: Date, before: Date
  ) throws -> [Payment] {
    try Payment.fetchAll(
      tx.db,
      sql: """
        SELECT * FROM payments p WHERE p.created_at >= ? AND p.created_at < ?
          AND p.currency = ? AND NOT EXISTS (
          SELECT 1 FROM star_statement s WHERE s.id = p.charge_id AND s.is_incoming = 1)
        ORDER BY p.id
        """,
      arguments: [since.databaseText, before.databaseText, CreditPackage.currency])
  }

  private func isNew(_ entry: Entry) throws -> Bool {
    try Bool.fetchOne(
      tx.db.cachedStatement(sql: "SELECT 1 FROM star_statement WHERE id = ? AND is_incoming = ?"),
      arguments: [entry.id, entry.isIncoming]) == nil
  }

  /// One entry that cannot be booked keeps nobody from those behind it.
  private func book(_ entry: Entry) throws -> Finding {
    var finding = Finding.agrees
    do {
      try tx.db.inSavepoint {
        finding = try self.finding(of: entry)
        return .commit
      }
    } catch let error as LedgerError {
      finding = .unexplained("it cannot be booked: \(error)")
    }
    return finding
  }

  private func finding(of entry: Entry) throws -> Finding {
    switch entry.kind {
    case .payment(let payer, let payload, let isSubscription):
      return try payment(entry, payer, payload, isSubscription)
    case .repayment: return try repayment(entry)
    case .ofTheOperator(let what): return .ofTheOperator(what)
    case .other(let what):
      // However Telegram calls it: what goes out under the id of a payment is that payment.
      guard !entry.isIncoming, try tx.payments.find(entry.id) != nil else {
        return .unexplained(what)
      }
      return try repayment(entry)
    }
  }

  private func repayment(_ entry: Entry) throws -> Finding {
    do {
      let refund = try tx.refunds.bookRefunded(chargeID: entry.id)
      return refund.map(Finding.refundedNow) ?? .agrees
    } catch LedgerError.unknownPayment {
      return .unexplained("Stars went back for a payment that is not known")
    }
  }

  private func payment(
    _ entry: Entry, _ payer: Int64, _ payload: String, _ isSubscription: Bool
  ) throws -> Finding {
    let price = try tx.orders.find(payload)?.package.price
    let until = entry.happenedAt.addingTimeInterval(TimeInterval(CreditPackage.month))
    let report = ReportedPayment(
      chargeID: entry.id, payer: payer, payload: payload, currency: CreditPackage.currency,
      amount: price.flatMap { entry.pays($0) ? $0 : nil } ?? entry.stars,
      paidAt: entry.happenedAt, source: .statement,
      subscription: isSubscription ? (until: until, isFirst: false) : nil)
    switch try tx.payments.book(report) {
    case .credited(let package, let transaction):
      return .creditedNow(package, transaction, payer: payer)
    case .unmatched(let flaw): return .setAside(payer: payer, flaw: flaw)
    case .known(let payment):
      guard payment.currency == CreditPackage.currency, entry.pays(payment.amount) else {
        return .unexplained(
          "we were told of \(payment.amount) \(payment.currency) for this payment")
      }
      return .agrees
    }
  }
}
