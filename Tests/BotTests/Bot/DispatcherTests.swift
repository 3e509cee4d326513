import Assistant
@testable import Bot
import Foundation
import GRDB
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

@Suite("Dispatcher")
struct DispatcherTests {
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

  private func open() { isOpen.change { $0 = true } }

  private func deliver(_ text: String, from user: Int64 = 42) async throws -> Int64 {
    try await rig.deliver("message", .message(text, from: user))
  }

  private func waitForCalls(_ count: Int) async throws {
    try await rig.gemini.requests.wait(for: "\(count) calls") { $0.count == count }
  }

  @Test func keepsTheOrderOfOnePersonAndServesOthersMeanwhile() async throws {
    try await rig.say("/start")
    try await rig.say("/start", from: 43)
    let slow = try await deliver("How do I sort?")
    let after = try await deliver("/start")
    try await waitForCalls(1)
    let other = try await deliver("And I?", from: 43)
    try await waitForCalls(2)
    #expect(try rig.texts(of: slow) == [] && rig.texts(of: after) == [])
    open()
    await rig.engine.dispatcher.becomeIdle()
    #expect(try rig.texts(of: other).count == 1)
    let order = try rig.database.read {
      try Int64.fetchAll($0.db, sql: "SELECT update_id FROM outbox WHERE chat_id = 42 ORDER BY id")
    }
    #expect(Array(order.suffix(2)) == [slow, after])
    #expect(try rig.texts(of: after).first?.contains("Your balance is 99.7675 credits.") == true)
  }

  @Test func letsNobodyWaitForTheAnswerToAButtonOrAPayment() async throws {
    try await rig.say("/start")
    let slow = try await deliver("How do I sort?")
    try await waitForCalls(1)
    let press = try await rig.deliver("callback_query", .press("credits:buy"))
    let checkout = try await rig.deliver(
      "pre_checkout_query",
      [
        "id": "pay", "from": .user(42), "currency": "XTR", "total_amount": 1,
        "invoice_payload": "p",
      ])
    try await waitUntilFinished(press)
    try await waitUntilFinished(checkout)
    #expect(try rig.texts(of: slow) == [])
    let answer = try #require(try rig.replies(to: checkout).first)
    #expect(answer.method == "answerPreCheckoutQuery")
    #expect(answer.parameters["ok"] == false)
    let words = answer.parameters["error_message"]?.string
    #expect(words?.hasPrefix("I no longer know this order. Send /buy") == true)
    #expect(words?.hasSuffix("You have not been charged.") == true)
    open()
    await rig.engine.dispatcher.becomeIdle()
  }

  @Test func setsAsideWhatCannotBeReadAndGoesOn() async throws {
    let bad = rig.nextUpdateID()
    let good = rig.nextUpdateID()
    try await rig.engine.receive(
      [.update(bad, "message", ["text": "no chat"]), .update(good, "message", .message("/help"))],
      nextOffset: good + 1)
    await rig.engine.dispatcher.becomeIdle()
    #expect(try rig.inboxState(bad) == "quarantined")
    #expect(try rig.inboxState(good) == "done")
    #expect(try rig.texts(of: good).count == 1)
  }

  @Test func turnsAwayPolitelyAndOnceWhatIsTooMuch() async throws {
    try await rig.say("/start")
    _ = try await deliver("How do I sort?")
    try await waitForCalls(1)
    var ids: [Int64] = []
    for _ in 0..<(Dispatcher.maximumWaitingPerLane + 3) {
      ids.append(try await deliver("/projects"))
    }
    let turnedAway = ids.suffix(3)
    for id in turnedAway { try await waitUntilFinished(id) }
    let replies = try turnedAway.flatMap { try rig.texts(of: $0) }
    #expect(
      replies == [
        """
        You have 256 messages waiting, so I skip this one and any that follow right away. They \
        cost you nothing.
        """
      ])
    // A payment is never turned away.
    let payment = try await rig.deliver("message", .payment)
    try await waitUntilFinished(payment)
    #expect(try rig.inboxState(payment) == "done")
    open()
    await rig.engine.dispatcher.becomeIdle()
    for id in ids.dropLast(3) { #expect(try rig.texts(of: id).count == 1) }
  }

