/// What people buy and are given, once more.
extension LedgerModel {
  struct Account {
    /// Negative once it is erased.
    var person: Int64
    var balance: Int64 = 0
    var held: Int64 = 0
    var isReturning = false
    var isBlocked = false
    var inviter: Int?
  }

  struct Sales {
    var orders: [(user: Int, offer: Offer, state: String)] = []
    /// `row` is that of the journal; zero where nothing was credited.
    var payments: [(paid: Operation.Payment, payer: Int64?, user: Int, row: Int, flaw: String)] = []
    var refunds: [Refund] = []
    var codes: [Int: (credits: Int64, most: Int, users: [Int], expiry: Int)] = [:]
    /// When each person guessed wrongly.
    var failures: [Int64: [Int]] = [:]
    /// Whoever erased an account, and whether they were blocked.
    var erased: [Int64: Bool] = [:]

    func newcomer(_ person: Int64) -> Account {
      Account(
        person: person, isReturning: erased[person] != nil, isBlocked: erased[person] == true)
    }
  }

  struct Refund {
    var payment: Int
    var state: String
    var clawback: Int64
    var loss: Int64
    var row = 0
    var reversal = 0
    var requester = "shell"

    var words: String { "takes \(clawback), loses \(loss), \(state)" }
  }

  mutating func order(_ package: Int, for user: Int) -> String {
    let offer = Offer.all[package]
    let unpaid = sales.orders.firstIndex {
      $0.user == user && $0.offer == offer && $0.state == "open"
    }
    if let unpaid { return "old order \(unpaid + 1)" }
    sales.orders.append((user, offer, "open"))
    return "new order \(sales.orders.count)"
  }

  mutating func pay(_ paid: Operation.Payment) throws -> String {
    let earlier = sales.payments.firstIndex { $0.paid.charge == paid.charge }
    if let earlier, !isOpen(earlier, to: paid) { return "known payment \(earlier + 1)" }
    let isOurs = (1...max(1, sales.orders.count)).contains(paid.order) && !sales.orders.isEmpty
    let order = isOurs ? sales.orders[paid.order - 1] : nil
    var flaw = ""
    var row = 0
    if let order {
      let person = accounts[order.user - 1].person
      if person != paid.payer { flaw = "its order was made for another person" }
      if order.offer.stars != paid.stars { flaw = "its order costs \(order.offer.stars) Stars" }
      if paid.currency != "XTR" { flaw = "it was made in another currency than Stars" }
    } else {
      flaw = "it names no order of ours"
    }
    let credits = order.map { $0.offer.credits + $0.offer.bonus } ?? 0
    if let order, flaw.isEmpty {
      do {
        let key = "purchase:charge\(paid.charge)"
        _ = try book(.init(user: order.user, kind: "purchase", amount: credits, key: key))
        row = journal.count
      } catch let refusal as Refusal where refusal.reason == Refusal.tooLarge.reason {
        flaw = "it cannot be credited: the amount is too large to be real"
      }
    }
    if let earlier, row == 0 { return "known payment \(earlier + 1)" }
    let place = earlier ?? sales.payments.count
    sales.payments.replaceSubrange(
      place..<min(place + 1, sales.payments.count),
      with: [(paid, paid.payer, order?.user ?? 0, row, flaw)])
    guard let order, row > 0 else { return "set aside: \(flaw)" }
    sales.orders[paid.order - 1].state = "paid"
    let anew = earlier == nil ? "" : "anew "
    return "credited \(anew)\(credits), left \(accounts[order.user - 1].balance)"
  }

  /// What the list could not explain may yet be told rightly.
  private func isOpen(_ payment: Int, to paid: Operation.Payment) -> Bool {
    let found = sales.payments[payment]
    return found.paid.isListed && found.row == 0 && !paid.isListed && current(payment) == nil
  }

  // MARK: Refunds

