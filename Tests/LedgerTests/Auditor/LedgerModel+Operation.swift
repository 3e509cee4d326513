extension LedgerModel {
  mutating func apply(_ operation: Operation) throws -> String {
    switch operation {
    case .register(let person, let grant): return try register(person, grant: grant)
    case .record(let entry): return try book(entry)
    case .setPrice(let model, let prices): return try setPrice(of: model, prices)
    case .take(let request): return try take(request)
    case .markSent(let id): return try markSent(id)
    case .settle(let id, let call): return try end(id, call.normalised, paidBy: "user")
    case .void(let id, .none): return try end(id, nil, paidBy: "house")
    case .void(let id, .metered(let call)): return try end(id, call.normalised, paidBy: "house")
    case .void(let id, .estimated):
      let hold = holds.last { $0.id == id }
      return try end(id, hold.map(estimate), paidBy: "house")
    case .voidOverdue:
      // All or nothing, as what fails in a transaction.
      let before = self
      do { return try voidOverdue() } catch {
        self = before
        throw error
      }
    case .refund(let work): return try refund(work)
    case .setTerms(let terms):
      self.terms = terms
      return "set"
    }
  }

  /// As `RealLedger.state`.
  func state(journalAfter rows: Int, usageAfter calls: Int, endedToo: Bool) -> [String] {
    var lines = accounts.enumerated().map { index, account in
      "account \(index + 1) of \(account.person): \(account.balance), \(account.held) held"
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
        price \(hold.price + 1), \(hold.isSent ? "sent" : "new"), due \(hold.deadline / 1_000), \
        \(hold.state)
        """)
    }
    lines.append("\(ended["settled"] ?? 0) settled, \(ended["voided"] ?? 0) voided")
    return lines + journal.dropFirst(rows) + usage.dropFirst(calls)
  }
}
