import Foundation
import KillPoints
import Testing
import TestSupport

/// What is asked for, where the process is killed while it does it, and how often.
struct StepCase: Sendable, Hashable, CustomTestStringConvertible {
  enum Request: String, CaseIterable, Sendable {
    case answered = "a question"
    /// Its answer is seen as it grows.
    case streamed = "a question whose answer grows"
    /// Several messages, which Telegram hands over together.
    case pasted = "a long paste in three parts"
    /// The first is stored when the others come.
    case pastedInPieces = "a long paste, part by part"
    case failing = "a question whose call fails"
    /// Of a button under an answer, which asks the question anew.
    case again = "a press of Again"
    /// Once the person writes again, they get it.
    case kept = "a question of somebody who has blocked the bot"
    case free = "a command without cost"
    /// The update that tells of it, and the receipt.
    case payment = "a payment"
    /// An administrator's command, and what Telegram is told.
    case refund = "a refund"
    /// Two tasks, planned and agreed to before.
    case built = "a build"

    var steps: [KillPoint] {
      switch self {
      case .streamed:
        return [.previewSending, .previewShown, .previewGrown, .stopped, .replyQueued]
      case .kept: return [.replyQueued, .replyMarked, .commandCarriedOut, .replySent]
      case .pasted: return [.updateStored, .markedSent, .settled, .replyQueued]
      case .pastedInPieces: return [.updateStored]
      case .again: return [.replyQueued, .markedSent, .settled]
      case .built:
        return [
          .stepBegun, .stepAnswered, .stepSettled, .checkBegun, .taskEnded, .zipMade, .delivered,
        ]
      default: break
      }
      let paid: [KillPoint] = [.markedSent, .firstByte]
      let middle: [KillPoint] =
        switch self {
        case .answered: paid + [.answerComplete, .settled]
        case .failing: paid + [.callFailed, .voided]
        default: [.commandCarriedOut]
        }
      return [.updateStored, .offsetSent] + middle + [.replyQueued, .replySent, .replyMarked]
    }

    var sellers: [Seller?] {
      switch self {
      case .answered, .failing: Seller.allCases
      case .kept, .streamed, .pasted, .pastedInPieces, .again, .built: [.gemini]
      case .free, .payment, .refund: [nil]
      }
    }

    /// A refund makes several replies side by side, so that nobody can count the steps of two. Of
    /// an answer that grows, two lives differ where a preview is left behind. What a second kill
    /// does to a build is seen without the executable.
    func kills(at step: KillPoint) -> [Kill] {
      switch self {
      case .streamed:
        [.previewShown, .previewGrown, .stopped].contains(step)
          ? [.firstPassing, .twoLives] : [.firstPassing]
      case .refund, .kept, .pasted, .pastedInPieces, .again: [.firstPassing, .twoLives]
      case .built: [.firstPassing]
      default: Kill.allCases
      }
    }

    var isPasted: Bool { self == .pasted || self == .pastedInPieces }

    var isOfStars: Bool { self == .payment || self == .refund }
  }

  enum Kill: String, CaseIterable, Sendable {
    case firstPassing
    /// Another such request has gone the whole way before.
    case secondPassing
    /// And once more in the next life, if that comes by the same step again.
    case twoLives
  }

  var request: Request
  var step: KillPoint
  /// Who is asked; `nil` where nobody is.
  var seller: Seller?
  var kill: Kill

  static let all: [StepCase] = Request.allCases.flatMap { request in
    request.steps.flatMap { step in
      request.sellers.flatMap { seller in
        request.kills(at: step).map {
          StepCase(request: request, step: step, seller: seller, kill: $0)
        }
      }
    }
  }

  var testDescription: String {
    "\(request.rawValue), \(step), \(seller?.rawValue ?? "nobody"), \(kill)"
  }
}

extension StepCase {
  static let user: Int64 = 42

  /// How many requests are made in all.
  var requests: Int { kill == .secondPassing ? 2 : 1 }

