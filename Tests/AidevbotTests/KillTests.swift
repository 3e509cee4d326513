import Foundation
import Testing
import TestSupport

/// The process dies at the worst moments and is started anew on the same file. Nobody is left
/// without an answer or charged for anything but one.
@Suite("After a kill")
struct KillTests {
  @Test(arguments: Seller.allCases)
  func asksAgainWhereTheCallWasUnderWay(seller: Seller) async throws {
    try await World.run { world in
      let first = try await world.startDaemon()
      try await world.openAccount()
      try world.keepYoung()
      world.hang(1, callsOf: seller)
      world.telegram.message(seller.question, from: 42)
      try await world.waitForCalls(1, to: seller)
      try await world.kill(first)

      let second = try await world.startDaemon()
      let replies = try await world.replies(2, to: 42)
      try await world.stop(second)
      #expect(replies.last?.hasPrefix("Hello from the fake model.") == true)
      #expect(world.telegram.state.value.sent(to: 42).count == 2)
      #expect(world.callCount(seller) == 2)
      #expect(try world.balance() == 100_000_000 - seller.charge)
      // The lost call, as far as can be told, and the one that was answered.
      #expect(try world.usage().map(\.chargedTo) == ["house", "user"])
      let lost = try world.usage().first
      #expect(lost?.isEstimate == true)
      #expect((lost?.nanoDollars ?? 0) > 0)
      try await world.expectNothingLeft()
    }
  }

  @Test(arguments: Seller.allCases)
  func apologisesInsteadOfAThirdCall(seller: Seller) async throws {
    try await World.run { world in
      let first = try await world.startDaemon()
      try await world.openAccount()
      world.hang(2, callsOf: seller)
      world.telegram.message(seller.question, from: 42)
      try await world.waitForCalls(1, to: seller)
      try await world.kill(first)
      let second = try await world.startDaemon()
      try await world.waitForCalls(2, to: seller)
      try await world.kill(second)

      let third = try await world.startDaemon()
      let replies = try await world.replies(2, to: 42)
      #expect(replies.last?.contains("the answer was lost. It cost you nothing.") == true)
      #expect(try world.balance() == 100_000_000)
      // The person is as free to ask as before.
      #expect(try await world.ask(seller.question).hasPrefix("Hello from the fake model."))
      try await world.stop(third)
      #expect(world.callCount(seller) == 3)
      #expect(try world.balance() == 100_000_000 - seller.charge)
      #expect(try world.usage().map(\.chargedTo) == ["house", "house", "user"])
      try await world.expectNothingLeft()
    }
  }

