/// Draws operations: plausible ones for most, hostile ones now and then, and some a second time.
struct Chance {
  private var random: SplitMix64
  private var recent: [Operation] = []
  private var works = 0

  init(seed: UInt64) { random = SplitMix64(state: seed) }

  mutating func operation(on ledger: LedgerModel) -> Operation {
    let isAtDeadline = ledger.holds.suffix(20).contains { $0.deadline == ledger.now }
    if isAtDeadline, percent(50) { return .voidOverdue }
    if percent(12), let again = recent.randomElement(using: &random) { return again }
    let operation = newOperation(on: ledger)
    recent = recent.suffix(15) + [operation]
    return operation
  }

  private mutating func newOperation(on ledger: LedgerModel) -> Operation {
    switch number(1...155) {
    case 149...: return lookUp(on: ledger)
    case 141...: return stop(on: ledger)
    case 101...: return sale(on: ledger)
    case ...3: return .register(person: Int64(number(1...12)), grant: amount())
    case ...15: return .record(entry(on: ledger))
    case ...20: return .setPrice(model: number(1...3), prices())
    case 21: return .setPrice(model: number(1...3), percent(50) ? nil : prices())
    case ...62: return .take(request(on: ledger))
    case ...82: return settlement(on: ledger)
    case ...89: return .void(hold: holdID(of: ledger), loss(on: ledger))
    case ...96: return .refund(work: refundedWork(on: ledger))
    case ...98: return .voidOverdue
    default: return .setTerms(terms())
    }
  }

  private mutating func sale(on ledger: LedgerModel) -> Operation {
    // An order has to be somebody's.
    guard !ledger.accounts.isEmpty else { return .register(person: 1, grant: amount()) }
    let known = number(1...ledger.accounts.count)
    switch number(1...41) {
    case ...7:
      let isAbsurd = percent(3)
      return .order(user: known, package: isAbsurd ? Offer.all.count - 1 : number(0...1))
    case ...16: return .pay(payment(on: ledger))
    case ...21: return .requestRefund(charge: charge(on: ledger), isForced: percent(40))
    case ...26: return .endRefund(refund(on: ledger), isDone: percent(50))
    case ...28: return .refundedOutside(charge: charge(on: ledger))
    case 29:
      return .makeCode(
        number(1...30), credits: Int64(number(1...50_000_000)), uses: number(1...4),
        lifetime: magnitude(24 * 3_600_000))
    case ...34: return .redeem(code: number(1...30), user: user(of: ledger))
    case ...36: return .invite(newcomer: user(of: ledger), by: user(of: ledger))
    case ...38:
      return .thank(
        newcomer: user(of: ledger), credits: percent(90) ? 5_000_000 : 0, isSelling: percent(50))
    case ...40: return .block(user: known, percent(60))
    default: return .erase(user: user(of: ledger))
    }
  }

  // MARK: Sales

  /// As a rule, what the order asks for, by whoever it was made for, for the first time.
  private mutating func payment(on ledger: LedgerModel) -> Operation.Payment {
    let orders = ledger.sales.orders
    let order = percent(95) ? max(0, orders.count - magnitude(8)) : 0
    let found = order > 0 ? orders[order - 1] : nil
    let person = found.map { ledger.accounts[$0.user - 1].person } ?? 1
    let payer = percent(92) && person > 0 ? person : Int64(number(1...12))
    let setAside = ledger.sales.payments.last { $0.paid.isListed && !$0.flaw.isEmpty }
    let repeated = percent(50) ? setAside?.paid.charge ?? 1 : charge(on: ledger)
    return Operation.Payment(
      charge: percent(88) ? ledger.sales.payments.count + 1 : repeated, order: order,
      payer: payer, currency: percent(96) ? "XTR" : "EUR",
      stars: (found?.offer.stars ?? 50) + (percent(95) ? 0 : Int64(number(-1...1))),
      isListed: percent(20))
  }

  /// One of the last ones as a rule.
  private mutating func charge(on ledger: LedgerModel) -> Int {
    percent(95) ? max(1, ledger.sales.payments.count - magnitude(12)) : 99_999
  }

