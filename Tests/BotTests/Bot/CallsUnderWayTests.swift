@testable import Assistant
@testable import Bot
import Commands
import Foundation
import GRDB
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// What goes on while models take their time.
@Suite("Beside calls under way")
struct CallsUnderWayTests {
  let rig: BotRig
  /// Paid calls wait until it is true.
  let isOpen = Watched(false)

  init() throws {
    rig = try BotRig(timeout: .seconds(3_600))
    rig.gemini.onCall { [isOpen] request in
      if request.path.hasSuffix(":streamGenerateContent") {
        _ = isOpen.block { $0 }
      }
      return nil
    }
  }

  private func open() async {
    isOpen.change { $0 = true }
    await rig.engine.dispatcher.becomeIdle()
  }

  @discardableResult
  private func deliver(_ text: String, from user: Int64 = 42) async throws -> Int64 {
    try await rig.deliver("message", .message(text, from: user))
  }

  private func waitForCalls(_ count: Int) async throws {
    try await rig.gemini.requests.wait(for: "\(count) calls") { $0.count == count }
  }

  /// All who may ask without having paid do so, and wait for their answers.
  private func fillThePlaces() async throws {
    let people = 1_001...Int64(1_000 + BotRig.placesForCalls / 4 * 3)
    try rig.database.write { tx in
      for person in people.map({ Profile(telegramUserID: $0) }) {
        _ = try tx.users.register(person, initialGrant: Credits(parsing: "100"))
      }
    }
    let questions = people.map { person in
      ReceivedUpdate.update(
        rig.nextUpdateID(), "message", .message("How do I sort?", from: person))
    }
    try await rig.engine.receive(questions, nextOffset: nil)
    try await waitForCalls(people.count)
  }

  private func buy(as person: Int64) async throws {
    try await rig.say("/start", from: person)
    _ = try await rig.press("buy:Starter", from: person)
    let order = try #require(try rig.orders().last).id
    _ = try await rig.pay(order, 200, charge: "charge-\(person)", from: person)
  }

  @Test func aQuarterOfThePlacesIsForPeopleWhoHavePaid() async throws {
    try await rig.say("/start")
    try await buy(as: 43)
    try await fillThePlaces()
    let calls = rig.gemini.requests.value.count
    #expect(calls == 192)
    let free = try await deliver("May I?")
    let help = try await deliver("/help", from: 44)
    let payment = try await rig.deliver("message", .payment)
    for id in [help, payment] { try await rig.waitUntilFinished(id) }
    let paid = try await deliver("May I?", from: 43)
    try await waitForCalls(calls + 1)
    // The other one waits, and nothing is held for it.
    #expect(try rig.inboxState(free) == "pending")
    #expect(try rig.account().held == .zero && rig.account(43).held > .zero)
    await open()
    for id in [free, paid] { #expect(try rig.texts(of: id).first?.contains("Cost: ") == true) }
  }

  @Test func aStopLeavesWhatWaitsForAPlaceToTheNextStart() async throws {
    try await rig.say("/start")
    try await fillThePlaces()
    let waiting = try await deliver("May I?")
    let help = try await deliver("/help")
    try await rig.waitUntilFinished(help)
    async let drained: Void = rig.engine.dispatcher.drain()
    isOpen.change { $0 = true }
    await drained
    #expect(try rig.inboxState(waiting) == "pending")
    let engine = try rig.restarted()
    try await engine.resume()
    await engine.dispatcher.becomeIdle()
    #expect(try rig.texts(of: waiting).first?.contains("Cost: ") == true)
    #expect(try rig.holds().count { $0.userID == (try? rig.account().id) } == 1)
  }

  static let reading = [
    "/help", "/status", "/credits", "/buy", "/terms", "/privacy", "/invite", "/paysupport",
  ]

  @Test func whatOnlyReadsPassesAPersonsOwnMessages() async throws {
    let rig = try BotRig(
      promotions: .init(referralCredits: Credits(parsing: "5")), timeout: .seconds(3_600))
    rig.gemini.onCall { [isOpen] _ in
      _ = isOpen.block { $0 }
      return nil
    }
    try await rig.say("/start")
    // In one batch, before the call has begun, and while it is under way.
    let texts = ["How do I sort?", "/new Shop"] + Self.reading
    let batch = texts.map {
      ReceivedUpdate.update(rig.nextUpdateID(), "message", .message($0))
    }
    try await rig.engine.receive(batch, nextOffset: nil)
    var later: [Int64] = []
    for text in Self.reading { later.append(try await rig.deliver("message", .message(text))) }
    let passing = batch.dropFirst(2).map(\.id) + later
    for id in passing {
      try await rig.commits.wait(for: "update \(id)") { [rig] _ in
        (try? rig.inboxState(id)) == "done"
      }
    }
    for (id, text) in zip(passing, Self.reading + Self.reading) {
      let reply = try #require(try rig.texts(of: id).first)
      #expect(!reply.hasPrefix("I do not know"), "\(text)")
    }
    for id in batch.prefix(2).map(\.id) { #expect(try rig.inboxState(id) == "pending") }
    isOpen.change { $0 = true }
    await rig.engine.dispatcher.becomeIdle()
    let order = try rig.database.read {
      try Int64.fetchAll($0.db, sql: "SELECT update_id FROM outbox ORDER BY id")
    }
    #expect(Array(order.suffix(2)) == batch.prefix(2).map(\.id))
  }

  /// The rest of a long letter would not pass with its beginning, and be asked of a model.
  @Test func aLongLetterToTheOperatorIsOneAndPassesNothing() async throws {
    try await rig.say("/start")
    _ = try await deliver("How do I sort?")
    try await waitForCalls(1)
    let letter = "/paysupport " + String(repeating: "word ", count: 800)
    let ids = try await rig.deliverTogether([.message(letter), .message("the end")])
    await open()
    #expect(rig.gemini.paidCalls.count == 1)
    #expect(try rig.texts(of: ids[0]).count == 1 && rig.texts(of: ids[1]).isEmpty)
  }

  @Test(arguments: ["/new Shop", "/done", "/start", "/redeem AB", "/deletemydata", "/projects"])
  func whatChangesSomethingKeepsTheOrder(command: String) async throws {
    try await rig.say("/start")
    let slow = try await deliver("How do I sort?")
    try await waitForCalls(1)
    let change = try await deliver(command)
    let help = try await deliver("/help")
    try await rig.waitUntilFinished(help)
    #expect(try rig.inboxState(change) == "pending")
    await open()
    let order = try rig.database.read {
      try Int64.fetchAll($0.db, sql: "SELECT update_id FROM outbox ORDER BY id")
    }
    #expect(Array(order.suffix(3)) == [help, slow, change])
  }

  @Test func theAccountShowsWhatIsReserved() async throws {
    try await rig.say("/start")
    try await deliver("How do I sort?")
    try await waitForCalls(1)
    let held = try rig.account().held.text
    let status = try await deliver("/status")
    let credits = try await deliver("/credits")
    for id in [status, credits] { try await rig.waitUntilFinished(id) }
    #expect(
      try rig.texts(of: status).first?.hasPrefix(
        "Balance: 100.00 credits (\(held) of them reserved for a request under way)\n") == true)
    #expect(
      try rig.texts(of: credits).first?.hasPrefix(
        """
        Your balance is 100.00 credits. Of these, \(held) are reserved for a request under way.

        """) == true)
    await open()
  }
}

