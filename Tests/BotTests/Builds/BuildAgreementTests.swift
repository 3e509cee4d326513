import Assistant
@testable import Bot
@testable import Builds
import Commands
import Foundation
import GRDB
import LanguageModels
import Ledger
import Metering
import TelegramBotAPI
import TestSupport
import Testing

/// What a person has agreed to, whatever becomes of models, prices and plans meanwhile.
@Suite("What people have agreed to pay for a build") struct BuildAgreementTests {
  enum Departure: CaseIterable {
    case pricelessWhileRunning, pricelessWhilePaused, notOffered
  }

  @Test(arguments: Departure.allCases)
  func aModelThatHasGoneIsReplacedByChoiceUnderTheSameCap(departure: Departure) async throws {
    let rig = try BuildRig(model: BotRig.pro, others: [BotRig.flash])
    let (pro, flash) = (try id(BotRig.pro), try id(BotRig.flash))
    try await rig.plan()
    let before = try #require(try rig.build().quote)
    let rest = try before.high.subtracting(try rig.spent())
    let isOpen = try await rig.beginToBuild()
    if departure == .pricelessWhileRunning {
      try takeOffSale(pro, in: rig)
    } else {
      let build = try rig.build()
      _ = try await rig.bot.press("new:pause:\(build.id):\(build.version)")
    }
    isOpen.change { $0 = true }
    await rig.bot.engine.builds.becomeIdle()
    switch departure {
    case .pricelessWhileRunning: #expect(try rig.build().pauseReason == .model)
    case .pricelessWhilePaused: try takeOffSale(pro, in: rig)
    case .notOffered:
      var settings = rig.bot.settings
      settings.models = ModelAssignment(
        Dictionary(uniqueKeysWithValues: TaskType.allCases.map { ($0, [flash]) }))
      rig.bot.engine.apply(settings, rig.bot.llm)
    }
    #expect(try rig.build().state == .paused)
    let spent = try rig.spent()

    #expect(try await rig.press("Go on") == "Choose another model.")
    #expect(try rig.lastText.hasPrefix("\(pro) is no longer on offer. Which model shall I use"))
    #expect(try rig.build().state == .paused)
    #expect(try rig.build().coder == pro)
    let notice = try await rig.press("\(flash)")
    #expect(notice.hasPrefix("I am going on. In all it usually costs "))
    #expect(notice.hasSuffix(", never more than \(before.cap.text) credits."))

    let build = try rig.build()
    #expect(build.state == .delivered)
    #expect(build.cap == before.cap)
    #expect([build.coder, build.planner] == [flash, flash])
    // Of the cheaper model, the rest is expected to cost less.
    #expect(try #require(build.quote).high.subtracting(spent) < rest)
    #expect(try rig.spent() <= before.cap)
    let models = try rig.bot.holds().suffix(2).map(\.model)
    #expect(models == [flash, flash])
  }