  mutating func requestRefund(of charge: Int, isForced: Bool) throws -> String {
    let payment = try payment(charge)
    if let current = current(payment) {
      return "old refund \(current + 1): \(sales.refunds[current].words)"
    }
    let refund = split(payment, as: "pending")
    if refund.loss > 0 {
      guard accounts[sales.payments[payment].user - 1].held == 0 else {
        throw Refusal(reason: "call under way")
      }
      guard isForced else {
        throw Refusal(reason: "spent \(refund.loss) of \(refund.clawback + refund.loss)")
      }
    }
    try add(refund)
    let kind = refund.loss > 0 ? "forced refund" : "new refund"
    return "\(kind) \(sales.refunds.count): \(refund.words)"
  }

  mutating func endRefund(_ number: Int, isDone: Bool) throws -> String {
    guard number <= sales.refunds.count, sales.refunds[number - 1].state == "pending" else {
      return "no news"
    }
    let refund = sales.refunds[number - 1]
    if !isDone, refund.row > 0 {
      let key = "refund:payment:\(number):reversed"
      let user = sales.payments[refund.payment].user
      _ = try book(.init(user: user, kind: "refund", amount: refund.clawback, key: key))
      sales.refunds[number - 1].reversal = journal.count
    }
    sales.refunds[number - 1].state = isDone ? "done" : "failed"
    return isDone ? "done" : "given again"
  }

  mutating func refundedOutside(_ charge: Int) throws -> String {
    let payment = try payment(charge)
    if let current = current(payment) {
      guard sales.refunds[current].state == "pending" else { return "no news" }
      sales.refunds[current].state = "done"
      return "done as we asked: refund \(current + 1)"
    }
    var refund = split(payment, as: "done")
    refund.requester = "telegram"
    try add(refund)
    return "done elsewhere: refund \(sales.refunds.count), \(refund.words)"
  }

  private func payment(_ charge: Int) throws -> Int {
    let index = sales.payments.firstIndex { $0.paid.charge == charge }
    guard let index else { throw Refusal(reason: "unknown payment") }
    return index
  }

  private func current(_ payment: Int) -> Int? {
    sales.refunds.firstIndex { $0.payment == payment && $0.state != "failed" }
  }

  private func split(_ payment: Int, as state: String) -> Refund {
    let (user, row) = (sales.payments[payment].user, sales.payments[payment].row)
    guard row > 0 else { return Refund(payment: payment, state: state, clawback: 0, loss: 0) }
    let offer = sales.orders[sales.payments[payment].paid.order - 1].offer
    let bought = offer.credits + offer.bonus
    let left = min(bought, accounts[user - 1].balance - accounts[user - 1].held)
    return Refund(payment: payment, state: state, clawback: left, loss: bought - left)
  }

  private mutating func add(_ refund: Refund) throws {
    var refund = refund
    if refund.clawback > 0 {
      let key = "refund:payment:\(sales.refunds.count + 1)"
      let user = sales.payments[refund.payment].user
      _ = try book(.init(user: user, kind: "refund", amount: -refund.clawback, key: key))
      refund.row = journal.count
    }
    sales.refunds.append(refund)
  }

  // MARK: Gifts

  mutating func makeCode(_ code: Int, _ credits: Int64, uses: Int, lifetime: Int) throws -> String {
    guard sales.codes[code] == nil else { throw Refusal(reason: "taken") }
    sales.codes[code] = (credits, uses, [], now + lifetime)
    return "made"
  }

  mutating func redeem(_ code: Int, by user: Int) throws -> String {
    let account = try account(user)
    let anHourAgo = max(0, now - 3_600_000)
    let failures = sales.failures[account.person, default: []].filter { $0 > anHourAgo }
    guard failures.count < 5 else { return "too many failures" }
    guard !account.isReturning else { return "returning" }
    if let found = sales.codes[code], found.users.contains(user) { return "used before" }
    guard let found = sales.codes[code], found.users.count < found.most, found.expiry > now else {
      sales.failures = sales.failures.mapValues { $0.filter { $0 > anHourAgo } }
      sales.failures[account.person] = failures + [now]
      return "not valid"
    }
    let key = "code:CODE\(code):\(user)"
    _ = try book(.init(user: user, kind: "manual_adjustment", amount: found.credits, key: key))
    sales.codes[code]?.users.append(user)
    return "redeemed \(found.credits)"
  }