  /// Makes the requests, kills, starts anew, and waits until nothing is left to be done.
  func run(in world: World) async throws -> StepOutcome {
    guard request != .kept else { return try await runKept(in: world) }
    guard request != .streamed else { return try await runStreamed(in: world) }
    guard request != .again else { return try await runAgain(in: world) }
    guard request != .built else { return try await runBuilt(in: world) }
    guard !request.isPasted else { return try await runPasted(in: world) }
    let invoice = try await prepare(world)
    let before = Int(try world.number("SELECT count(*) FROM inbox") ?? 0)

    let order = ["AIDEVBOT_KILL_AT": "\(step.rawValue):\(requests)"]
    let mayReply = Watched(true)
    if let seller { world.script(seller, isFailing: request == .failing, mayReply) }
    let armed =
      request.isOfStars
      ? try await world.openShop(changing: order) : try world.start(["run"], changing: order)
    if requests == 2 {
      makeRequest(1, invoice, in: world)
      try await world.waitUntilDone(updates: before + 1)
    }
    let replies = world.telegram.state.value.sent(to: Self.user).count
    // The update that brings the confirming poll back finds the call under way.
    mayReply.change { $0 = step != .offsetSent }
    let isHeldBack = holdBackMessages(in: world)
    let update = makeRequest(requests, invoice, in: world)
    if step == .offsetSent { try await bringBackThePoll(before, in: world) }
    #expect(try await armed.waitForExit().status == -SIGKILL)
    mayReply.change { $0 = true }
    isHeldBack.change { $0 = false }

    let updates = before + updatesMade
    if kill == .twoLives {
      let second = try world.start(["run"], changing: settings.merging(order) { $1 })
      try await world.waitUntilDone(updates: updates, orEndOf: second)
      second.signal(SIGTERM)
      try await second.waitForExit()
    }
    let last = try await world.startDaemon(changing: settings)
    try await world.waitUntilDone(updates: updates)
    try await world.stop(last)
    return try outcome(of: update, after: replies, in: world)
  }

  var settings: [String: String?] { request.isOfStars ? World.shop : [:] }

  /// Telegram tells of a refund with an update of its own, which brings the poll back, too.
  private var updatesMade: Int {
    request == .refund ? 2 : requests + (step == .offsetSent ? 1 : 0)
  }

  /// Opens the account; what is paid for is ordered, and what is given back is paid.
  func prepare(_ world: World) async throws -> SentInvoice? {
    let first = try await world.startDaemon(changing: settings)
    try await world.openAccount(of: Self.user)
    try world.keepYoung()
    if request == .again { world.telegram.message(seller?.question ?? "", from: Self.user) }
    var invoice: SentInvoice?
    if request.isOfStars { invoice = try await world.order(by: Self.user) }
    if request == .refund, let invoice { try await world.pay(invoice, Self.charge(0)) }
    try await world.waitUntilAllIsDone()
    try await world.stop(first)
    return invoice
  }

  @discardableResult
  private func makeRequest(_ number: Int, _ invoice: SentInvoice?, in world: World) -> Int64 {
    switch request {
    case .answered, .failing, .kept, .streamed, .pasted, .pastedInPieces, .again, .free, .built:
      world.telegram.message(seller?.question ?? "/status", from: Self.user)
    case .payment:
      world.telegram.payment(
        payload: invoice?.payload ?? "", amount: invoice?.amount ?? 0,
        chargeID: Self.charge(number), from: Self.user)
    case .refund:
      world.telegram.message("/refund \(Self.charge(0))", from: World.administrator)
    }
  }

  static func charge(_ number: Int) -> String { "stx-\(number)" }

  /// The first of a refund's replies that Telegram takes is to be the one that gives Stars back.
  private func holdBackMessages(in world: World) -> Watched<Bool> {
    let isHeldBack = Watched(request == .refund && [.replySent, .replyMarked].contains(step))
    world.telegram.onCall { call in
      guard call.method == "sendMessage", isHeldBack.value else { return nil }
      _ = isHeldBack.block { !$0 }
      return .reset
    }
    return isHeldBack
  }

  /// Telegram knows by then that the update is stored.
  private func bringBackThePoll(_ before: Int, in world: World) async throws {
    guard request != .refund else { return }
    try await world.telegram.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
    if let seller {
      try await world.waitForCalls(requests, to: seller)
    } else {
      try await world.waitUntilDone(updates: before + requests)
    }
    world.telegram.deliver("kind_of_tomorrow", [:])
  }

