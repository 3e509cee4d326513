import Testing
import TestSupport

@Suite("Secrecy")
struct SecrecyTests {
  /// At its most talkative, over a day on which everything fails once.
  @Test func neitherTokenNorKeysNorMessagesAreLogged() async throws {
    try await World.run { world in
      let (question, answer) = ("canary-question", "canary-answer")
      world.gemini.answer.change { $0.text = answer }
      world.openRouter.answer.change { $0.text = answer }
      let changes = ["LOG_LEVEL": "trace", "TELEGRAM_ADMIN_USER_IDS": "1001"]
      let first = try await world.startDaemon(changing: changes)
      try await world.openAccount()
      world.telegram.fail("getUpdates", with: .htmlBadGateway, .reset, .truncated)
      world.telegram.fail("sendChatAction", with: .reset)
      world.telegram.fail("sendMessage", with: .truncated, .badRequest("chat not found"))
      for seller in Seller.allCases {
        world.onCall(of: seller) { _ in
          .json(#"{"error":{"code":401,"message":"bad key: canary-answer"}}"#, status: 401)
        }
        world.telegram.message(seller.question + question, from: 42)
      }
      world.telegram.deliverRaw { #"{"update_id":\#($0),"message":"canary-question"}"# }
      try await world.wait(
        for: "the end of it",
        untilThereIs: """
          SELECT count(*) = 4 AND NOT EXISTS (SELECT 1 FROM outbox WHERE state = 'queued')
          FROM inbox WHERE state <> 'pending'
          """)
      world.onCall(of: .openRouter) { _ in nil }
      world.hang(1, callsOf: .gemini)
      let calls = world.callCount(.gemini)
      world.telegram.message(question, from: 42)
      try await world.waitForCalls(calls + 1, to: .gemini)
      try world.keepYoung()
      try await world.kill(first)

      let replies = world.telegram.state.value.sent(to: 42).count
      let second = try await world.startDaemon(changing: changes)
      try await world.replies(replies + 1, to: 42)
      try await world.ask("/code \(question)")
      try await world.stop(second)
      let verdict = try await world.aidevbot("ledger", "verify", changing: changes)

      for program in [try await first.waitForExit(), try await second.waitForExit(), verdict] {
        let said = program.output + program.errors
        for secret in [
          world.telegram.token, World.geminiKey, World.openRouterKey, "canary", "Ada", "user42",
        ] {
          #expect(!said.contains(secret), "\(said)")
        }
      }
      let log = try await first.waitForExit().errors
      #expect(log.contains("warning"))
      // Nor are they in the file, apart from the conversation.
      #expect(
        try world.number(
          "SELECT count(*) FROM api_key_usage WHERE api_key_identifier "
            + "NOT IN ('…6789', 'unknown')") == 0)
    }
  }
  /// Likewise, over a day of business: what is paid, given back, asked for and told to everybody.
  @Test func whatIsSaidAboutMoneyIsNotLoggedEither() async throws {
    try await World.run { world in
      let changes = ["LOG_LEVEL": "trace"]
      let daemon = try await world.openShop(changing: changes)
      try await world.openAccount()
      world.telegram.fail("sendInvoice", with: .truncated)
      let invoice = try await world.order()
      world.telegram.fail("answerPreCheckoutQuery", with: .reset)
      #expect(try await world.checkOut(invoice)["ok"] == true)
      try await world.pay(invoice, "stx-1")
      try await world.pay(invoice, "stx-2", amount: 7)

      let request = try await world.ask("/paysupport canary-request")
      #expect(request.hasPrefix("Thank you. My operator has your message"))
      let told = try await world.message(with: "canary-request")
      try await world.wait(
        for: "the memory of the message",
        untilThereIs: "SELECT count(*) FROM support_messages WHERE message_id = \(told.id)")
      world.telegram.fail("sendMessage", with: .htmlBadGateway, .badRequest("MESSAGE_INVALID"))
      world.telegram.message("canary-answer", from: World.administrator, replyTo: told.id)
      try await world.waitUntilAllIsDone()

      world.telegram.message("/broadcast canary-broadcast", from: World.administrator)
      let question = try await world.message(with: "The message above goes to")
      world.telegram.callback(
        "broadcast:send 1", from: World.administrator, messageID: question.id)
      try await world.message(with: "📣 Done: 1 have it.")
      world.telegram.fail("refundStarPayment", with: .truncated)
      try await world.ask("/refund stx-1", from: World.administrator)
      try await world.message(with: "were returned to their payer.")
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)

      let shell = World.shop.merging(changes) { $1 }
      let refund = try await world.aidevbot("refund", "stx-2", changing: shell)
      let walk = try await world.aidevbot("stars", "reconcile", changing: shell)
      #expect(refund.status == 0)
      let log = try await daemon.waitForExit().errors
      #expect(log.contains("Stars went back."))
      #expect(
        log.contains(/\ info Credits are bought. credits=.* package=.* stars=.* transaction=/))
      #expect(log.contains(/\ info A refund is booked. .*stars=/))
      #expect(log.contains(" info Welcome credits are given. credits=100"))
      #expect(log.contains("A payment fits no order"))
      for said in [log, refund.errors, walk.errors] {
        for secret in [
          world.telegram.token, World.geminiKey, World.openRouterKey, "canary", "Ada", "user42",
          invoice.payload,
        ] {
          #expect(!said.contains(secret), "\(secret) in \(said)")
        }
      }
      #expect(!(refund.output + walk.output).contains(world.telegram.token))
    }
  }
}