  @Test func booksWhatOpenRouterSaysTheLostCallCost() async throws {
    try await World.run { world in
      let first = try await world.startDaemon()
      try await world.openAccount()
      try world.keepYoung()
      let isOver = Watched(false)
      let isFirst = Watched(true)
      world.onCall(of: .openRouter) { _ in
        guard
          isFirst.change({ isFirst in
            defer { isFirst = false }
            return isFirst
          })
        else { return nil }
        return .written { write in
          let head = "HTTP/1.1 200 -\r\nX-Generation-Id: gen-lost\r\nContent-Length: 900\r\n\r\n"
          guard write(Data((head + "{").utf8)) else { return }
          _ = isOver.block { $0 }
        }
      }
      world.telegram.message("/code a loop", from: 42)
      try await world.wait(
        for: "the id of the call",
        untilThereIs: "SELECT count(*) FROM credit_holds WHERE provider_request_id = 'gen-lost'")
      try await world.kill(first)
      isOver.change { $0 = true }

      let second = try await world.startDaemon()
      try await world.replies(2, to: 42)
      try await world.stop(second)
      #expect(
        world.openRouter.requests.value.filter { $0.path == "/generation" }.map(\.target)
          == ["/generation?id=gen-lost"])
      let usage = try world.usage()
      #expect(usage.map(\.chargedTo) == ["house", "user"])
      #expect(usage.map(\.nanoDollars) == [Seller.openRouter.cost, Seller.openRouter.cost])
      #expect(usage.map(\.isEstimate) == [false, false])
      #expect(try world.balance() == 100_000_000 - Seller.openRouter.charge)
      try await world.expectNothingLeft()
    }
  }

  @Test(arguments: Seller.allCases)
  func sendsTheAnswerThatTelegramHadNotTaken(seller: Seller) async throws {
    try await World.run { world in
      let first = try await world.startDaemon()
      try await world.openAccount()
      world.telegram.fail("sendMessage", with: .hang)
      world.telegram.message(seller.question, from: 42)
      try await world.telegram.state.wait(for: "the answer on its way") {
        $0.calls(of: "sendMessage").count == 2
      }
      try await world.kill(first)
      #expect(world.telegram.state.value.sent(to: 42).count == 1)
      #expect(try world.balance() == 100_000_000 - seller.charge)

      let second = try await world.startDaemon()
      try await world.replies(2, to: 42)
      try await world.stop(second)
      #expect(world.telegram.state.value.sent(to: 42).count == 2)
      #expect(world.callCount(seller) == 1)
      #expect(try world.balance() == 100_000_000 - seller.charge)
      #expect(try world.usage().map(\.chargedTo) == ["user"])
      try await world.expectNothingLeft()
    }
  }

  @Test func repeatsAnAnswerOnlyWhereTelegramDidNotSayThatItTookIt() async throws {
    try await World.run { world in
      let first = try await world.startDaemon()
      try await world.openAccount()
      world.telegram.fail("sendMessage", with: .loseAnswer)
      world.telegram.message("How do I begin?", from: 42)
      let replies = try await world.replies(2, to: 42)
      try await world.kill(first)

      let second = try await world.startDaemon()
      let repeated = try await world.replies(3, to: 42)
      #expect(repeated == replies + [replies[1]])
      try await world.stop(second)
      #expect(world.callCount(.gemini) == 1)
      #expect(try world.balance() == 100_000_000 - Seller.gemini.charge)
      try await world.expectNothingLeft()
    }
  }

  /// How far a batch of updates has come when the process dies.
  enum Moment: String, CaseIterable, Sendable {
    case askedFor
    case delivered
    case confirmed
    case atTheModel
    case answered
  }

  @Test(arguments: Moment.allCases)
  func losesNoneOfManyUpdates(moment: Moment) async throws {
    try await World.run { world in
      let people = Array(Int64(42)...47)
      let first = try await world.startDaemon()
      for person in people { try await world.ask("/start", from: person) }
      try world.keepYoung()
      try await world.stop(first)

      world.telegram.fail("sendMessage", with: .reset, .reset, .reset)
      // However late the kill comes, nothing was taken that the bot does not know of.
      let (isDead, mayTake) = (Watched(false), Watched(moment == .answered))
      world.telegram.onCall { call in
        if call.method == "getMe", isDead.value { mayTake.change { $0 = true } }
        return call.method == "sendMessage" && !mayTake.value ? .hang : nil
      }
      for person in people {
        world.telegram.message(Seller.gemini.question, from: person)
        world.telegram.message("/start", from: person)
        world.telegram.message(Seller.openRouter.question, from: person)
      }
      try await die(at: moment, in: world)
      isDead.change { $0 = true }

      let last = try await world.startDaemon()
      for person in people {
        let replies = try await world.distinctReplies(4, to: person)
        #expect(replies[1].hasPrefix("Hello from the fake model."))
        #expect(replies[2].contains("Your balance is 99.60625 credits"))
        #expect(replies[3].hasPrefix("Hello from the fake model."))
        #expect(replies[3].hasSuffix("Cost: 0.2325 credits · Left: 99.37375 credits"))
      }
      try await world.stop(last)
      let charges = Seller.gemini.charge + Seller.openRouter.charge
      for person in people {
        // A repeat only of an answer that Telegram had not been heard to take.
        let sent = world.telegram.state.value.sent(to: person)
        #expect(moment == .answered || sent.count == 4)
        #expect(Set(sent).count == 4)
        #expect(try world.balance(of: person) == 100_000_000 - charges)
      }
      let usage = try world.usage()
      #expect(usage.count { $0.chargedTo == "user" } == 2 * people.count)
      let lost = try world.number(
        "SELECT count(*) FROM credit_holds WHERE state = 'voided' AND sent_at IS NOT NULL")
      #expect(usage.count { $0.chargedTo == "house" } == Int(lost ?? -1))
      try await world.expectNothingLeft()
    }
  }

  private func die(at moment: Moment, in world: World) async throws {
    let polls = world.telegram.state.value.calls(of: "getUpdates").count
    let daemon = try world.start(["run"])
    switch moment {
    case .askedFor:
      try await world.telegram.state.wait(for: "the poll") {
        $0.calls(of: "getUpdates").count > polls
      }
    case .delivered:
      try await world.wait(
        for: "the batch", untilThereIs: "SELECT count(*) FROM inbox WHERE state = 'pending'")
    case .confirmed:
      try await world.telegram.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
    case .atTheModel: try await world.waitForCalls(3, to: .gemini)
    case .answered: try await world.waitForCalls(2, to: .openRouter)
    }
    try await world.kill(daemon)
  }

  @Test func handlesAnUpdateThatWasServedAndNotStored() async throws {
    try await World.run { world in
      let first = try await world.startDaemon()
      try await world.openAccount()
      try await world.telegram.state.wait(for: "a waiting poll") { $0.isPolled }
      world.telegram.message("How do I begin?", from: 42)
      try await world.telegram.state.wait(for: "the delivery") { !$0.isPolled }
      try await world.kill(first)

      let second = try await world.startDaemon()
      try await world.replies(2, to: 42)
      try await world.stop(second)
      #expect(Set(world.telegram.state.value.sent(to: 42)).count == 2)
      #expect(try world.balance() == 100_000_000 - Seller.gemini.charge)
      try await world.expectNothingLeft()
    }
  }

  @Test func survivesAnyNumberOfKillsInARow() async throws {
    try await World.run { world in
      var daemon = try await world.startDaemon()
      try await world.openAccount()
      for _ in 0..<5 {
        world.telegram.message("/status", from: 42)
        try await world.kill(daemon)
        daemon = try await world.startDaemon()
      }
      try await world.replies(6, to: 42)
      world.telegram.message("How do I begin?", from: 42)
      let balance = "Left: 99.60625 credits"
      try await world.telegram.state.wait(for: "the answer") {
        $0.sent(to: 42).contains { $0.hasSuffix(balance) }
      }
      try await world.stop(daemon)
      try await world.expectNothingLeft()
    }
  }
}
