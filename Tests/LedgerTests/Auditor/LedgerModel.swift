/// The ledger once more, from the rules in `Sources/README.md`, sharing no code with it. Instead of
/// texts it takes the numbers that they stand for, and a charge is the smallest that covers a cost.
/// It answers in text, as `RealLedger` has the ledger answer.
struct LedgerModel {
  typealias Hold = (
    id: String, request: Operation.Request, price: Int, amount: Int64, cap: Int, deadline: Int,
    state: String
  )

  var terms: Terms
  /// In milliseconds since 1970.
  var now: Int
  var accounts: [Account] = []
  private(set) var prices: [(model: Int, figures: Operation.Prices, isActive: Bool)] = []
  private(set) var holds: [Hold] = []
  private(set) var journal: [String] = []
  var usage: [Usage] = []
  private(set) var entries: [String: (entry: Operation.Entry, result: String)] = [:]
  /// Of the calls that are no estimates, by the rows of their usage.
  var outputsAtPrice: [Int: [(usage: Int, output: Int)]] = [:]
  var sales = Sales()

  mutating func register(_ person: Int64, grant: Int64) throws -> String {
    let known = accounts.firstIndex { $0.person == person }
    let index = known ?? accounts.count
    if known == nil { accounts.append(sales.newcomer(person)) }
    if known == nil, grant > 0, !accounts[index].isReturning {
      let key = "initial_grant:\(index + 1)"
      _ = try book(.init(user: index + 1, kind: "initial_grant", amount: grant, key: key))
    }
    return "account \(index + 1) owns \(accounts[index].balance), new: \(known == nil)"
  }

  mutating func book(_ entry: Operation.Entry, usage: Int = 0, nano: Int64 = 0) throws -> String {
    if let earlier = entries[entry.key] {
      guard earlier.entry == entry else { throw Refusal(reason: "used before: \(entry.key)") }
      return earlier.result
    }
    guard entry.user <= accounts.count else { throw Refusal(reason: "no account \(entry.user)") }
    let account = accounts[entry.user - 1]
    let balance = Int128(account.balance) + Int128(entry.amount)
    guard balance <= Int64.max else { throw Refusal.tooLarge }
    guard balance >= account.held else { throw Refusal.short(by: Int128(account.held) - balance) }
    accounts[entry.user - 1].balance = Int64(balance)
    let result = """
      journal \(journal.count + 1): user \(entry.user) \(entry.kind) \(entry.amount) makes \
      \(balance), usage \(usage), nano \(nano), \(entry.key)
      """
    journal.append("\(result), at \(now / 1_000)")
    entries[entry.key] = (entry, result)
    return result
  }

  mutating func setPrice(of model: Int, _ figures: Operation.Prices?) throws -> String {
    guard figures?.areUsable != false else { throw Refusal(reason: "unusable price") }
    let active = prices.firstIndex { $0.model == model && $0.isActive }
    if let active { prices[active].isActive = false }
    guard let figures else { return active == nil ? "nothing to close" : "closed" }
    prices.append((model, figures, true))
    return "price \(prices.count)"
  }

  mutating func take(_ request: Operation.Request) throws -> String {
    let active = prices.firstIndex { $0.model == request.model && $0.isActive }
    let price = request.version.map { $0 - 1 } ?? active
    guard let price else { throw Refusal(reason: "no active price") }
    let user = request.user
    guard user <= accounts.count else { throw Refusal(reason: "no account \(user)") }
    let available = accounts[user - 1].balance - accounts[user - 1].held
    func most(_ cap: Int) throws -> UInt128 { try bound(request.bound, cap, prices[price].figures) }
    func fitting(_ available: Int64) throws -> Int {
      var cap = request.cap
      guard try charge(try most(cap)) > available else { return cap }
      cap = min(256, cap)
      let least = try charge(try most(cap))
      guard least <= available else { throw Refusal.short(by: Int128(least - available)) }
      for step in (0..<62).reversed().map({ 1 << $0 }) where cap + step <= request.cap {
        if covers(available, due(try most(cap + step), terms), terms) { cap += step }
      }
      return cap
    }
    var cap = try fitting(available)
    var amount = try charge(try most(cap))
    if let limit = request.lossBound, let left = try affordable(to: user, amount, limit) {
      do {
        cap = try fitting(min(available, left))
      } catch let refusal as Refusal where refusal.reason.hasPrefix("short") {
        throw Refusal.lossBound
      }
      amount = try charge(try most(cap))
    }
    let id = "\(request.work):\(holds.count { $0.request.work == request.work } + 1)"
    holds.append((id, request, price, amount, cap, now + request.lifetime, "pending"))
    accounts[user - 1].held += amount
    let size = cap < request.cap ? "shrunk to" : "held for"
    return "\(size) \(cap) tokens: \(amount) as \(id) at price \(price + 1)"
  }