  mutating func invite(_ newcomer: Int, by inviter: Int) throws -> String {
    let account = try account(newcomer)
    _ = try self.account(inviter)
    if !account.isReturning, account.inviter == nil, inviter != newcomer {
      accounts[newcomer - 1].inviter = inviter
    }
    return accounts[newcomer - 1].inviter.map { "invited by \($0)" } ?? "invited by nobody"
  }

  mutating func thank(_ newcomer: Int, credits: Int64, isSelling: Bool) throws -> String {
    let (account, key) = (try account(newcomer), "referral:\(newcomer)")
    guard credits > 0, let inviter = account.inviter else { return "nobody" }
    let isFirst = entries[key] == nil
    if isFirst {
      _ = try book(.init(user: newcomer, kind: "referral_bonus", amount: credits, key: key))
    }
    let theirs = "\(key):inviter"
    if entries[theirs] != nil { return isFirst ? "thanked the newcomer alone" : "nobody" }
    let isGone = accounts[inviter - 1].person < 0
    guard !isGone, !accounts[inviter - 1].isBlocked else {
      let reason = isGone ? "gone" : "blocked"
      return isFirst ? "thanked the newcomer alone, the inviter is \(reason)" : "nobody"
    }
    guard !isSelling || gain(of: newcomer) < 0 else {
      return isFirst ? "thanked the newcomer alone, who has spent too little" : "nobody"
    }
    _ = try book(.init(user: inviter, kind: "referral_bonus", amount: credits, key: theirs))
    return isFirst ? "thanked both" : "thanked the inviter alone"
  }

  /// What was given to the person, less what they spent.
  private func gain(of user: Int) -> Int128 {
    entries.values.map(\.entry).filter { $0.user == user }.reduce(0) { sum, entry in
      let isGift = ["initial_grant", "referral_bonus", "manual_adjustment"].contains(entry.kind)
      let isOfCall = ["settle:", "correct:", "refund:upd"].contains { entry.key.hasPrefix($0) }
      return isGift || isOfCall ? sum + Int128(entry.amount) : sum
    }
  }

  // MARK: People

  mutating func block(_ user: Int, _ isBlocked: Bool) throws -> String {
    _ = try account(user)
    accounts[user - 1].isBlocked = isBlocked
    return "set"
  }

  mutating func erase(_ user: Int) throws -> String {
    let account = try account(user)
    guard account.person > 0 else { return "gone before" }
    let isCalling = holds.contains { $0.request.user == user && $0.state == "pending" }
    let isRefunding = sales.refunds.contains {
      $0.state == "pending" && sales.payments[$0.payment].payer == account.person
    }
    guard !isCalling, !isRefunding else { throw Refusal(reason: "call under way") }
    if account.balance > 0 {
      _ = try book(
        .init(user: user, kind: "expiry", amount: -account.balance, key: "erasure:\(user)"))
    }
    for index in sales.orders.indices where sales.orders[index].user == user {
      sales.orders[index].state = "closed"
    }
    for index in sales.payments.indices where sales.payments[index].payer == account.person {
      sales.payments[index].payer = nil
    }
    sales.erased[account.person] = account.isBlocked
    accounts[user - 1].person = -Int64(user)
    return "erased, forfeits \(account.balance)"
  }

  private func account(_ user: Int) throws -> Account {
    guard user <= accounts.count else { throw Refusal(reason: "no account \(user)") }
    return accounts[user - 1]
  }
}