  @Test func leavesWhatWaitsToTheNextStart() async throws {
    try await rig.say("/start")
    let slow = try await deliver("How do I sort?")
    let waiting = [try await deliver("/projects"), try await deliver("/done")]
    try await waitForCalls(1)
    async let drained: Void = rig.engine.dispatcher.drain()
    open()
    await drained
    // What comes after that is stored and waits too.
    let late = try await deliver("/help")
    await rig.engine.dispatcher.becomeIdle()
    #expect(try rig.texts(of: slow).count == 1)
    for id in waiting + [late] { #expect(try rig.inboxState(id) == "pending") }

    let engine = try rig.restarted()
    try await engine.resume()
    await engine.dispatcher.becomeIdle()
    for id in waiting + [late] { #expect(try rig.texts(of: id).count == 1) }
    #expect(try rig.texts(of: slow).count == 1)
  }

  @Test func handlesOnceWhatIsDeliveredTwice() async throws {
    open()
    try await rig.say("/start")
    let id = rig.nextUpdateID()
    let update = ReceivedUpdate.update(id, "message", .message("How do I sort?"))
    try await rig.engine.receive([update, update], nextOffset: id + 1)
    await rig.engine.dispatcher.becomeIdle()
    try await rig.engine.receive([update], nextOffset: id + 1)
    let restarted = try rig.restarted()
    try await restarted.receive([update], nextOffset: id + 1)
    try await restarted.resume()
    await restarted.dispatcher.becomeIdle()
    #expect(try rig.texts(of: id).count == 1)
    #expect(rig.gemini.paidCalls.count == 1)
  }

  @Test func leavesAloneWhatProbablyEndedTheProcess() async throws {
    open()
    try await rig.say("/start")
    let work = try rig.work()
    try rig.leaveHold(for: work, isSent: true)
    try rig.execute("UPDATE inbox SET is_tried_alone = 1 WHERE update_id = \(work.updateID)")
    let engine = try rig.restarted()
    try await engine.resume()
    await engine.dispatcher.becomeIdle()
    #expect(
      try rig.texts(of: work.updateID) == [
        """
        Something went wrong on my side with this message. I have noted it for my operator, \
        and it cost you nothing.
        """
      ])
    #expect(try rig.inboxState(work.updateID) == "quarantined")
    #expect(rig.gemini.requests.value.isEmpty)
    // Nothing stays reserved for it.
    #expect(try rig.account().held == .zero)
    #expect(try rig.usage().map { $0["charged_to"] as String } == ["house"])
  }

  @Test func marksAnUpdateThatSurvivedSeveralStartsWhileItIsHandled() async throws {
    try await rig.say("/start")
    let work = try rig.work()
    for _ in 0..<Inbox.attemptsBeforeCaution - 2 {
      _ = try rig.database.write { try rig.engine.inbox.resume(in: $0) }
    }
    let engine = try rig.restarted()
    try await engine.resume()
    try await waitForCalls(1)
    #expect(try isTriedAlone(work.updateID) == true)
    open()
    await engine.dispatcher.becomeIdle()
    #expect(try rig.inboxState(work.updateID) == "done")
    #expect(try isTriedAlone(work.updateID) == false)
  }

  @Test func tellsAPersonThatAPaymentSetApartIsNotLost() async throws {
    let rig = try BotRig(administrators: [1])
    try await rig.say("/start")
    try rig.execute("ALTER TABLE payments RENAME TO lost")
    let id = try await rig.deliver("message", .payment)
    await rig.engine.dispatcher.becomeIdle()
    #expect(
      try rig.texts(of: id) == [
        """
        I have been told of a payment from you, but something went wrong on my side. My operator \
        has been told and is looking into it; nothing is lost. /paysupport takes your questions.
        """
      ])
    #expect(try rig.inboxState(id) == "quarantined")
    #expect(try rig.replies().contains { $0.chatID == 1 && $0.text.contains("Update \(id)") })
  }