  func outcome(
    of update: Int64, after count: Int, in world: World
  ) throws -> StepOutcome {
    guard request != .refund else {
      let copies = world.telegram.state.value.repaid.count
      return StepOutcome(reply: .refunded, copies: copies, charged: [], lost: [])
    }
    let replies = world.telegram.state.value.sent(to: Self.user).dropFirst(count)
    #expect(Set(replies).count == 1)
    let calls = try world.usage(ofUpdate: update)
    let reply = try #require(replies.first)
    return StepOutcome(
      reply: try #require(StepOutcome.Reply(text: reply)), copies: replies.count,
      charged: calls.filter { $0.chargedTo == "user" },
      lost: calls.filter { $0.chargedTo == "house" })
  }

  /// Checks all that must be so wherever the process was killed.
  func expectRightMoney(_ outcome: StepOutcome, in world: World) throws {
    if request.isOfStars { return try expectRightStars(outcome, in: world) }
    if request == .built { return try expectRightBuild(outcome, in: world) }
    let lives = kill == .twoLives ? 2 : 1
    // What Telegram has taken without the outbox's knowing is sent again.
    #expect(outcome.copies == (step == .replySent && request != .kept ? 1 + lives : 1))
    switch request {
    case .answered, .streamed, .pasted, .pastedInPieces, .again:
      #expect([.answer, .apology].contains(outcome.reply))
    case .failing: #expect([.failure, .apology].contains(outcome.reply))
    case .kept: #expect(outcome.reply == .kept)
    default: #expect(outcome.reply == .status)
    }
    #expect(outcome.charged.count == ([.answer, .kept].contains(outcome.reply) ? 1 : 0))
    let earlier = request == .again ? 1 : request == .answered ? requests - 1 : 0
    let answers = outcome.charged.count + earlier
    let charge = Int64(answers) * (seller?.charge ?? 0)
    #expect(try world.balance(of: Self.user) == 100_000_000 - charge)
    // Each call that may have cost us something has its row, and the person does not bear it.
    let sent = try world.number(
      "SELECT count(*) FROM credit_holds WHERE state = 'voided' AND sent_at IS NOT NULL")
    let lostBefore = request == .failing ? requests - 1 : 0
    #expect(sent == Int64(outcome.lost.count + lostBefore))
    for call in outcome.lost {
      #expect(call.isEstimate ? call.nanoDollars > 0 : call.nanoDollars == Seller.openRouter.cost)
    }
  }

  private func expectRightStars(_ outcome: StepOutcome, in world: World) throws {
    let lives = kill == .twoLives ? 2 : 1
    guard request == .refund else {
      #expect(outcome.reply == .receipt)
      #expect(outcome.copies == (step == .replySent ? 1 + lives : 1))
      #expect(try world.purchases() == (1...requests).map { "\(Self.charge($0)): 250000000" })
      #expect(try world.balance() == 100_000_000 + 250_000_000 * Int64(requests))
      return
    }
    let state = world.telegram.state.value
    #expect(state.repaid == [Self.charge(0)])
    #expect(try world.refunds() == ["\(Self.charge(0)): done, 250000000, 0"])
    #expect(try world.balance() == 100_000_000)
    #expect(!state.messages(to: World.administrator, with: "were returned to their payer").isEmpty)
    #expect(!state.messages(to: Self.user, with: "was refunded").isEmpty)
  }
}

extension World {
  /// Lets calls be answered, or break off after a piece, once `mayReply` says so.
  fileprivate func script(_ seller: Seller, isFailing: Bool, _ mayReply: Watched<Bool>) {
    let piece = """
      HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Generation-Id: gen-lost\r
      Content-Length: 900\r\n\r\n: at work\n\n
      """
    onCall(of: seller) { _ in
      _ = mayReply.block { $0 }
      return isFailing ? .raw(Data(piece.utf8)) : nil
    }
  }

  /// Waits until that many updates have come to their end, and every reply with them.
  func waitUntilDone(updates: Int, orEndOf daemon: ChildProcess? = nil) async throws {
    try await wait(
      for: "the end of \(updates) updates",
      untilThereIs: """
        SELECT (SELECT count(*) FROM inbox WHERE state = 'done') = \(updates)
          AND NOT EXISTS (SELECT 1 FROM inbox WHERE state = 'pending')
          AND NOT EXISTS (SELECT 1 FROM outbox WHERE state = 'queued')
        """, orEndOf: daemon)
  }
}
