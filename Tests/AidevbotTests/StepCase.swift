import Foundation
import Steps
import TestSupport
import Testing

/// What is asked for, where the process is killed while it does it, and how often.
struct StepCase: Sendable, Hashable, CustomTestStringConvertible {
  enum Request: String, CaseIterable, Sendable {
    case answered = "a question"
    case failing = "a question whose call fails"
    case free = "a command without cost"

    var steps: [Step] {
      let paid: [Step] = [.holdTaken, .markedSent, .firstByte]
      let middle: [Step] =
        switch self {
        case .answered: paid + [.answerComplete, .settled]
        case .failing: paid + [.callFailed, .voided]
        case .free: [.commandCarriedOut]
        }
      return [.updateStored, .offsetSent] + middle + [.replyQueued, .replySent, .replyMarked]
    }

    var sellers: [Seller?] { self == .free ? [nil] : Seller.allCases }
  }

  enum Kill: String, CaseIterable, Sendable {
    case firstPassing
    /// Another such request has gone the whole way before.
    case secondPassing
    /// And once more in the next life, if that comes by the same step again.
    case twoLives
  }

  var request: Request
  var step: Step
  /// Who is asked; `nil` where nobody is.
  var seller: Seller?
  var kill: Kill

  static let all: [StepCase] = Request.allCases.flatMap { request in
    request.steps.flatMap { step in
      request.sellers.flatMap { seller in
        Kill.allCases.map { StepCase(request: request, step: step, seller: seller, kill: $0) }
      }
    }
  }

  var testDescription: String {
    "\(request.rawValue), \(step), \(seller?.rawValue ?? "nobody"), \(kill)"
  }
}

extension StepCase {
  private static let user: Int64 = 42

  /// How many requests are made in all.
  private var requests: Int { kill == .secondPassing ? 2 : 1 }

  /// Makes the requests, kills, starts anew, and waits until nothing is left to be done.
  func run(in world: World) async throws -> StepOutcome {
    let first = try await world.startDaemon()
    try await world.openAccount(of: Self.user)
    try await world.stop(first)

    let order = ["AIDEVBOT_KILL_AT": "\(step.rawValue):\(requests)"]
    let mayReply = Watched(true)
    if let seller { world.script(seller, isFailing: request == .failing, mayReply) }
    let armed = try world.start(["run"], changing: order)
    if requests == 2 {
      world.telegram.message(text, from: Self.user)
      try await world.waitUntilDone(updates: 2)
    }
    // The update that brings the confirming poll back finds the call under way.
    mayReply.change { $0 = step != .offsetSent }
    let update = world.telegram.message(text, from: Self.user)
    if step == .offsetSent { try await bringBackThePoll(in: world) }
    #expect(try await armed.waitForExit().status == -SIGKILL)
    mayReply.change { $0 = true }

    let updates = 1 + requests + (step == .offsetSent ? 1 : 0)
    if kill == .twoLives {
      let second = try world.start(["run"], changing: order)
      try await world.waitUntilDone(updates: updates, orEndOf: second)
      second.signal(SIGTERM)
      try await second.waitForExit()
    }
    let last = try await world.startDaemon()
    try await world.waitUntilDone(updates: updates)
    try await world.stop(last)
    return try outcome(of: update, in: world)
  }

  private var text: String { seller?.question ?? "/status" }

  /// Telegram knows by then that the update is stored.
  private func bringBackThePoll(in world: World) async throws {
    try await world.telegram.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
    if let seller {
      try await world.waitForCalls(requests, to: seller)
    } else {
      try await world.waitUntilDone(updates: 1 + requests)
    }
    world.telegram.deliver("kind_of_tomorrow", [:])
  }

  private func outcome(of update: Int64, in world: World) throws -> StepOutcome {
    let replies = world.telegram.state.value.sent(to: Self.user).dropFirst(requests)
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
    let lives = kill == .twoLives ? 2 : 1
    // What Telegram has taken without the outbox's knowing is sent again.
    #expect(outcome.copies == (step == .replySent ? 1 + lives : 1))
    switch request {
    case .answered: #expect([.answer, .apology].contains(outcome.reply))
    case .failing: #expect([.failure, .apology].contains(outcome.reply))
    case .free: #expect(outcome.reply == .status)
    }
    #expect(outcome.charged.count == (outcome.reply == .answer ? 1 : 0))
    let answers = outcome.charged.count + (request == .answered ? requests - 1 : 0)
    let charge = Int64(answers) * (seller?.charge ?? 0)
    #expect(try world.balance(of: Self.user) == 100_000_000 - charge)
    // Each call that may have cost us something has its row, and the person does not bear it.
    let sent = try world.number(
      "SELECT count(*) FROM credit_holds WHERE state = 'voided' AND sent_at IS NOT NULL")
    let lostBefore = request == .failing ? requests - 1 : 0
    #expect(sent == Int64(outcome.lost.count + lostBefore))
    for call in outcome.lost {
      #expect(call.isEstimate ? call.nanoDollars > 0 : call.nanoDollars == 1_550_000)
    }
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
  fileprivate func waitUntilDone(updates: Int, orEndOf daemon: ChildProcess? = nil) async throws {
    try await wait(
      for: "the end of \(updates) updates",
      untilThereIs: """
        SELECT (SELECT count(*) FROM inbox WHERE state = 'done') = \(updates)
          AND NOT EXISTS (SELECT 1 FROM inbox WHERE state = 'pending')
          AND NOT EXISTS (SELECT 1 FROM outbox WHERE state = 'queued')
        """, orEndOf: daemon)
  }
}
