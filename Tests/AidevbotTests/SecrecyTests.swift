import TestSupport
import Testing

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
}
