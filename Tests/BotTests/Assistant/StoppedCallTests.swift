@testable import Assistant
@testable import Bot
import Foundation
import GRDB
import LanguageModels
import Ledger
@testable import Messaging
import Metering
import Testing
import TestSupport

/// What a call costs that the person has stopped.
@Suite("A stopped call")
struct StoppedCallTests {
  private func answer(requestID: String? = "gen-1") -> Answer {
    var answer = Answer(
      text: "- [ ] Half a list", usage: TokenUsage(inputTokens: 40, outputTokens: 20),
      usageIsEstimate: true, ending: .stopped, model: "m", requestID: requestID,
      keyIdentifier: "…abcd", responseTime: .seconds(1))
    answer.leastUsage = TokenUsage(inputTokens: 20, outputTokens: 10)
    return answer
  }

  /// The call of a question, which is begun and not made.
  private func call(
    _ rig: BotRig, _ orchestrator: ModelOrchestrator, task: TaskType = .chat
  ) throws -> ModelOrchestrator.PaidCall {
    try rig.open()
    let work = try rig.work(task: task)
    let beginning = try rig.database.write { tx in
      let account = try tx.users.account(telegramUserID: 42)
      return try orchestrator.begin(work, for: account, in: tx)
    }
    let call: ModelOrchestrator.PaidCall? =
      if case .call(let call) = beginning { call } else { nil }
    return try #require(call)
  }

  private func row(_ rig: BotRig, _ sql: String) throws -> Row {
    try #require(try rig.database.read { try Row.fetchOne($0.db, sql: sql) })
  }

  @Test(arguments: [BotRig.flash, BotRig.sonnet])
  func costsTheLeastThatItCanHaveUsedAndSaysThatItWasStopped(model: String) async throws {
    let rig = try BotRig(model: model)
    let orchestrator = rig.orchestrator()
    let call = try call(rig, orchestrator, task: .planning)
    try await orchestrator.settle(call, with: answer())
    let usage = try row(rig, "SELECT * FROM api_key_usage")
    #expect(usage["is_estimate"] == true)
    let deduction = try row(
      rig, "SELECT * FROM credit_transactions WHERE transaction_type = 'usage_deduction'")
    let limit: Int64 = usage["charge_limit_micro"]
    #expect(limit > 0)
    #expect(deduction["credits_amount_micro"] == -limit)
    // Only OpenRouter can be asked later.
    #expect((usage["look_up_after"] as String? != nil) == (model == BotRig.sonnet))
    let reply = try row(rig, "SELECT * FROM outbox")
    #expect((reply["text"] as String).contains("(You stopped the answer here.)"))
    // Half a list takes no list's place.
    #expect(
      try rig.database.read {
        try Int.fetchOne(
          $0.db, sql: "SELECT count(*) FROM projects WHERE current_todo_markdown IS NOT NULL")
      } == 0)
  }

  @Test func isExplainedInASentenceOfTheTerms() async throws {
    let rig = try BotRig()
    let terms = try await rig.say("/terms").joined()
    #expect(
      terms.contains(
        """
        An answer that you stop costs what the provider says that it used until then or, where it \
        doesn't say, a low estimate of what you were shown; stopped before its first word, it is \
        free.
        """))
  }

  @Test func isFreeBeforeItsFirstWordAndCountsForThePerson() async throws {
    let rig = try BotRig(model: BotRig.sonnet)
    let orchestrator = rig.orchestrator()
    let call = try call(rig, orchestrator)
    try await orchestrator.void(
      call, because: LanguageModelError(.stopped, requestID: "gen-1", mayHaveCost: true))
    let usage = try row(rig, "SELECT * FROM api_key_usage")
    #expect(usage["charged_to"] == "house")
    #expect(usage["loss_cause"] == "failed_call")
    #expect(usage["look_up_after"] as String? != nil)
    let userID: Int64 = usage["user_id"]
    let loss = try rig.database.read { try $0.usage.houseLoss(ofUser: userID, since: .distantPast) }
    #expect(loss > .zero)
    let reply = try row(rig, "SELECT * FROM outbox")
    #expect(
      reply["text"]
        == "You stopped this before the model had answered. It cost you nothing.")
  }

  /// Each may be written, and billed, to its end, and nothing is told before the next one.
  @Test func mayNotBeFollowedByOthersWithoutBound() async throws {
    let rig = try BotRig(model: BotRig.sonnet, credits: "100000")
    let orchestrator = rig.orchestrator()
    try rig.open()
    for _ in 1...100 {
      let work = try rig.work(task: .coding)
      let beginning = try rig.database.write { tx in
        let account = try tx.users.account(telegramUserID: 42)
        return try orchestrator.begin(work, for: account, in: tx)
      }
      guard case .call(let call) = beginning else { break }
      try await orchestrator.settle(call, with: answer())
    }
    let caps = try rig.holds().map(\.outputTokensCap)
    #expect(caps.count > 2 && caps.count < 20)
    #expect(caps == caps.sorted(by: >) && caps.last! < caps[0])
    // 10 dollars a million: less than half a dollar in all.
    #expect(caps.reduce(0, +) * 10 < 500_000)
    let refusal: String = try row(rig, "SELECT text FROM outbox ORDER BY id DESC")["text"]
    #expect(refusal.hasPrefix("Several of your requests were stopped"))
  }

  @Test func isLookedUpLaterAndGivenBackWhatWasTooMuch() async throws {
    let rig = try BotRig(model: BotRig.sonnet)
    rig.openRouter.onAnswer { _, answer in
      (answer.inputTokens, answer.outputTokens, answer.cost) = (1, 1, "0.0000001")
    }
    let orchestrator = rig.orchestrator()
    let call = try call(rig, orchestrator)
    try await orchestrator.settle(call, with: answer())
    let before = try rig.database.read { try $0.users.account(telegramUserID: 42) }.balance
    let later = Date() + 10
    let service = UsageLookUp(writer: rig.writer { later }) { rig.llm }
    _ = await service.round()
    let after = try rig.database.read { try $0.users.account(telegramUserID: 42) }.balance
    #expect(after > before)
    let usage = try row(rig, "SELECT * FROM api_key_usage")
    #expect(usage["is_estimate"] == false)
    #expect(usage["actual_cost_usd"] == "0.0000001")
    #expect(usage["look_up_after"] as String? == nil)
    // A second round finds nothing.
    _ = await service.round()
    #expect(try rig.database.read { try $0.users.account(telegramUserID: 42) }.balance == after)
  }

  @Test func staysAsEstimatedAsLongAsItsProviderKnowsNothing() async throws {
    let rig = try BotRig(model: BotRig.sonnet)
    rig.openRouter.onCall { _ in .json("{}", status: 404) }
    let orchestrator = rig.orchestrator()
    try await orchestrator.settle(try call(rig, orchestrator), with: answer())
    let later = Date() + 10
    _ = await UsageLookUp(writer: rig.writer { later }) { rig.llm }.round()
    let usage = try row(rig, "SELECT * FROM api_key_usage")
    #expect(usage["is_estimate"] == true)
    #expect(usage["look_ups"] == 1)
    #expect(usage["look_up_after"] as String? != nil)
  }
}
