@testable import Assistant
import Bot
import Foundation
import GRDB
import LanguageModels
import Ledger
import Testing
import TestSupport

@Suite("ModelOrchestrator")
struct ModelOrchestratorTests {
  @Test func chargesExactlyWhatTheAnswerCost() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    #expect(
      try await rig.say("How do I sort?") == [
        "Hello from the fake model.\n\nCost: 0.2325 credits · Left: 99.7675 credits"
      ])
    #expect(rig.gemini.violations.value == [])
    #expect(try rig.account().balance.micro == 99_767_500)
    #expect(try rig.account().held == .zero)
    let row = try #require(try rig.usage().first)
    #expect(row["actual_cost_nanousd"] == 1_550_000)
    #expect(row["charged_to"] == "user")
    #expect(row["api_key_identifier"] == "…abcd")
    #expect(row["task_type"] == "chat")
    #expect(try rig.holds().map(\.state) == [.settled])
    #expect(try rig.count("credit_transactions") == 2)
  }

  @Test func countsCachedAndThinkingTokensAtTheirPrices() async throws {
    let rig = try BotRig()
    rig.gemini.answer.change {
      $0.cachedInputTokens = 400
      $0.reasoningTokens = 200
    }
    try await rig.say("/start")
    try await rig.say("How do I sort?")
    // 600 at 0.30, 400 at 0.03 and 500 at 2.50.
    #expect(try rig.account().balance.micro == 100_000_000 - 216_300)
    let row = try #require(try rig.usage().first)
    #expect(row["cached_input_tokens"] == 400)
    #expect(row["output_tokens_used"] == 500)
    #expect(row["reasoning_tokens"] == 200)
  }

  @Test(arguments: [(200_000, Int64(38_250_000)), (200_001, 76_125_375)])
  func takesTheTierOfLongPromptsStrictlyAboveItsThreshold(
    inputTokens: Int, charge: Int64
  ) async throws {
    let rig = try BotRig(model: BotRig.pro)
    try rig.open()
    rig.gemini.answer.change { $0.inputTokens = inputTokens }
    try await rig.orchestrator().perform(rig.work(String(repeating: "word ", count: 40_100)))
    #expect(try rig.account().balance.micro == 100_000_000 - charge)
  }

  @Test(arguments: [("0.00155", Int64(232_500)), ("7.1e-05", 10_650), ("0.0000000001", 1)])
  func takesTheCostThatOpenRouterReports(cost: String, charge: Int64) async throws {
    let rig = try BotRig(model: BotRig.sonnet)
    rig.openRouter.answer.change { $0.cost = cost }
    try await rig.say("/start")
    try await rig.say("How do I sort?")
    #expect(rig.openRouter.violations.value == [])
    #expect(try rig.account().balance.micro == 100_000_000 - charge)
    #expect(try rig.usage().first?["provider_request_id"] == "fake-1")
  }

  @Test func neverChargesMoreThanItHeld() async throws {
    let rig = try BotRig(credits: "3", administrators: [1])
    rig.gemini.answer.change { $0.outputTokens = 50_000 }
    try await rig.say("/start")
    try await rig.say("How do I sort?")
    let hold = try #require(try rig.holds().first)
    #expect(try rig.account().balance.micro == 3_000_000 - hold.amount.micro)
    #expect(try rig.texts().contains { $0.contains("cost more than was held") })
  }

  @Test func saysWhereAnAnswerReachedItsLimit() async throws {
    let rig = try BotRig()
    rig.gemini.answer.change { $0.isCutOff = true }
    try await rig.say("/start")
    #expect(
      try await rig.say("How do I sort?").first?.contains(
        "(The answer ends here: it reached its length limit.)\n\nCost: ") == true)
  }

  @Test func shrinksTheAnswerToTheBalanceAndTellsTheProvider() async throws {
    let rig = try BotRig(credits: "1")
    rig.gemini.answer.change { $0.outputTokens = 10 }
    try await rig.say("/start")
    try await rig.say("How do I sort?")
    let cap = try #require(try rig.holds().first?.outputTokensCap)
    #expect(cap > 256 && cap < 8_192)
    let config = rig.gemini.paidCalls.first?.json["generationConfig"] as? [String: Any]
    #expect(config?["maxOutputTokens"] as? Int == cap)
  }

  @Test func tellsOpenRouterTheCapAndTheDearestPrice() async throws {
    let rig = try BotRig(model: BotRig.sonnet, credits: "5")
    try await rig.say("/start")
    try await rig.say("How do I sort?")
    let body = try #require(rig.openRouter.paidCalls.first?.json)
    let cap = try #require(try rig.holds().first?.outputTokensCap)
    #expect(cap < 8_192)
    #expect(body["max_completion_tokens"] as? Int == cap)
    #expect(
      jsonText(body["provider"] ?? "")
        == #"{"max_price":{"completion":"10","prompt":"2"}}"#)
  }

  @Test func makesNoCallThatTheCreditsDoNotCoverAndNamesTheShortfall() async throws {
    let rig = try BotRig(credits: "0.05")
    try await rig.say("/start")
    let reply = try #require(try await rig.say("How do I sort?").first)
    let start = "Your credits do not cover this: at least "
    let end = " more are needed, and 0.05 are available; get more below, then tap “Ask again”."
    #expect(reply.hasPrefix(start) && reply.hasSuffix(end))
    #expect(rig.gemini.paidCalls.isEmpty)
    #expect(try rig.holds().isEmpty)

    // So much more is enough.
    try rig.database.write { (tx: LedgerTransaction) throws in
      let shortfall = try Credits(
        parsing: String(reply.dropFirst(start.count).dropLast(end.count)))
      _ = try tx.transactions.record(
        NewTransaction(
          userID: 1, type: .manualAdjustment, amount: shortfall, idempotencyKey: "more",
          description: "more"))
    }
    rig.gemini.answer.change { ($0.inputTokens, $0.outputTokens) = (20, 10) }
    #expect(try await rig.say("How do I sort?").first?.contains("Cost: ") == true)
  }

  /// 4,000 bytes are far more than 100 tokens: by its bytes, the prompt is too dear.
  @Test func asksForTheFreeCountBeforeItRefuses() async throws {
    let rig = try BotRig(credits: "0.2")
    rig.gemini.answer.change { ($0.inputTokens, $0.outputTokens) = (100, 50) }
    try await rig.say("/start")
    let reply = try await rig.say(String(repeating: "word", count: 1_000))
    #expect(reply.first?.contains("Cost: ") == true)
    #expect(rig.gemini.requests.value.map { $0.path.hasSuffix(":countTokens") } == [true, false])
    #expect(try rig.holds().map(\.outputTokensCap) == [521])
  }

  @Test func neverCallsAModelWithoutAPrice() async throws {
    let rig = try BotRig(administrators: [1])
    try await rig.say("/start")
    try rig.execute("UPDATE model_pricing SET is_active = 0")
    #expect(
      try await rig.say("How do I sort?") == [
        "The model for this is not available right now; I have noted it for my operator."
      ])
    #expect(rig.gemini.requests.value.isEmpty)
    #expect(try rig.replies().contains { $0.chatID == 1 && $0.text.contains("no active price") })
  }

  /// The account is erased between the arrival of a question and its turn.
  @Test func saysThatTheAccountIsGone() async throws {
    let rig = try BotRig()
    try await rig.orchestrator().perform(try rig.work())
    #expect(try rig.replies().map(\.text) == ["Your account is erased; /start opens a new one."])
    #expect(rig.gemini.requests.value.isEmpty)
  }

  @Test func sellsNothingOnceTheLedgerIsBrokenButAnswers() async throws {
    let rig = try BotRig(administrators: [1])
    try await rig.say("/start")
    try rig.execute("UPDATE users SET credit_balance_micro = credit_balance_micro + 1")
    let engine = try rig.restarted()
    try await engine.resume()
    let ids = [rig.nextUpdateID(), rig.nextUpdateID()]
    try await engine.receive(
      [
        .update(ids[0], "message", .message("How do I sort?")),
        .update(ids[1], "message", .message("/status")),
      ], nextOffset: nil)
    await engine.dispatcher.becomeIdle()
    #expect(try rig.texts(of: ids[0]).first?.hasPrefix("I cannot take paid requests") == true)
    #expect(try rig.texts(of: ids[1]).first?.hasPrefix("Balance: 100.000001 credits") == true)
    #expect(rig.gemini.requests.value.isEmpty)
    #expect(try rig.replies().contains { $0.chatID == 1 && $0.text.contains("ledger is broken") })
  }

  @Test func answersEveryOneOfManyConcurrentRequestsAndOverspendsNothing() async throws {
    // Each call costs 0.0465 credits, and the balance covers 50 of them.
    let rig = try BotRig(credits: "2.325")
    rig.gemini.answer.change { ($0.inputTokens, $0.outputTokens) = (200, 100) }
    try rig.open()
    let orchestrator = rig.orchestrator()
    let works = try (0..<200).map { _ in try rig.work() }
    try await withThrowingTaskGroup { group in
      for work in works { group.addTask { try await orchestrator.perform(work) } }
      try await group.waitForAll()
    }
    for work in works { #expect(try rig.texts(of: work.updateID).count == 1) }
    let settled = try rig.holds().filter { $0.state == .settled }.count
    #expect(1...50 ~= settled)
    #expect(rig.gemini.paidCalls.count == settled)
    #expect(try rig.account().balance.micro == 2_325_000 - Int64(settled) * 46_500)
    #expect(try rig.account().held == .zero)
  }
}