  private func id(_ text: String) throws -> ModelID { try #require(ModelID(parsing: text)) }

  private func takeOffSale(_ model: ModelID, in rig: BuildRig) throws {
    let hadPrice = try rig.bot.database.write { try $0.pricing.deactivate(model) }
    #expect(hadPrice)
  }

  private func price(_ output: String, in rig: BuildRig) throws {
    _ = try rig.bot.database.write {
      try $0.pricing.set(try id(BotRig.flash), tariff: Tariff(input: "0.30", output: output))
    }
  }

  /// Paused by its person once the first task is written.
  private func pausedBuild() async throws -> (BuildRig, Credits) {
    let rig = try BuildRig()
    try await rig.plan()
    let isOpen = try await rig.beginToBuild()
    let build = try rig.build()
    _ = try await rig.bot.press("new:pause:\(build.id):\(build.version)")
    isOpen.change { $0 = true }
    await rig.bot.engine.builds.becomeIdle()
    #expect(try rig.build().state == .paused)
    return (rig, try #require(build.cap))
  }

  @Test func pricesThatHaveRisenRaiseNothingWithoutANewAgreement() async throws {
    let (rig, cap) = try await pausedBuild()
    try price("250", in: rig)
    #expect(try await rig.press("Go on").hasSuffix("never more than \(cap.text) credits."))
    #expect(try rig.build().pauseReason == .cap)
    #expect(try rig.build().cap == cap)
    #expect(try rig.spent() <= cap)
    // Being told of the new price is no agreement, nor is a button of before.
    let old = try rig.button("Build it")
    #expect(try await rig.press("Go on") == "This is what the rest would cost.")
    let quoted = try rig.build()
    #expect(quoted.cap == cap && quoted.quote!.cap > cap)
    #expect(
      try await rig.press(data: old).hasPrefix("That button is out of date"))
    try await rig.bot.restarted().builds.finish()
    #expect(try rig.build().cap == cap)
    #expect(try rig.build().state == .quoted)
    try await rig.press("Go on, up to \(quoted.quote!.cap.text)")
    #expect(try rig.build().cap == quoted.quote!.cap)
    #expect(try rig.build().state == .delivered)
  }

  @Test func agreeingAnewLowersNothing() async throws {
    let (rig, cap) = try await pausedBuild()
    try price("0.50", in: rig)
    try rig.bot.execute("UPDATE builds SET pause_reason = 'cap'")
    try await rig.press("Go on")
    #expect(try rig.lastText.contains("never more than \(cap.text). So far you have agreed to"))
    try await rig.press("Go on, up to \(cap.text)")
    #expect(try rig.build().cap == cap)
    #expect(try rig.build().state == .delivered)
  }

  /// What is built belongs to the plan that it was built by.
  @Test func thePlanOfABuildThatHasBegunIsNotChanged() async throws {
    let (rig, cap) = try await pausedBuild()
    try rig.bot.execute("UPDATE builds SET pause_reason = 'cap'")
    try await rig.press("Go on")
    let quoted = try rig.build()
    let notice = try await rig.press(data: "new:change:\(quoted.id):\(quoted.version)")
    #expect(notice == "It is already being built. /refine changes it once it is delivered.")
    let answer = try await rig.say("/refine greet in Latin")[0]
    #expect(answer.hasPrefix("I am already at work on “Greeter”"))
    #expect(try rig.build().state == .quoted)
    _ = try await rig.say("/status")
    let status = try #require(try rig.bot.replies().last)
    let up = "Go on, up to \(quoted.quote!.cap.text)"
    #expect(
      status.buttons.map(\.title).prefix(3) == [up, "Send what is there", "Cancel"],
      "\(status.buttons)")
    #expect(status.text.contains("So far you have agreed to \(cap.text)."))
    try await rig.press(up)
    #expect(try rig.build().state == .delivered)
    #expect(try rig.files().keys.sorted() == ["README.md", "greet.py", "test_greet.py"])
  }

  @Test func tapsThatComeTogetherAgreeOnce() async throws {
    let rig = try BuildRig()
    try await rig.plan()
    let data = try rig.button("Build it")
    let updates = (0..<8).map { _ in
      ReceivedUpdate.update(rig.bot.nextUpdateID(), "callback_query", .press(data))
    }
    try await rig.bot.engine.receive(updates, nextOffset: nil)
    await rig.bot.engine.dispatcher.becomeIdle()
    await rig.bot.engine.builds.finish()
    let notices = try updates.flatMap { try rig.bot.texts(of: $0.id).prefix(1) }
    #expect(notices.filter { $0.hasPrefix("I am on it: never more than ") }.count == 1)
    #expect(
      notices.filter {
        $0.hasPrefix("I am already building it") || $0.contains("been built and delivered")
      }
      .count == 7, "\(notices)")
    #expect(rig.steps == ["questions", "plan", "task", "task", "review"])
    #expect(try rig.build().state == .delivered)
  }

  /// 1,500 tokens in, of which 1,000 are cached, and 400 out, at 0.30, 0.03 and 2.50 USD a million,
  /// are 0.00118 USD.
  @Test func whatIsReadFromACacheIsChargedByItsOwnPrice() async throws {
    let rig = try BuildRig()
    rig.bot.gemini.answer.change { $0.cachedInputTokens = 1_000 }
    try await rig.plan()
    try await rig.press("Build it")
    let build = try rig.build()
    let charges = try rig.bot.database.read { try $0.builds.charges(of: build.id) }
    #expect(charges[.write] == Credits(micro: 2 * 177_000))
    let cached = try rig.bot.usage().map { $0["cached_input_tokens"] as Int }
    #expect(cached == Array(repeating: 1_000, count: 5))
  }
}