  @Test func handlesThoseThatMayHaveEndedTheProcessOneAtATime() async throws {
    try await rig.say("/start")
    try await rig.say("/start", from: 43)
    for user in [42, 43] as [Int64] {
      let update = ReceivedUpdate.update(900 + user, "message", .message("Hello?", from: user))
      try rig.database.write { tx in
        _ = try rig.engine.inbox.store([update], nextOffset: nil, in: tx)
      }
    }
    try rig.execute("UPDATE inbox SET attempts = 2 WHERE state = 'pending'")
    try await rig.engine.resume()
    try await waitForCalls(1)
    #expect(try isTriedAlone(942) == true && isTriedAlone(943) == false)
    open()
    await rig.engine.dispatcher.becomeIdle()
    #expect(try rig.inboxState(942) == "done" && rig.inboxState(943) == "done")
  }

  /// The elder takes longer: it is marked first, as it has seen three starts.
  private func enqueueTogether(
    _ elder: (String, JSONValue), _ younger: (String, JSONValue)
  ) async throws {
    let received = [elder, younger].map { kind, value in
      ReceivedUpdate.update(rig.nextUpdateID(), kind, value)
    }
    var stored = try rig.database.write { tx in
      try rig.engine.inbox.store(received, nextOffset: nil, in: tx)
    }
    stored[0].attempts = Inbox.attemptsBeforeCaution
    await rig.engine.dispatcher.enqueue(stored)
    for update in stored { try await waitUntilFinished(update.id) }
  }

  @Test func keepsTheOrderOfWhatIsSaidOfMoneyBesideASlowAnswer() async throws {
    try await rig.say("/start")
    _ = try await rig.press("buy:Monthly")
    let monthly = try #require(try rig.orders().last).id
    let until = Int64(Date().timeIntervalSince1970) + 2_592_000
    _ = try await rig.pay(monthly, 380, charge: "month-1", until: until, isFirst: true)
    _ = try await rig.press("buy:Starter")
    let starter = try #require(try rig.orders().last).id
    let before = try rig.account().balance
    let slow = try await deliver("How do I sort?")
    try await waitForCalls(1)

    try await enqueueTogether(
      ("subscription", .subscription(monthly, "canceled")),
      ("subscription", .subscription(monthly, "active")))
    #expect(try rig.subscriptionState() == .active)

    let paid: JSONValue = [
      "currency": "XTR", "total_amount": 200, "invoice_payload": .string(starter),
      "telegram_payment_charge_id": "charge", "provider_payment_charge_id": "charge",
    ]
    try await enqueueTogether(
      ("message", .message(nil, adding: ["successful_payment": paid])),
      ("message", .refunded("charge")))
    #expect(try rig.account().balance == before)
    #expect(try rig.count("payments") == 2 && rig.count("refunds") == 1)
    #expect(try rig.texts(of: slow) == [])
    open()
    await rig.engine.dispatcher.becomeIdle()
  }

  private func isTriedAlone(_ id: Int64) throws -> Bool? {
    try rig.database.read {
      try Bool.fetchOne(
        $0.db, sql: "SELECT is_tried_alone FROM inbox WHERE update_id = ?", arguments: [id])
    }
  }

  /// Waits while others are under way, so that `becomeIdle` does not tell.
  private func waitUntilFinished(_ id: Int64) async throws {
    try await rig.commits.wait(for: "the end of update \(id)") { [rig] _ in
      (try? rig.inboxState(id)) != "pending"
    }
  }
}

extension JSONValue {
  static let payment = JSONValue.message(
    nil,
    adding: [
      "successful_payment": [
        "currency": "XTR", "total_amount": 1, "invoice_payload": "p",
        "telegram_payment_charge_id": "c", "provider_payment_charge_id": "c",
      ]
    ])
}
