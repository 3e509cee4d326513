@testable import Assistant
@testable import Bot
import Commands
import Foundation
import GRDB
import LanguageModels
import Ledger
import Metering
import Testing
import TestSupport

/// What an answer is charged at where its provider tells its usage badly, late or not at all, or
/// breaks it off.
@Suite("A charge")
struct ChargedAnswerTests {
  /// The micro-credits that a question to Gemini's flash model (0.30 and 2.50 dollars) or to
  /// OpenRouter costs, by these events.
  private func charge(_ model: String, _ events: [String]) async throws -> Int64 {
    let rig = try BotRig(model: model)
    rig.gemini.replyNext(.events(events))
    rig.openRouter.replyNext(.events(events))
    rig.openRouter.onCall { $0.path == "/generation" ? .json("{}", status: 404) : nil }
    try await rig.say("/start")
    try await rig.say("How do I sort?")
    return try 100_000_000 - rig.account().balance.micro
  }

  private static func chunk(_ usage: String, _ reason: String = "null") -> String {
    #"{"choices": [{"delta": {"content": "4"}, "finish_reason": \#(reason)}], "usage": \#(usage)}"#
  }

  static let whole = chunk(
    #"{"prompt_tokens": 1000, "completion_tokens": 500, "cost": 0.007}"#, #""stop""#)

  @Test(arguments: [
    // 0.007 dollars, × 1.5 ÷ 0.01.
    (
      BotRig.sonnet, [whole, chunk(#"{"prompt_tokens": 0, "completion_tokens": 0}"#)],
      Int64(1_050_000)
    ),
    (
      BotRig.sonnet,
      [
        chunk(
          #"""
          {"prompt_tokens": 1000, "completion_tokens": 500, "cost": 0, \#
          "cost_details": {"upstream_inference_cost": 0.007}}
          """#, #""stop""#)
      ], Int64(1_050_000)
    ),
    // 1,000 and 400 tokens: 0.0013 dollars.
    (
      BotRig.flash,
      [
        #"""
        {"candidates": [{"content": {"parts": [{"text": "4"}]}}], \#
        "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 400}}
        """#,
        #"""
        {"candidates": [{"content": {"parts": []}, "finishReason": "STOP"}], \#
        "usageMetadata": {"promptTokenCount": 1000}}
        """#,
      ], Int64(195_000)
    ),
  ])
  func isForTheLargestCountsAndTheLastCost(
    model: String, events: [String], micro: Int64
  ) async throws {
    #expect(try await charge(model, events) == micro)
  }

  @Test(arguments: [BotRig.flash, BotRig.sonnet])
  func isForAnEstimateWhereNothingIsTold(model: String) async throws {
    let rig = try BotRig(model: model, administrators: [1])
    for answer in [rig.gemini.answer, rig.openRouter.answer] {
      answer.change {
        $0.tellsUsage = false
        $0.text = String(repeating: "4", count: 650)
      }
    }
    rig.openRouter.onCall { $0.path == "/generation" ? .json("{}", status: 404) : nil }
    try await rig.say("/start")
    try await rig.say("How do I sort?")
    let row = try #require(try rig.usage().first)
    #expect(row["output_tokens_used"] == 163)
    #expect(row["input_tokens_used"] == (try rig.holds().first?.inputTokensEstimate))
    #expect(row["is_estimate"] == true)
    #expect(row["charged_to"] == "user")
    #expect(try rig.account().balance.micro < 100_000_000)
    #expect(try rig.holds().map(\.state) == [.settled])
    let alerts = try rig.replies().filter { $0.chatID == 1 }.map(\.text)
    #expect(alerts.count == 1)
    #expect(alerts.first?.contains("\(model) does not say what its answers use") == true)
    #expect(try await rig.say("/terms").first?.contains("it is estimated") == true)
  }

  /// The estimate knows nothing of the free count by which the hold was taken.
  /// SQLite would end the text there: the rest would be paid for and never seen.
  @Test func isForAllOfATextWithANULInIt() async throws {
    let rig = try BotRig()
    rig.gemini.answer.change { $0.text = "before\u{0}after" }
    try await rig.say("/start")
    #expect(try await rig.say("How do I sort?").first?.hasPrefix("beforeafter\n\nCost: ") == true)
    let kept = try rig.database.read {
      try String.fetchAll($0.db, sql: "SELECT text FROM conversation_messages ORDER BY id")
    }
    #expect(kept == ["How do I sort?", "beforeafter"])
  }

  @Test func isNeverMoreThanWasHeldThoughItIsAnEstimate() async throws {
    let rig = try BotRig(credits: "0.2", administrators: [1])
    rig.gemini.answer.change {
      $0.inputTokens = 100
      $0.tellsUsage = false
      $0.text = String(repeating: "4", count: 40_000)
    }
    try await rig.say("/start")
    try await rig.say(String(repeating: "word", count: 1_000))
    let hold = try #require(try rig.holds().first)
    #expect(try rig.account().balance.micro >= 200_000 - hold.amount.micro)
    #expect(try rig.usage().first?["is_estimate"] == true)
    #expect(try !rig.texts().contains { $0.contains("cost more than was held") })
  }

  @Test func isLookedUpWhereOpenRouterForgetsTheUsage() async throws {
    let rig = try BotRig(model: BotRig.sonnet, administrators: [1])
    rig.openRouter.answer.change { $0.tellsUsage = false }
    try await rig.say("/start")
    try await rig.say("How do I sort?")
    #expect(try rig.account().balance.micro == 100_000_000 - 232_500)
    #expect(try rig.usage().first?["is_estimate"] == false)
    #expect(try !rig.texts().contains { $0.contains("does not say what its answers use") })
  }

  @Test func isForTheImageAndNotForItsTokensToo() throws {
    let usage = TokenUsage(
      inputTokens: 100, outputTokens: 1_300, images: 1, imageTokens: 1_290)
    let rates = try Rates(
      Tariff(input: "0.30", output: "2.50", cachedInput: "0.03", imageOutput: "0.039"))
    let counted = usage.countingImagesOnce(imagesHavePrice: true)
    // 100 at 0.30 and 10 at 2.50 a million, and the image.
    #expect(try rates.cost(of: counted, at: PriceMoment(Date())).description == "0.039055")
    #expect(counted.images == 1)
  }

  /// Its price for images is that of those it reads.
  @Test func isForAnImagesTokensWhereItHasNoPrice() async throws {
    let rig = try BotRig()
    try rig.database.write { tx in
      _ = try tx.pricing.set(
        ModelID(provider: .google, name: "gemini-2.5-flash"),
        tariff: Tariff(input: "0.30", output: "2.50", imageInput: "0.01"))
    }
    let event = #"""
      {"candidates": [{"content": {"parts": [{"text": "Here"}, {"inlineData": {}}]}, \#
      "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 1000, \#
      "candidatesTokenCount": 1300, "candidatesTokensDetails": [{"modality": "TEXT", \#
      "tokenCount": 10}, {"modality": "IMAGE", "tokenCount": 1290}]}}
      """#
    rig.gemini.replyNext(.events([event]))
    try await rig.say("/start")
    try await rig.say("Draw me a cat")
    // 1,000 at 0.30 and 1,300 at 2.50 a million: 0.00355 dollars.
    #expect(try rig.account().balance.micro == 100_000_000 - 532_500)
  }
}

// MARK: - Broken off

extension ChargedAnswerTests {
  private static func broken(_ reason: String) -> [String] {
    [
      #"""
      {"candidates": [{"content": {"parts": [{"text": "First, take"}]}, \#
      "finishReason": "\#(reason)"}], \#
      "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 500}}
      """#
    ]
  }

  @Test(arguments: ["SAFETY", "RECITATION", "OTHER"])
  func isForWhatWasShownOfABrokenAnswerAndTheReplySaysWhy(reason: String) async throws {
    let rig = try BotRig()
    rig.gemini.replyNext(.events(Self.broken(reason)))
    try await rig.say("/start")
    let reply = try #require(try await rig.say("How do I sort?").first)
    #expect(reply.hasPrefix("First, take\n\n(The model's provider broke the answer off here: "))
    #expect(reply.hasSuffix(".)\n\nCost: 0.2325 credits · Left: 99.7675 credits"))
    #expect(try rig.account().balance.micro == 99_767_500)
    #expect(try rig.usage().first?["charged_to"] == "user")
    #expect(try rig.count("conversation_messages") == 2)
  }

  @Test func isForWhatHasComeInTimeAndTheReplySaysSo() async throws {
    let never = Watched(false)
    let rig = try BotRig(administrators: [1], timeout: .seconds(15))
    let event = #"""
      {"candidates": [{"content": {"parts": [{"text": "First, take"}]}}], \#
      "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 500}}
      """#
    rig.gemini.replyNext(
      .written { write in
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        guard write(Data("\(head)data: \(event)\n\n".utf8)) else { return }
        while write(Data(":\n".utf8)) { _ = never.block(within: .milliseconds(100)) { $0 } }
      })
    try await rig.say("/start")
    let reply = try #require(try await rig.say("How do I sort?").first)
    #expect(
      reply == """
        First, take

        (The answer ends here: it took longer than I may wait.)

        Cost: 0.2325 credits · Left: 99.7675 credits
        """)
    #expect(try rig.usage().first?["is_estimate"] == false)
    #expect(try rig.replies().filter { $0.chatID == 1 }.isEmpty)
  }

  @Test func isNoneForABlockedPromptAndTheHouseBearsWhatWasRead() async throws {
    let rig = try BotRig()
    rig.gemini.replyNext(.events([#"{"promptFeedback": {"blockReason": "SAFETY"}}"#]))
    try await rig.say("/start")
    try await rig.say("How do I sort?")
    let row = try #require(try rig.usage().first)
    #expect(row["charged_to"] == "house")
    #expect(row["output_tokens_used"] == 0)
    #expect(row["input_tokens_used"] > 0)
    #expect(row["is_estimate"] == true)
    #expect(try rig.account().balance.micro == 100_000_000)
  }
}

// MARK: - What is not for sale, and what thinks

extension ChargedAnswerTests {
  @Test(arguments: [
    "google/gemini-2.5-flash-image", "google/gemini-3-pro-image", "google/gemini-2.5-pro",
  ])
  func isNotMadeForAModelThatMakesImages(model: String) async throws {
    let rig = try BotRig(model: model, administrators: [1])
    let id = try #require(ModelID(parsing: model))
    if !id.isNamedForImages {
      try rig.database.write { tx in
        _ = try tx.pricing.set(id, tariff: Tariff(input: "1", output: "2", imageOutput: "0.1"))
      }
    }
    try await rig.say("/start")
    #expect(
      try await rig.say("Draw me a cat") == [
        "The model for this is not available right now; I have noted it for my operator."
      ])
    #expect(rig.gemini.requests.value.isEmpty)
    #expect(try rig.holds().isEmpty)
    #expect(
      try rig.replies().contains { $0.chatID == 1 && $0.text.contains("\(model) makes images") })
  }

  /// 0.15 credits pay for 373 tokens, which thoughts would eat.
  @Test func isNotMadeForAThinkingModelThatCouldOnlyThink() async throws {
    let rig = try BotRig(credits: "0.15")
    rig.gemini.answer.change { $0.takesThinkingBudget = true }
    try await rig.llm.learn(about: rig.settings.models.all)
    try await rig.say("/start")
    let reply = try #require(try await rig.say("/plan a shop").first)
    #expect(reply.hasPrefix("Your credits do not cover this: at least "))
    #expect(rig.gemini.paidCalls.isEmpty)
  }

  @Test(arguments: ["100", "2.5"])
  func leavesRoomForAnAnswerBesideTheThoughts(credits: String) async throws {
    let rig = try BotRig(credits: credits)
    rig.gemini.answer.change {
      $0.takesThinkingBudget = true
      ($0.inputTokens, $0.outputTokens) = (100, 50)
    }
    try await rig.llm.learn(about: rig.settings.models.all)
    try await rig.say("/start")
    let reply = try #require(try await rig.say("/plan a shop").first)
    #expect(reply.contains("Cost: "))
    let config = try #require(
      rig.gemini.paidCalls.first?.json["generationConfig"] as? [String: Any])
    let cap = try #require(config["maxOutputTokens"] as? Int)
    #expect(jsonText(config["thinkingConfig"] ?? [:]) == #"{"thinkingBudget":4096}"#)
    #expect(cap >= 4_096 + 1_024)
    #expect(rig.gemini.violations.value == [])
  }

  @Test func isLearntInARoundOfItsOwn() async throws {
    let rig = try BotRig()
    rig.gemini.answer.change { $0.takesThinkingBudget = true }
    let (llm, models) = (rig.llm, rig.settings.models.all)
    rig.gemini.onCall { $0.method == "GET" ? .json("{}", status: 503) : nil }
    let look = ThinkingLook { (models, llm) }
    #expect(await look.round() == ThinkingLook.pauseAfterFailure)
    rig.gemini.onCall { _ in nil }
    #expect(await look.round() == ThinkingLook.pause)
    #expect(models.allSatisfy(llm.takesThinkingBudget))
    // What is known is not asked for again.
    _ = await look.round()
    #expect(rig.gemini.requests.value.count == 2)
  }
}
