@testable import Assistant
import Bot
import Commands
import Foundation
import GRDB
import LanguageModels
import Ledger
import Messaging
import Metering
import Testing
import TestSupport

@Suite("/settings")
struct SettingsCommandTests {
  private func rig() async throws -> BotRig {
    let rig = try BotRig()
    try await rig.say("/start")
    return rig
  }

  private func preferences(_ rig: BotRig) throws -> Preferences {
    try rig.database.read { try Preferences.of(1, in: $0) }
  }

  private func lastSetup(_ rig: BotRig) -> [String: Any] {
    rig.gemini.paidCalls.last?.json["generationConfig"] as? [String: Any] ?? [:]
  }

  @Test func theCostLineCanBeTurnedOffAndOn() async throws {
    let rig = try await rig()
    let pressed = try await rig.press("settings:cost:off")
    #expect(pressed.last?.text.contains("Cost line under each answer: off") == true)
    #expect(pressed.last?.method == "editMessageText")
    #expect(try await rig.say("Hello") == ["Hello from the fake model."])
    _ = try await rig.press("settings:cost:on")
    #expect(try await rig.say("Hello").first?.contains("Cost: 0.2325 credits") == true)
  }

  @Test(arguments: [("short", 4_096, "short answers"), ("long", 16_384, "thorough answers")])
  func theLengthOfAnswersIsACapAndAnInstruction(
    length: String, cap: Int, words: String
  ) async throws {
    let rig = try await rig()
    _ = try await rig.press("settings:length:\(length)")
    try await rig.say("Hello")
    #expect(lastSetup(rig)["maxOutputTokens"] as? Int == cap)
    let system = rig.gemini.paidCalls.last?.json["systemInstruction"]
    #expect("\(system ?? "")".contains(words))
  }

  @Test func whatIsNoSettingChangesNothing() async throws {
    let rig = try await rig()
    for data in [
      "settings:length:x", "settings:", "settings:limit:-5", "settings:effort:9",
      "settings:cost:x", "settings:streaming:x",
    ] {
      #expect(try await rig.press(data).first?.text.hasPrefix("This button has expired") == true)
    }
    for words in ["limit", "limit x", "limit 0", "limit -1", "x"] {
      #expect(try await rig.say("/settings \(words)").first?.hasPrefix("Send /settings") == true)
    }
    #expect(try rig.count("preferences") == 0)
  }

  private func settings(_ rig: BotRig) async throws -> OutboxRow? {
    try await rig.say("/settings")
    return try rig.replies().last
  }

  /// Where the operator has turned it off, nobody can turn it on.
  @Test func streamingIsNoMatterWhereThereIsNone() async throws {
    for streaming in [AnswerStreaming.edits, .off] {
      let rig = try BotRig(streaming: streaming)
      try await rig.say("/start")
      let shown = try #require(try await settings(rig))
      let isOn = streaming != .off
      #expect(shown.text.contains("as they are written") == isOn)
      #expect(shown.buttons.contains { $0.data.hasPrefix("settings:streaming") } == isOn)
    }
  }

  /// A limit that counts at once binds for the day.
  @Test func aLimitSaysFromWhenItCounts() async throws {
    let rig = try await rig()
    func notice(_ limit: String) async throws -> String? {
      try await rig.press("settings:limit:\(limit)").first?.text
    }
    let now = "This limit counts now. You can raise it from tomorrow on."
    #expect(try await notice("50") == now)
    #expect(try await notice("10") == now)
    #expect(try await notice("200") == "That counts from tomorrow, 00:00 UTC, on.")
    #expect(try await notice("off") == "That counts from tomorrow, 00:00 UTC, on.")
    #expect(try await notice("10") == now)
    #expect(try await notice("10") == "Done.")
  }

  @Test func streamingCanBeTurnedOff() async throws {
    let rig = try await rig()
    #expect(try preferences(rig).streams)
    _ = try await rig.press("settings:streaming:off")
    #expect(try !preferences(rig).streams)
  }

  @Test func withoutStreamingAnAnswerComesWhole() async throws {
    let rig = try await StreamingRig()
    _ = try await rig.bot.press("settings:streaming:off")
    _ = try await rig.ask()
    rig.answer.say("First, ")
    rig.answer.end("compare.")
    await rig.waitForEnd()
    #expect(try rig.bot.count("previews") == 0)
    #expect(rig.messages().last?.text.hasPrefix("First, compare.") == true)
  }