// MARK: - Projects

extension CallsUnderWayTests {
  private func project(_ title: String) throws -> String {
    try rig.database.read { tx in
      let account = try tx.users.account(telegramUserID: 42)
      let all = try tx.projects.list(ofUser: account.id, limit: 30)
      return try #require(all.first { $0.title == title }).id
    }
  }

  /// The project of what was asked by that update.
  private func projectAsked(_ update: Int64) throws -> String? {
    try #require(try rig.holds().last { $0.id.hasPrefix("upd\(update):") }).projectID
  }

  @Test func aQuestionBelongsToTheProjectThatWasActiveWhenItArrived() async throws {
    try await rig.say("/start")
    for title in ["Shelf", "Shop"] { try await rig.say("/new \(title)") }
    try await deliver("How do I sort?")
    try await waitForCalls(1)
    let question = try await deliver("And how do I search?")
    let press = try await rig.deliver(
      "callback_query", .press("projects:\(try project("Shelf"))"))
    try await rig.waitUntilFinished(press)
    let later = try await deliver("And now?")
    await open()
    #expect(try projectAsked(question) == project("Shop"))
    #expect(try projectAsked(later) == project("Shelf"))
  }

  @Test func aQuestionKeepsItsProjectOverARestart() async throws {
    try await rig.say("/start")
    for title in ["Shelf", "Shop"] { try await rig.say("/new \(title)") }
    try await deliver("How do I sort?")
    try await waitForCalls(1)
    let question = try await deliver("And how do I search?")
    async let drained: Void = rig.engine.dispatcher.drain()
    isOpen.change { $0 = true }
    await drained
    #expect(try rig.inboxState(question) == "pending")
    let engine = try rig.restarted()
    try await engine.receive(
      [.update(rig.nextUpdateID(), "callback_query", .press("projects:\(try project("Shelf"))"))],
      nextOffset: nil)
    await engine.dispatcher.becomeIdle()
    try await engine.resume()
    await engine.dispatcher.becomeIdle()
    #expect(try projectAsked(question) == project("Shop"))
  }

  /// What the person sent before it decides.
  @Test func aQuestionAfterTheBeginningOfAProjectBelongsToThatProject() async throws {
    try await rig.say("/start")
    try await rig.say("/new Shelf")
    try await deliver("How do I sort?")
    try await waitForCalls(1)
    try await deliver("/new Shop")
    let inShop = try await deliver("And how do I search?")
    let batch = ["/done", "And now?"].map {
      ReceivedUpdate.update(rig.nextUpdateID(), "message", .message($0))
    }
    try await rig.engine.receive(batch, nextOffset: nil)
    await open()
    #expect(try projectAsked(inShop) == project("Shop"))
    #expect(try projectAsked(batch[1].id) == nil)
    let after = try await deliver("And outside of it?")
    await rig.engine.dispatcher.becomeIdle()
    #expect(try projectAsked(after) == nil)
  }
}
