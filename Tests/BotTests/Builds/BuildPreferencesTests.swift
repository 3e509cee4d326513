import Assistant
@testable import Builds
import Foundation
import GRDB
import LanguageModels
import Ledger
import Messaging
import Metering
import Testing
import TestSupport

/// A build keeps to what its person has said in `/settings` and `/model`.
@Suite("What people want of their builds") struct BuildPreferencesTests {
  @Test func planningKeepsWithinThePersonsOwnDailyLimit() async throws {
    let rig = try BuildRig()
    try await rig.say("/start")
    try await rig.say("/settings limit 0.3")
    try await rig.say("/new \(BuildRig.idea)")
    try await rig.press("Just build it")
    #expect(rig.steps == ["questions"])
    #expect(try rig.build().pauseReason == .dailyLimit)
    #expect(try rig.lastText.contains("Your own daily limit leaves too little"))
    #expect(try rig.bot.holds().map { $0.amount <= Credits(micro: 300_000) } == [true])
  }

  @Test func writingKeepsWithinThePersonsOwnDailyLimit() async throws {
    let rig = try BuildRig()
    try await rig.plan()
    let spent = try rig.spent()
    try await rig.say("/settings limit 0.5")
    try await rig.press("Build it")
    #expect(rig.steps == ["questions", "plan"])
    #expect(try rig.build().state == .paused)
    #expect(try rig.build().pauseReason == .dailyLimit)
    #expect(try rig.spent() == spent)
    #expect(try rig.bot.account().held == .zero)
  }

  private func choosePro(for tasks: [String], in rig: BuildRig) async throws {
    for task in tasks {
      try await rig.say("/model")
      try await rig.press("\(task): gemini-2.5-pro")
    }
  }

  @Test(arguments: ["Planning", "Coding"])
  func theModelsThatThePersonHasChosenPlanAndWrite(chosen: String) async throws {
    let rig = try BuildRig(others: [BotRig.pro])
    try await rig.say("/start")
    try await choosePro(for: [chosen], in: rig)
    try await rig.say("/new \(BuildRig.idea)")
    try await rig.press("Just build it")
    try await rig.press("Build it")
    #expect(try rig.build().state == .delivered)
    #expect(rig.steps == ["questions", "plan", "task", "task", "review"])
    let (planner, coder) =
      chosen == "Planning" ? (BotRig.pro, BotRig.flash) : (BotRig.flash, BotRig.pro)
    #expect(
      try rig.bot.holds().map { "\($0.model)" } == [planner, planner, coder, coder, planner])
  }

  private static let words = "is not offered any more"

  /// The newest message with a price.
  private func proposal(_ rig: BuildRig) throws -> String {
    try #require(try rig.bot.texts().last { $0.contains("It usually costs") })
  }

  private func takeOffSale(_ model: String, in rig: BuildRig) throws {
    let id = try #require(ModelID(parsing: model))
    let hadPrice = try rig.bot.database.write { try $0.pricing.deactivate(id) }
    #expect(hadPrice)
  }

  @Test(arguments: [
    (["Planning", "Coding"], "has planned this and would write it"),
    (["Planning"], "has planned this"), (["Coding"], "would write this"),
  ])
  func thePlanSaysOnceWhichModelStandsInForAChosenOne(tasks: [String], does: String) async throws {
    let rig = try BuildRig(others: [BotRig.pro])
    try await rig.say("/start")
    try await choosePro(for: tasks, in: rig)
    try takeOffSale(BotRig.pro, in: rig)
    try await rig.say("/new \(BuildRig.idea)")
    try await rig.press("Just build it")
    let note =
      "(\(BotRig.pro) \(Self.words), so \(BotRig.flash) \(does); /model shows what there is.)"
    let text = try proposal(rig)
    #expect(text.contains(note), "\(text)")
    try await rig.say("/new another program")
    try await rig.press("Just build it")
    #expect(rig.steps.filter { $0 == "plan" }.count == 2)
    #expect(try !proposal(rig).contains(Self.words))
  }

  @Test func eachPlanSaysWhichModelStandsInForADefaultThatIsGone() async throws {
    let rig = try BuildRig(model: BotRig.pro, others: [BotRig.flash])
    try takeOffSale(BotRig.pro, in: rig)
    for idea in ["a program that greets", "another program"] {
      try await rig.plan(idea)
      #expect(
        try proposal(rig).contains(
          "(\(BotRig.pro) is not available right now, so \(BotRig.flash) has planned this and "))
    }
    #expect(rig.steps.filter { $0 == "plan" }.count == 2)
  }

  @Test func aPriceIsMadeWithAnotherModelWhereThatOfTheFirstIsGone() async throws {
    let rig = try BuildRig(others: [BotRig.pro])
    try await rig.say("/start")
    try await choosePro(for: ["Coding"], in: rig)
    try await rig.say("/new \(BuildRig.idea)")
    try await rig.press("Just build it")
    #expect(try rig.build().coder.map { "\($0)" } == BotRig.pro)
    try takeOffSale(BotRig.pro, in: rig)
    var build = try rig.build()
    (build.state, build.quote) = (.planned, nil)
    try await rig.bot.writer.writeOnce { [build] in try $0.builds.save(build) }
    try await rig.say("/status")
    try await rig.press("Try again")
    #expect(try rig.build().state == .quoted)
    #expect(try rig.build().coder.map { "\($0)" } == BotRig.flash)
  }

  /// A model that goes between the plan and its price has planned it all the same.
  @Test func aModelThatHasDoneItsWorkIsNotSaidToBeReplaced() async throws {
    let rig = try BuildRig(others: [BotRig.pro])
    try await rig.say("/start")
    try await choosePro(for: ["Planning"], in: rig)
    rig.bot.gemini.onCall { request in
      if BuildRig.step(of: request) == "plan" { try? takeOffSale(BotRig.pro, in: rig) }
      return nil
    }
    try await rig.say("/new \(BuildRig.idea)")
    try await rig.press("Just build it")
    #expect(rig.steps == ["questions", "plan"])
    let texts = try rig.bot.texts()
    #expect(!texts.contains { $0.contains("so \(BotRig.flash)") }, "\(texts)")
  }

  /// What builds call their models for is not what people ask.
  @Test func noStepOfABuildIsTypicalOfWhatThePersonAsks() async throws {
    let rig = try BuildRig()
    try await rig.plan()
    try await rig.press("Build it")
    #expect(try rig.build().state == .delivered)
    let before = try await rig.say("/model")[0]
    #expect(before.contains("Planning (for example 1000 tokens in, 500 out)"), "\(before)")
    rig.bot.gemini.answer.change { ($0.inputTokens, $0.outputTokens) = (2_000, 100) }
    for _ in 1...3 { try await rig.say("/plan a program that greets") }
    let after = try await rig.say("/model")[0]
    #expect(
      after.contains("Planning (the median of your last 3: 2000 tokens in, 100 out)"), "\(after)")
  }
}