  /// Settles with a call that the user pays, for the least of it if that is known; voids with one
  /// that the house pays, or with none.
  mutating func end(
    _ id: String, _ call: Operation.Call?, least: Operation.Call? = nil, paidBy payer: String,
    because cause: String = "failed_call"
  ) throws -> String {
    let index = try pending(id)
    let hold = holds[index]
    let user = hold.request.user
    let cost = try call.map { try self.cost(of: $0, at: hold.price) }
    let full = payer == "user" ? try charge(cost?.actual ?? 0) : 0
    let limit = try least.map { try charge(try self.cost(of: $0, at: hold.price).actual) }
    let charged = min(full, hold.amount, limit ?? full)
    holds[index].state = payer == "user" ? "settled" : "voided"
    accounts[user - 1].held -= hold.amount
    guard let call, let cost else { return "voided" }
    usage.append(
      Usage(
        number: usage.count + 1, hold: id, user: user, price: hold.price, call: call, cost: cost,
        terms: terms, forgiven: full - charged, payer: payer, at: now, limit: limit))
    note(usage.count - 1)
    if payer == "house" {
      usage[usage.count - 1].loss = (cost.nano, cause, now)
    } else if let unpaid = unpaid(cost.actual, charged, terms) {
      usage[usage.count - 1].loss = (unpaid, "overrun", now)
    }
    guard payer == "user" else { return "voided" }
    let (kind, key) = ("usage_deduction", "settle:\(id)")
    _ = try book(
      .init(user: user, kind: kind, amount: -charged, key: key), usage: usage.count,
      nano: cost.nano)
    let part = full > charged ? "capped at" : "charged"
    return "\(part) \(charged), forgave \(full - charged), left \(accounts[user - 1].balance)"
  }

  mutating func voidOverdue() throws -> String {
    let late = overdue.sorted { $0.id < $1.id }
    for hold in late {
      _ = try end(hold.id, estimate(hold), paidBy: "house", because: "interrupted")
    }
    return late.map(\.id).description
  }

  func estimate(_ hold: Hold) -> Operation.Call {
    let last = outputsAtPrice[hold.price, default: []].suffix(50)
    let mean =
      last.isEmpty ? .max : last.reduce(0) { $0 + Int128($1.output) } / Int128(last.count)
    let output = min(mean, Int128(hold.cap))
    return .init(input: hold.request.estimate, output: Int(output), isEstimate: true)
  }

  mutating func refund(_ work: String) throws -> String {
    let settled = holds.last { $0.state == "settled" && $0.id.hasPrefix("\(work):") }
    guard let hold = settled, let charge = charge(for: hold.id), charge > 0 else {
      return "nothing"
    }
    let (user, key) = (hold.request.user, "refund:\(hold.id)")
    _ = try book(.init(user: user, kind: "refund", amount: charge, key: key))
    if let index = usage.firstIndex(where: { $0.hold == hold.id }),
      usage[index].loss?.cause != "undelivered"
    {
      usage[index].loss = (usage[index].cost.nano, "undelivered", now)
    }
    return "gave back \(charge)"
  }

  /// Of the cost, rounded to nano-dollars, what the charge does not pay for, if that is anything.
  func unpaid(_ cost: UInt128, _ charge: Int64, _ terms: Terms) -> Int64? {
    let paid = (terms.creditValue.billionths * 1_000_000_000)
      .multipliedFullWidth(by: UInt128(charge))
    guard paid.high == 0, paid.low < cost else { return nil }
    let nano = Int64((cost - paid.low + 500_000_000_000_000) / 1_000_000_000_000_000)
    return nano > 0 ? nano : nil
  }

  var overdue: [Hold] { holds.filter { $0.state == "pending" && $0.deadline < now } }

  private func pending(_ id: String) throws -> Int {
    let index = holds.lastIndex { $0.id == id && $0.state == "pending" }
    guard let index else { throw Refusal(reason: "not pending: \(id)") }
    return index
  }

  func tableCost(of call: Operation.Call, at prices: Operation.Prices) throws -> UInt128 {
    let tier = call.input > prices.threshold ? prices.longPrompt ?? prices.base : prices.base
    let (cached, written) = (tier.cached ?? tier.input, tier.written ?? tier.input)
    let reasoning = prices.reasoning ?? tier.output
    return try sum([
      (tier.input, call.input - call.cached - call.written), (cached, call.cached),
      (written, call.written),
      (tier.output, call.output - call.reasoning), (reasoning, call.reasoning),
      (prices.imageMade ?? prices.imageRead, call.images),
    ])
  }

  private func bound(_ input: Int, _ output: Int, _ prices: Operation.Prices) throws -> UInt128 {
    var tiers = [prices.base]
    if let longPrompt = prices.longPrompt, input > prices.threshold { tiers.append(longPrompt) }
    let inputs = tiers.flatMap { [$0.input, $0.cached ?? $0.input, $0.written ?? $0.input] }
    let outputs = tiers.map(\.output) + [prices.reasoning ?? prices.base.output]
    let image = prices.imageMade ?? prices.imageRead
    return try sum([(inputs.max(), input), (outputs.max(), output), (image, 1)])
  }

  private func sum(_ parts: [(price: Figure?, count: Int)]) throws -> UInt128 {
    try parts.reduce(0) { sum, part in
      let product = (part.price?.units ?? 0).multipliedFullWidth(by: UInt128(part.count))
      let (next, overflow) = sum.addingReportingOverflow(product.low)
      guard product.high == 0, !overflow, next <= Int128.max else { throw Refusal.tooLarge }
      return next
    }
  }

  /// In 10⁻³³ USD, as what `covers` compares it with.
  private func due(_ cost: UInt128, _ terms: Terms) -> (UInt128, UInt128) {
    cost.multipliedFullWidth(by: terms.markup.billionths)
  }

  private func covers(_ micro: Int64, _ due: (UInt128, UInt128), _ terms: Terms) -> Bool {
    let one = terms.creditValue.billionths * 1_000_000_000_000_000_000
    return one.multipliedFullWidth(by: UInt128(micro)) >= due
  }

  func charge(_ cost: UInt128, on earlier: Terms? = nil) throws -> Int64 {
    let terms = earlier ?? terms
    let due = due(cost, terms)
    guard covers(.max, due, terms) else { throw Refusal.tooLarge }
    var (low, high): (Int64, Int64) = (0, .max)
    while low < high {
      let middle = low + (high - low) / 2
      if covers(middle, due, terms) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