  private mutating func refund(on ledger: LedgerModel) -> Int {
    let refunds = ledger.sales.refunds
    let pending = refunds.indices.filter { refunds[$0].state == "pending" }
    if percent(80), let index = pending.randomElement(using: &random) { return index + 1 }
    return number(1...refunds.count + 1)
  }

  // MARK: Time and settings

  /// In milliseconds: the clock goes on; now and then it jumps, or comes to a hold's deadline.
  mutating func clock(on ledger: LedgerModel) -> Int {
    let pending = ledger.holds.suffix(20).filter { $0.state == "pending" }
    if percent(2), let hold = pending.randomElement(using: &random) { return hold.deadline }
    guard percent(4) else { return ledger.now + number(0...5_000) }
    return max(0, ledger.now + magnitude(40 * 24 * 3_600_000) * (percent(50) ? 1 : -1))
  }

  mutating func terms() -> Terms {
    percent(60) ? Self.defaultTerms : pick(Self.otherTerms)
  }

  private static let defaultTerms = Terms(
    creditValue: ("0.01", 10_000_000), markup: ("1.5", 1_500_000_000))
  private static let otherTerms = [
    Terms(creditValue: ("1", 1_000_000_000), markup: ("1", 1_000_000_000)),
    Terms(creditValue: ("0.007", 7_000_000), markup: ("1.234567891", 1_234_567_891)),
    Terms(creditValue: ("0.033333333", 33_333_333), markup: ("0.999999999", 999_999_999)),
    Terms(creditValue: ("0.000000001", 1), markup: ("1e6", 1_000_000_000_000_000)),
    Terms(creditValue: ("1000000", 1_000_000_000_000_000), markup: ("1e-9", 1)),
  ]

  // MARK: Money

  private mutating func entry(on ledger: LedgerModel) -> Operation.Entry {
    let kinds = ["manual_adjustment", "manual_adjustment", "referral_bonus", "expiry"]
    // A key in six has been used, mostly for something else.
    var entry = Operation.Entry(
      user: user(of: ledger), kind: pick(kinds), amount: percent(20) ? 0 &- amount() : amount(),
      key: "key\(number(1...(6 * ledger.journal.count + 6)))")
    if percent(10), case .record(let earlier)? = recent.last {
      entry = earlier
      entry.amount &+= 1
    } else if percent(10), entry.user <= ledger.accounts.count {
      // All that is not held, or one more.
      let account = ledger.accounts[entry.user - 1]
      entry.amount = account.held - account.balance - Int64(number(0...1))
    }
    return entry
  }

  /// In micro-credits.
  private mutating func amount() -> Int64 {
    guard percent(4) else {
      return Int64(percent(50) ? number(0...1_000_000_000) : magnitude(1_000_000_000))
    }
    return pick([0, -1, 1, .max, .max - 1, .max / 2, .min, .max - Int64(magnitude(1_000_000))])
  }

  private mutating func prices() -> Operation.Prices {
    var prices = Operation.Prices(base: tier())
    if percent(30) { prices.reasoning = price() }
    if percent(15) { prices.imageRead = price(decimalsBelowToken: 0) }
    if percent(15) { prices.imageMade = price(decimalsBelowToken: 0) }
    if percent(40) {
      prices.longPrompt = tier()
      prices.threshold = percent(4) ? -1 : magnitude(300_000)
    }
    return prices
  }

  private mutating func tier() -> Operation.Prices.Tier {
    Operation.Prices.Tier(
      input: price(), output: price(), cached: percent(50) ? price() : nil,
      written: percent(30) ? price() : nil)
  }

  /// A price is for a million tokens, so that of one has six decimals more; that of an image none.
  private mutating func price(decimalsBelowToken extra: Int = 6) -> Figure {
    if percent(3) { return pick(Figure.noPrices) }
    // One decimal too many for a token.
    if percent(1) { return Figure(text: "1e-19", units: 100_000, isAmount: extra == 0) }
    if percent(3) { return Figure(text: "1000000", units: Figure.power(10, 30 - extra)) }
    if percent(8) { return Figure(text: pick(["0", "0.00", "0e5"])) }
    // Prices as published, and some of as many decimals as there can be.
    let decimals = percent(80) ? 2 : number(0...(24 - extra))
    let digits = magnitude(percent(80) ? 2_000 : 1_000_000)
    let units = UInt128(digits) * Figure.power(10, 24 - decimals - extra)
    return Figure(text: text(digits, decimals), units: units)
  }

