/// What calls used, once more: told at their end, or later in the place of an estimate.
extension LedgerModel {
  struct Cost {
    /// In 10⁻²⁴ US dollars.
    var table: UInt128
    var reported: UInt128?
    var actual: UInt128 { reported ?? table }
    var nano: Int64
  }

  struct Usage {
    var number: Int
    var hold: String
    var user: Int
    var price: Int
    var call: Operation.Call
    var cost: Cost
    var terms: Terms
    var forgiven: Int64
    var payer: String
    var at: Int
    /// The most that the user pays, where not all of an estimate is charged.
    var limit: Int64?
    /// The cost that the charge was booked with, where another was told later.
    var booked: Int64?
    var lookUps = 0
    /// When its provider is asked next, in milliseconds.
    var next: Int?
    /// What the house bears.
    var loss: (nano: Int64, cause: String, at: Int)?

    init(
      number: Int, hold: String, user: Int, price: Int, call: Operation.Call, cost: Cost,
      terms: Terms, forgiven: Int64, payer: String, at: Int, limit: Int64?
    ) {
      (self.number, self.hold, self.user, self.price) = (number, hold, user, price)
      (self.call, self.cost, self.terms, self.forgiven) = (call, cost, terms, forgiven)
      (self.payer, self.at, self.limit) = (payer, at, limit)
      next = call.isEstimate && call.hasID ? at + 5_000 : nil
    }

    var line: String {
      let loss = loss.map { "loss \($0.nano), \($0.cause) at \($0.at / 1_000)" }
      return """
        usage \(number): \(hold) of user \(user) at price \(price + 1), \(call.counts), \
        nano \(cost.nano), actual \(cost.actual.dollars), table \(cost.table.dollars), \
        reported \(cost.reported?.dollars ?? "nothing"), \(terms.markup.text) on \
        \(terms.creditValue.text), forgiven \(forgiven), \(payer) pays, at \(at / 1_000), \
        at most \(limit ?? -1), booked \(booked ?? -1), asked \(lookUps) times, \
        again \(next.map { "\($0 / 1_000)" } ?? "never"), \(loss ?? "loss 0, none at never")
        """
    }
  }

  func cost(of call: Operation.Call, at price: Int) throws -> Cost {
    let table = try tableCost(of: call, at: prices[price].figures)
    let reported = call.reported.flatMap { $0.isAmount ? $0.units : nil }
    let actual = reported ?? table
    let nano = Int64(exactly: (actual + 500_000_000_000_000) / 1_000_000_000_000_000)
    guard let nano else { throw Refusal.tooLarge }
    return Cost(table: table, reported: reported, nano: nano)
  }

  /// Whatever was given back of it because it was too much is no charge any more.
  func charge(for hold: String) -> Int64? {
    entries["settle:\(hold)"].map {
      -$0.entry.amount - (entries["correct:\(hold)"]?.entry.amount ?? 0)
    }
  }

  /// Facts are what later estimates go by, in the order of the calls.
  mutating func note(_ index: Int) {
    let (number, price) = (usage[index].number, usage[index].price)
    guard !usage[index].call.isEstimate else { return }
    let outputs = outputsAtPrice[price, default: []]
    let place = outputs.firstIndex { $0.usage > number } ?? outputs.count
    outputsAtPrice[price, default: []].insert((number, usage[index].call.output), at: place)
  }

  mutating func postpone(_ number: Int) -> String {
    guard usage.indices.contains(number - 1), usage[number - 1].next != nil else {
      return "not known yet"
    }
    usage[number - 1].lookUps += 1
    let pauses = [5, 30, 120, 600, 3_600, 21_600]
    let lookUps = usage[number - 1].lookUps
    usage[number - 1].next = lookUps < pauses.count ? now + pauses[lookUps] * 1_000 : nil
    return "not known yet"
  }

  /// The user pays what it really was, if that is less, on the terms of then; never more.
  mutating func correct(_ number: Int, with call: Operation.Call) throws -> String {
    guard usage.indices.contains(number - 1), usage[number - 1].next != nil else {
      return "nothing to correct"
    }
    var row = usage[number - 1]
    guard accounts[row.user - 1].person > 0 else {
      usage[number - 1].next = nil
      return "nothing to correct"
    }
    let cost = try self.cost(of: call, at: row.price)
    let charged = charge(for: row.hold)
    let full = charged == nil ? 0 : try charge(cost.actual, on: row.terms)
    let due = min(full, charged ?? 0)
    let isGivenBack = entries["refund:\(row.hold)"] != nil
    let surplus = isGivenBack ? 0 : (charged ?? 0) - due
    if surplus > 0 {
      let (kind, key) = ("usage_correction", "correct:\(row.hold)")
      _ = try book(.init(user: row.user, kind: kind, amount: surplus, key: key), nano: cost.nano)
    }
    (row.booked, row.cost, row.limit) = (row.cost.nano, cost, charged)
    (row.forgiven, row.next) = (full - due, nil)
    row.lookUps += 1
    row.call = call
    (row.call.isEstimate, row.call.hasID) = (false, true)
    row.loss = loss(of: row, due: due, isGivenBack)
    usage[number - 1] = row
    note(number - 1)
    return "gave back \(surplus)"
  }

  /// What was a loss stays one of its kind, and of its time; what turns out to be one is of now.
  private func loss(
    of row: Usage, due: Int64, _ isGivenBack: Bool
  ) -> (nano: Int64, cause: String, at: Int)? {
    if let loss = row.loss, row.payer == "house" || isGivenBack {
      return (row.cost.nano, loss.cause, loss.at)
    }
    guard let unpaid = unpaid(row.cost.actual, due, row.terms) else { return nil }
    return (unpaid, "overrun", row.loss?.at ?? now)
  }
}