  @Test func thinkingIsShownWhereAModelTakesABudgetForIt() async throws {
    let rig = try await rig()
    let without = try #require(try await settings(rig))
    #expect(!without.text.contains("hink"))
    #expect(!without.buttons.contains { $0.title.contains("hink") })
    rig.gemini.answer.change { $0.takesThinkingBudget = true }
    try await rig.llm.learn(about: rig.settings.models.all)
    let with = try #require(try await settings(rig))
    #expect(with.text.contains("Thinking: as usual"))
    #expect(with.buttons.count == without.buttons.count + 2)
    _ = try await rig.press("settings:effort:high")
    try await rig.say("Hello")
    let thinking = lastSetup(rig)["thinkingConfig"] as? [String: Any]
    #expect(thinking?["thinkingBudget"] as? Int == 2_048)
  }

  @Test func anErasureForgetsThem() async throws {
    let rig = try await rig()
    _ = try await rig.press("settings:cost:off")
    let flash = try #require(ModelID(parsing: BotRig.flash))
    try rig.database.write { tx in
      var preferences = try Preferences.of(1, in: tx)
      preferences.models[.chat] = flash
      try preferences.keep(of: 1, in: tx)
    }
    _ = try await rig.press("deletemydata:yes")
    #expect(try rig.count("preferences") == 0)
    #expect(try rig.count("chosen_models") == 0)
  }

  // MARK: - The limit

  @Test func aLowerLimitCountsAtOnceAndAHigherOneFromTomorrow() async throws {
    let rig = try await rig()
    #expect(
      try await rig.say("/settings limit 50").first?.contains(
        "Your own limit: 50.00 credits a day; 0.00 spent or reserved today") == true)
    _ = try await rig.press("settings:limit:10")
    #expect(try preferences(rig).limit == Preferences.DailyLimit(today: Credits(micro: 10_000_000)))
    #expect(
      try await rig.say("/settings limit 200").first?.contains("00:00 UTC: 200.00 credits") == true)
    _ = try await rig.press("settings:limit:off")
    let tomorrow = Date().startOfUTCDay.addingTimeInterval(.day)
    let (before, after) = try rig.database.write { tx in
      (
        try Preferences.of(1, in: tx.at(tomorrow - 1)).limit.today,
        try Preferences.of(1, in: tx.at(tomorrow.addingTimeInterval(.day))).limit
      )
    }
    #expect(before == Credits(micro: 10_000_000))
    #expect(after == Preferences.DailyLimit())
    _ = try await rig.press("settings:limit:10")
    #expect(try preferences(rig).limit.next == nil)
  }

  @Test func whatIsSpentAndHeldStaysWithinTheLimit() async throws {
    let rig = try await rig()
    try await rig.say("/settings limit 0.3")
    #expect(try await rig.say("Hello").first?.hasPrefix("Hello from the fake model.") == true)
    #expect(try rig.holds().allSatisfy { $0.amount.micro <= 300_000 })
    let refusal = try await rig.say("Hello")
    #expect(
      refusal.first?.contains("your own limit of 0.30 a day leaves 0.0675 for today") == true)
    #expect(refusal.first?.contains("00:00 UTC") == true)
    #expect(rig.gemini.paidCalls.count == 1)
    let tomorrow = Date().addingTimeInterval(.day)
    try await rig.orchestrator { tomorrow }.perform(try rig.work(receivedAt: tomorrow))
    #expect(rig.gemini.paidCalls.count == 2)
  }

  @Test func aLimitBelowWhatARequestNeedsIsToBeRaised() async throws {
    let rig = try await rig()
    try await rig.say("/settings limit 0.05")
    let refusal = try await rig.say("Hello")
    #expect(refusal.first?.contains("Raise it in /settings") == true)
    #expect(refusal.first?.contains("It goes on") == false)
    #expect(rig.gemini.paidCalls.isEmpty)
  }

  /// Both are looked at in the transactions that take their holds.
  @Test func twoMessagesDoNotPassTheLimitTogether() async throws {
    let rig = try await rig()
    try await rig.say("/settings limit 0.3")
    let orchestrator = rig.orchestrator()
    let works = [try rig.work(), try rig.work()]
    let beginnings = try works.map { work in
      try rig.database.write { tx in
        try orchestrator.begin(work, for: try tx.users.account(id: 1), in: tx)
      }
    }
    for beginning in beginnings { try await orchestrator.perform(beginning) }
    #expect(rig.gemini.paidCalls.count == 1)
    #expect(try rig.texts(of: works[1].updateID).first?.contains("your own limit") == true)
  }

  @Test func theLimitIsNobodyElsesBusinessInAGroup() async throws {
    let rig = try await rig()
    try await rig.say("/settings limit 0.01")
    let id = try await rig.deliver("message", .message("@devbot hello", chat: -100))
    await rig.engine.dispatcher.becomeIdle()
    #expect(try rig.texts(of: id) == [ModelOrchestrator.notInGroup.text])
  }
}
