extension LedgerModel {
  mutating func apply(_ operation: Operation) throws -> String {
    switch operation {
    case .register(let person, let grant): return try register(person, grant: grant)
    case .record(let entry): return try book(entry)
    case .setPrice(let model, let prices): return try setPrice(of: model, prices)
    case .take(let request): return try take(request)
    case .settle(let id, let call): return try end(id, call.normalised, paidBy: "user")
    case .stop(let id, let call, let least):
      return try end(id, call.normalised, least: least.normalised, paidBy: "user")
    case .lookUp(let usage, let call):
      return try call.map { try correct(usage, with: $0.normalised) } ?? postpone(usage)
    case .void(let id, .none): return try end(id, nil, paidBy: "house")
    case .void(let id, .metered(let call)): return try end(id, call.normalised, paidBy: "house")
    case .void(let id, .estimated):
      let hold = holds.last { $0.id == id }
      return try end(id, hold.map(estimate), paidBy: "house", because: "interrupted")
    case .voidOverdue: return try wholly { try $0.voidOverdue() }
    case .refund(let work): return try refund(work)
    case .setTerms(let terms):
      self.terms = terms
      return "set"
    default: return try sell(operation)
    }
  }

  private mutating func sell(_ operation: Operation) throws -> String {
    switch operation {
    case .order(let user, let package): return order(package, for: user)
    case .pay(let payment): return try pay(payment)
    case .requestRefund(let charge, let isForced):
      return try requestRefund(of: charge, isForced: isForced)
    case .endRefund(let number, let isDone): return try endRefund(number, isDone: isDone)
    case .refundedOutside(let charge): return try refundedOutside(charge)
    case .makeCode(let code, let credits, let uses, let lifetime):
      return try makeCode(code, credits, uses: uses, lifetime: lifetime)
    case .redeem(let code, let user): return try redeem(code, by: user)
    case .invite(let newcomer, let inviter): return try invite(newcomer, by: inviter)
    case .thank(let newcomer, let credits, let isSelling):
      return try wholly { try $0.thank(newcomer, credits: credits, isSelling: isSelling) }
    case .block(let user, let isBlocked): return try block(user, isBlocked)
    case .erase(let user): return try erase(user)
    default: return "no such operation"
    }
  }

  /// All or nothing, as what fails in a transaction.
  private mutating func wholly(_ body: (inout LedgerModel) throws -> String) throws -> String {
    let before = self
    do { return try body(&self) } catch {
      self = before
      throw error
    }
  }

  /// As `RealLedger.state`.
  func state(after marks: Marks, endedToo: Bool) -> [String] {
    var lines = accounts.enumerated().map { index, account in
      """
      account \(index + 1) of \(account.person): \(account.balance), \(account.held) held, \
      \(account.isReturning ? "returning" : "new"), \(account.isBlocked ? "blocked" : "free"), \
      invited by \(account.inviter ?? 0)
      """
    }
    for (index, price) in prices.enumerated() where price.isActive || endedToo {
      lines.append("price \(index + 1) of \(price.model), \(price.isActive ? "active" : "closed")")
    }
    var ended = ["settled": 0, "voided": 0]
    for hold in holds {
      ended[hold.state]? += 1
      guard hold.state == "pending" || endedToo else { continue }
      lines.append(
        """
        \(hold.id) of user \(hold.request.user) holds \(hold.amount) for \(hold.cap) tokens at \
        price \(hold.price + 1), sent, due \(hold.deadline / 1_000), \
        \(hold.state)
        """)
    }
    lines.append("\(ended["settled"] ?? 0) settled, \(ended["voided"] ?? 0) voided")
    lines += journal.dropFirst(marks.journal) + usage.dropFirst(marks.usage).map(\.line)
    return lines + salesState(after: marks.payments, endedToo: endedToo)
  }

  var marks: Marks {
    Marks(journal: journal.count, usage: usage.count, payments: sales.payments.count)
  }

  private func salesState(after paid: Int, endedToo: Bool) -> [String] {
    var lines: [String] = []
    for (index, order) in sales.orders.enumerated() where order.state == "open" || endedToo {
      lines.append(
        """
        order \(index + 1) of user \(order.user): \(order.offer.credits) and \
        \(order.offer.bonus) for \(order.offer.stars), \(order.state)
        """)
    }
    for (index, payment) in sales.payments.enumerated().dropFirst(paid) {
      lines.append(
        """
        payment \(index + 1): charge\(payment.paid.charge) of \(payment.payer ?? 0), \
        order \(payment.user > 0 ? payment.paid.order : 0), \(payment.paid.stars) \
        \(payment.paid.currency), journal \(payment.row), \(payment.flaw)
        """)
    }
    var ended = ["done": 0, "failed": 0]
    for (index, refund) in sales.refunds.enumerated() {
      ended[refund.state]? += 1
      guard refund.state == "pending" || endedToo else { continue }
      lines.append(
        """
        refund \(index + 1) of payment \(refund.payment + 1): \(refund.words), \
        journal \(refund.row) and \(refund.reversal), by \(refund.requester)
        """)
    }
    lines.append("\(ended["done"] ?? 0) refunds done, \(ended["failed"] ?? 0) failed")
    lines += sales.codes.sorted { $0.key < $1.key }.map { code, found in
      "CODE\(code): \(found.credits), \(found.users.count) of \(found.most) uses"
    }
    return lines
  }
}

/// How far what only grows was compared before.
struct Marks {
  var journal = 0
  var usage = 0
  var payments = 0
}