  private mutating func reportedCost() -> Figure? {
    if percent(60) { return nil }
    if percent(30) { return pick(Figure.oddCosts) }
    let (digits, decimals) = (magnitude(1_000_000), number(6...30))
    // What lies beyond the 24th decimal is rounded up.
    let excess = Figure.power(10, max(0, decimals - 24))
    let units = (UInt128(digits) + excess - 1) / excess * Figure.power(10, max(0, 24 - decimals))
    return Figure(text: text(digits, decimals), units: units)
  }

  /// `digits` × 10^-`decimals`, as one might write it.
  private mutating func text(_ digits: Int, _ decimals: Int) -> String {
    if percent(30) { return "\(digits)\(pick(["e", "E"]))-\(decimals)" }
    guard decimals > 0 else { return "\(digits)" }
    let padding = String(repeating: "0", count: max(0, decimals + 1 - "\(digits)".count))
    let all = padding + "\(digits)"
    return "\(all.dropLast(decimals)).\(all.suffix(decimals))"
  }

  // MARK: Calls

  private mutating func request(on ledger: LedgerModel) -> Operation.Request {
    var bound = percent(2) ? max(0, pick(Self.absurdCounts)) : magnitude(400_000)
    let version = percent(10) && !ledger.prices.isEmpty ? number(1...ledger.prices.count) : nil
    if percent(5), let price = ledger.prices.last(where: { $0.figures.longPrompt != nil }) {
      bound = price.figures.threshold
    }
    if percent(60) { works += 1 }
    let step = pick(["chat", "chat", "code", "plan"])
    return Operation.Request(
      user: user(of: ledger), model: number(1...3), version: version,
      work: "upd\(percent(90) ? works : number(0...works)):\(step)", bound: bound,
      estimate: bound / 4,
      cap: percent(2) ? 1_000_000_000_000 : percent(30) ? 65_536 : magnitude(65_536),
      lifetime: percent(80) ? 600_000 : magnitude(3_600_000),
      lossBound: percent(50) ? nil : Int64(magnitude(1_000_000_000_000)))
  }

  /// That of a hold as a rule, by the name of the work or of its whole update.
  private mutating func refundedWork(on ledger: LedgerModel) -> String {
    let hold = percent(70) ? ledger.holds.last { $0.state == "settled" } : nil
    let work = (hold ?? ledger.holds.randomElement(using: &random))?.request.work ?? "upd0:chat"
    return percent(50) ? work : String(work.prefix { $0 != ":" })
  }

  private mutating func settlement(on ledger: LedgerModel) -> Operation {
    let id = holdID(of: ledger)
    return .settle(hold: id, call(for: ledger.holds.last { $0.id == id }, on: ledger))
  }

  /// As a rule, an estimate with what was surely used of it.
  private mutating func stop(on ledger: LedgerModel) -> Operation {
    let id = holdID(of: ledger)
    var call = self.call(for: ledger.holds.last { $0.id == id }, on: ledger)
    (call.isEstimate, call.hasID) = (percent(95), percent(90))
    if percent(90) { call.reported = nil }
    guard percent(75) else {
      return .void(hold: id, .metered(call))  // Before the first word.
    }
    var least = call
    if percent(95) {
      (least.input, least.output) = (magnitude(call.input), magnitude(call.output))
      (least.cached, least.written, least.reasoning) = (0, 0, 0)
    }
    return .stop(hold: id, call, least: least)
  }

  /// Of one that waits for it as a rule: less, as much as was charged for, or more.
  private mutating func lookUp(on ledger: LedgerModel) -> Operation {
    let waiting = ledger.usage.suffix(200).filter { $0.next != nil }
    let any = number(1...max(1, ledger.usage.count + 1))
    let found = percent(90) ? waiting.randomElement(using: &random) : nil
    guard percent(80) else { return .lookUp(usage: found?.number ?? any, nil) }
    let hold = found.flatMap { row in ledger.holds.last { $0.id == row.hold } }
    var call = self.call(for: hold, on: ledger)
    if percent(10), let found { call = found.call }
    return .lookUp(usage: found?.number ?? any, call)
  }

