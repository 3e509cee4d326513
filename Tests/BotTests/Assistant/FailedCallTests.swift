import Bot
import Foundation
import GRDB
import Ledger
import Testing
import TestSupport

/// One way in which a call fails, and what follows from it.
struct FailedCall: Sendable, CustomTestStringConvertible {
  enum HouseCost {
    case none
    /// As the provider metered it.
    case metered
    /// The provider may have done the work without our seeing it.
    case estimated
  }

  var testDescription: String
  var model: String
  var reply: LoopbackReply
  var words: String
  var houseCost = HouseCost.none

  static let html = LoopbackReply.html("<html><h1>502 Bad Gateway</h1></html>", status: 502)
  static let geminiUsage =
    #""usageMetadata": {"promptTokenCount": 12, "totalTokenCount": 12}"#

  static let all =
    [BotRig.flash, BotRig.sonnet].flatMap { model in
      [
        FailedCall(
          testDescription: "429 of \(model)", model: model,
          reply: .json("{}", status: 429, headers: ["Retry-After": "9"]),
          words: "very busy right now; please try again in 9 seconds."),
        FailedCall(
          testDescription: "502 of \(model)", model: model, reply: html,
          words: "The model ran into a problem"),
        FailedCall(
          testDescription: "401 of \(model)", model: model, reply: .json("{}", status: 401),
          words: "isn't available at the moment"),
        FailedCall(
          testDescription: "reset by \(model)", model: model, reply: .reset,
          words: "The connection broke", houseCost: .estimated),
        FailedCall(
          testDescription: "half an answer of \(model)", model: model, reply: .json(#"{"id": "#),
          words: "got lost on its way", houseCost: .estimated),
      ]
    } + [
      FailedCall(
        testDescription: "blocked", model: BotRig.flash,
        reply: .json(#"{"promptFeedback": {"blockReason": "SAFETY"}, \#(geminiUsage)}"#),
        words: "not allowed to answer this", houseCost: .metered),
      FailedCall(
        testDescription: "empty", model: BotRig.flash,
        reply: .json(#"{"candidates": [{"finishReason": "STOP"}], \#(geminiUsage)}"#),
        words: "without saying anything", houseCost: .metered),
      FailedCall(
        testDescription: "error inside 200", model: BotRig.sonnet,
        reply: .json(#"{"error": {"code": 502, "message": "upstream"}}"#),
        words: "The model ran into a problem"),
    ]
}

@Suite("A failed call")
struct FailedCallTests {
  @Test(arguments: FailedCall.all)
  func costsThePersonNothingAndSaysSo(call: FailedCall) async throws {
    let rig = try BotRig(model: call.model)
    rig.gemini.replyNext(call.reply)
    rig.openRouter.replyNext(call.reply)
    try await rig.say("/start")
    let id = try await rig.deliver("message", .message("How do I sort?"))
    await rig.engine.dispatcher.becomeIdle()
    let replies = try rig.texts(of: id)
    #expect(replies.count == 1)
    #expect(replies.first?.contains(call.words) == true)
    // Where several wait, it is plain which one failed.
    let parameters = try rig.replies(to: id).first?.parameters
    #expect(parameters?["reply_parameters"]?["message_id"] == 7)
    #expect(replies.first?.hasSuffix(" It cost you nothing.") == true)
    try expectNothingCharged(rig, houseCost: call.houseCost)
    #expect(try rig.count("conversation_messages") == 0)
  }

  @Test func timesOutWithoutACharge() async throws {
    let rig = try BotRig(timeout: .seconds(15))
    rig.gemini.replyNext(.hang)
    try await rig.say("/start")
    let reply = try await rig.say("How do I sort?").first
    #expect(
      reply
        == "The model took too long to answer; please try again in a moment. It cost you nothing.")
    try expectNothingCharged(rig, houseCost: .estimated)
  }

  /// It costs 0.1 USD.
  private static let emptyAnswer = LoopbackReply.json(
    """
    {"candidates": [{"finishReason": "STOP"}],
      "usageMetadata": {"promptTokenCount": 333333, "totalTokenCount": 333333}}
    """)

  /// Each empty answer costs the house 0.1 USD here, and it bears 0.50 USD of a person in a day.
  @Test func isNotTheHousesWithoutEnd() async throws {
    let rig = try BotRig()
    for _ in 1...5 { rig.gemini.replyNext(Self.emptyAnswer) }
    try await rig.say("/start")
    for _ in 1...5 { try await rig.say("Say nothing") }
    let refusal = try await rig.say("Say nothing")
    #expect(refusal.first?.hasPrefix("Several of your requests were stopped or ended") == true)
    #expect(rig.gemini.paidCalls.count == 5)
    #expect(try rig.account().balance.micro == 100_000_000)
    try rig.execute("UPDATE api_key_usage SET lost_at = '2020-01-01 00:00:00.000'")
    #expect(try await rig.say("Hello?").first?.contains("Cost: ") == true)
  }

  /// A tenth of the 11.05 USD that 850 Stars are: after eleven, a short answer still fits into it.
  @Test func isTheHousesForLongerIfThePersonPaysMore() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    _ = try await rig.press("buy:Builder")
    _ = try await rig.pay(try #require(try rig.orders().first).id, 850, charge: "paid")
    rig.gemini.onCall { _ in Self.emptyAnswer }
    for _ in 1...13 { try await rig.say("Say nothing") }
    #expect(rig.gemini.paidCalls.count == 12)
    try rig.execute("UPDATE payments SET paid_at = '2020-01-01 00:00:00.000'")
    let refusal = try await rig.say("Say nothing")
    #expect(refusal.first?.hasPrefix("Several of your requests were stopped or ended") == true)
  }

  @Test func isNobodysDoingWhereTheProviderAnswersNobody() async throws {
    let rig = try BotRig()
    for person: Int64 in [42, 43, 44] { try await rig.say("/start", from: person) }
    rig.gemini.replyNext(.reset, .reset, .reset, .reset)
    for person: Int64 in [42, 42, 43, 44] { try await rig.say("How do I sort?", from: person) }
    try await rig.say("How do I sort?", from: 43)
    rig.gemini.replyNext(.reset)
    try await rig.say("How do I sort?", from: 44)
    #expect(
      try rig.usage().map { $0["loss_cause"] as String? } == [
        "failed_call", "failed_call", "failed_call", "outage", nil, "failed_call",
      ])
  }

  /// Somebody with several accounts could make an outage of their own.
  @Test func isNobodysDoingUpToFiveDollarsADay() async throws {
    let rig = try BotRig()
    for person: Int64 in [42, 43, 44] { try await rig.say("/start", from: person) }
    for person: Int64 in [42, 43, 44, 42] {
      if person == 44 {
        try rig.execute(
          """
          UPDATE api_key_usage SET loss_cause = 'outage', loss_nanousd = 2500000000,
            actual_cost_nanousd = 2500000000
          """)
      }
      rig.gemini.replyNext(.reset)
      try await rig.say("How do I sort?", from: person)
    }
    let causes = try rig.usage().map { $0["loss_cause"] as String? }
    #expect(causes == ["outage", "outage", "failed_call", "failed_call"])
  }

  @Test func tellsTheOperatorWhatOnlyTheOperatorCanMend() async throws {
    let rig = try BotRig(administrators: [1])
    rig.gemini.replyNext(.json("{}", status: 401), .json("{}", status: 401))
    try await rig.say("/start")
    try await rig.say("How do I sort?")
    try await rig.say("How do I sort?")
    let alerts = try rig.replies().filter { $0.chatID == 1 }
    #expect(alerts.count == 1)
    #expect(alerts.first?.text.contains("calls to google/gemini-2.5-flash (") == true)
  }

  private func expectNothingCharged(_ rig: BotRig, houseCost: FailedCall.HouseCost) throws {
    #expect(try rig.account().balance.micro == 100_000_000)
    #expect(try rig.account().held == .zero)
    #expect(try rig.holds().map(\.state) == [.voided])
    #expect(try rig.count("credit_transactions") == 1)
    let usage = try rig.usage()
    #expect(usage.allSatisfy { $0["charged_to"] == "house" })
    #expect(usage.map { $0["is_estimate"] as Bool } == expectedEstimates(houseCost))
    #expect(usage.allSatisfy { $0["actual_cost_nanousd"] > 0 })
  }

  private func expectedEstimates(_ houseCost: FailedCall.HouseCost) -> [Bool] {
    switch houseCost {
    case .none: []
    case .metered: [false]
    case .estimated: [true]
    }
  }
}