  private mutating func loss(on ledger: LedgerModel) -> Operation.Loss {
    if percent(40) { return .none }
    return percent(50) ? .estimated : .metered(call(for: ledger.holds.last, on: ledger))
  }

  /// Below what was held for, at it, or above it.
  private mutating func call(
    for hold: LedgerModel.Hold?, on ledger: LedgerModel
  ) -> Operation.Call {
    let (bound, cap) = (hold?.request.bound ?? 1_000, hold?.cap ?? 256)
    var call = Operation.Call(input: bound, output: cap)
    switch number(0...9) {
    case ..<6: (call.input, call.output) = (magnitude(bound), magnitude(cap))
    case 6: break
    case 7, 8: (call.input, call.output) = (magnitude(400_000), magnitude(200_000))
    default: (call.input, call.output) = (pick(Self.absurdCounts), pick(Self.absurdCounts))
    }
    if percent(10), let figures = hold.map({ ledger.prices[$0.price].figures }),
      figures.longPrompt != nil
    {
      call.input = figures.threshold
    }
    if percent(30) { call.cached = percent(90) ? magnitude(call.input) : pick(Self.absurdCounts) }
    if percent(20) { call.written = percent(90) ? magnitude(call.input) : pick(Self.absurdCounts) }
    if percent(30) { call.reasoning = percent(90) ? magnitude(call.output) : -1 }
    if percent(10) { call.images = percent(90) ? number(1...4) : pick(Self.absurdCounts) }
    call.reported = reportedCost()
    return call
  }

  private static let absurdCounts = [.min, -1, 0, 1_000_000_000, 1_000_000_000_000_000, .max]

  /// A pending one as a rule; else any, finished or unknown.
  private mutating func holdID(of ledger: LedgerModel) -> String {
    let pending = ledger.holds.suffix(200).filter { $0.state == "pending" }
    if percent(90), let hold = pending.randomElement(using: &random) { return hold.id }
    return percent(90) ? ledger.holds.randomElement(using: &random)?.id ?? "upd0" : "upd0:chat:7"
  }

  private mutating func user(of ledger: LedgerModel) -> Int {
    percent(2) ? 99 : number(1...max(1, ledger.accounts.count))
  }

  // MARK: Draws

  private mutating func number(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &random)
  }

  private mutating func percent(_ share: Int) -> Bool { number(1...100) <= share }

  /// Up to `most`, small ones as often as large ones.
  private mutating func magnitude(_ most: Int) -> Int {
    let bits = Int.bitWidth - max(1, most).leadingZeroBitCount
    return min(max(0, most), number(0...(1 << min(62, number(1...bits))) - 1))
  }

  private mutating func pick<Value>(_ values: [Value]) -> Value {
    values[number(0...values.count - 1)]
  }
}

extension Figure {
  fileprivate static func power(_ base: UInt128, _ exponent: Int) -> UInt128 {
    (0..<exponent).reduce(1) { power, _ in power * base }
  }

  fileprivate static let noPrices = [
    "-1", "-0.000001", "nan", "", " 1", "1,5", "0x10", "1e30", "1000000.01", "1e-25", "$3",
  ].map { Figure(text: $0, isAmount: false) }

  fileprivate static let oddCosts =
    [
      "-1", "-7e-05", "1e30", "nan", "NaN", "Infinity", "", "1e", ".5", "5.", "1_000", "0x1p3",
      "1e999999", "10000.0000000000000000000000001", String(repeating: "1", count: 81), "٣", "1 ",
    ].map { Figure(text: $0, isAmount: false) } + [
      Figure(text: "7e-05", units: 70 * power(10, 18)),
      Figure(text: "7.1E-5", units: 71 * power(10, 18)),
      Figure(text: "0", units: 0),
      Figure(text: "-0", units: 0),
      Figure(text: "1e-30", units: 1),
      Figure(text: "1e-999", units: 1),
      Figure(text: "0.00012345678901234567890123456789", units: 123_456_789_012_345_678_902),
      Figure(text: "10000", units: power(10, 28)),
    ]
}

/// Small, and the same everywhere, so that a seed stands for one walk.
private struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
