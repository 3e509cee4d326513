import Assistant
@testable import Bot
@testable import Builds
import Foundation
import GRDB
import LanguageModels
import Ledger
import Metering
import TestSupport
import Testing

/// What people are told of their balance, or asked, before a build surprises them.
@Suite("A balance and builds") struct BuildNoticeTests {
  /// Each call is 0.2175 credits; the first is made to plan, the third to write.
  @Test(arguments: ["99.90", "99.50"])
  func crossingTheLineIsToldOnce(line: String) async throws {
    let rig = try BuildRig(
      notices: BalanceNotices(lowBalance: try Credits(parsing: line)))
    try await rig.plan()
    try await rig.press("Build it")
    #expect(try rig.build().state == .delivered)
    let warnings = try rig.bot.replies().filter { $0.text.contains("You have less than") }
    let left = line == "99.90" ? "99.7825" : "99.3475"
    #expect(
      warnings.map(\.text) == [
        "You have less than \(line) credits left; /buy gets you more. Your balance is \(left) "
          + "credits."
      ])
    #expect(warnings.allSatisfy { $0.chatID == 42 })
    #expect(try #require(warnings.first).buttons.map(\.data).contains("buy:Starter"))
  }

  @Test(arguments: [true, false]) func aBuildWithoutCreditsSaysHowToGetSome(isSelling: Bool) {
    let words = Build.PauseReason.credits.sentence(
      shortfall: nil, isAgreed: true, isSelling: isSelling)
    let way =
      isSelling
      ? "I go on by myself once you have bought some, or when you tap “Go on”."
      : "Please ask whoever runs this bot for more, and then tap “Go on”."
    #expect(words == "Your credits do not cover the next step. \(way)")
  }

  /// Nothing had been used yet, so nothing has gone.
  @Test func aModelWithoutAPriceIsSaidToBeUnavailable() async throws {
    let rig = try BuildRig()
    try await rig.say("/start")
    let flash = try #require(ModelID(parsing: BotRig.flash))
    let price = try rig.bot.database.write { tx in
      let tariff = try tx.pricing.sold(flash).tariff
      _ = try tx.pricing.deactivate(flash)
      return tariff
    }
    try await rig.say("/new \(BuildRig.idea)")
    #expect(
      try rig.lastText == "I have paused the work on your idea. The model for this is not "
        + "available right now; I have noted it for my operator. Tap “Go on” later to try again.")
    #expect(
      try await rig.press("Go on")
        == "I have no model for this right now. Please try again later.")
    #expect(try rig.build().state == .paused)
    _ = try rig.bot.database.write { try $0.pricing.set(flash, tariff: price) }
    #expect(try await rig.press("Go on") == "I am going on.")
    #expect(rig.steps == ["questions"])
  }

  private static let tenth = BalanceNotices(askAbove: .init(millionths: 100_000))

  /// What the newest message asks about.
  private func amount(_ rig: BuildRig) throws -> Credits {
    let text = try rig.lastText
    let match = try #require(
      text.wholeMatch(
        of: /Planning this may cost up to ([0-9.]+) credits. Nothing is charged before you say so./
      ), "\(text)")
    return try Credits(parsing: String(match.1))
  }

  private func asked() async throws -> BuildRig {
    let rig = try BuildRig(credits: "8", notices: Self.tenth)
    try await rig.say("/start")
    try await rig.say("/new \(BuildRig.idea)")
    return rig
  }

  @Test func planningThatMayCostMuchAsksBeforeEachCall() async throws {
    let rig = try await asked()
    let most = try amount(rig)
    #expect(try rig.bot.replies().last?.buttons.map(\.title) == ["Do it", "Cancel"])
    #expect(try rig.bot.holds().isEmpty)
    #expect(rig.steps == [])
    let old = try rig.button("Do it")
    #expect(try await rig.press("Do it") == "I am going on.")
    #expect(rig.steps == ["questions"])
    #expect(try rig.bot.holds().map { $0.amount <= most } == [true])
    #expect(try await rig.press(data: old).hasPrefix("That button is out of date"))

    try await rig.press("Just build it")
    let mostOfPlan = try amount(rig)
    #expect(rig.steps == ["questions"])
    #expect(try rig.bot.holds().count == 1)
    try await rig.press("Do it")
    #expect(rig.steps == ["questions", "plan"])
    #expect(try #require(try rig.bot.holds().last).amount <= mostOfPlan)

    // A change of the plan is planning, too.
    try await rig.say("/refine greet in Latin")
    _ = try amount(rig)
    try await rig.press("Do it")
    #expect(rig.steps.last == "change of plan")

    // "Build it" agrees to all that comes.
    let asked = try rig.bot.texts().filter { $0.hasPrefix("Planning this may cost") }.count
    try await rig.press("Build it")
    #expect(try rig.build().state == .delivered)
    #expect(try rig.bot.holds().suffix(3).contains { $0.amount > Credits(micro: 800_000) })
    #expect(
      try rig.bot.texts().filter { $0.hasPrefix("Planning this may cost") }.count == asked)
  }

  @Test func cancellingItHasCostNothing() async throws {
    let rig = try await asked()
    #expect(try await rig.press("Cancel") == "Stopped.")
    #expect(try rig.build().state == .stopped)
    #expect(try rig.bot.holds().isEmpty)
    #expect(rig.steps == [])
  }

  @Test func theQuestionIsThereAfterARestartAndInStatus() async throws {
    let rig = try await asked()
    let most = try amount(rig)
    try await rig.bot.restarted().builds.finish()
    #expect(rig.steps == [])
    #expect(try await rig.say("/status")[0].contains("may cost up to \(most.text) credits"))
    try await rig.press("Do it")
    #expect(rig.steps == ["questions"])
  }

  @Test func asksAnewWhereThePriceHasRisenAboveWhatWasAgreed() async throws {
    let rig = try await asked()
    let most = try amount(rig)
    let flash = try #require(ModelID(parsing: BotRig.flash))
    _ = try rig.bot.database.write {
      try $0.pricing.set(flash, tariff: Tariff(input: "0.30", output: "25"))
    }
    try await rig.press("Do it")
    #expect(try amount(rig) > most)
    #expect(try rig.bot.holds().isEmpty)
    #expect(rig.steps == [])
  }

  @Test func whatWasAgreedHoldsWhateverThePersonHasByThen() async throws {
    // Less than the longest answer would cost.
    let rig = try BuildRig(credits: "1", notices: Self.tenth)
    try await rig.say("/start")
    try await rig.say("/new \(BuildRig.idea)")
    let most = try amount(rig)
    #expect(most <= Credits(micro: 1_000_000))
    _ = try rig.bot.database.write { tx in
      try tx.transactions.record(
        NewTransaction(
          userID: try tx.users.account(telegramUserID: 42).id, type: .manualAdjustment,
          amount: Credits(micro: 1_000_000_000), idempotencyKey: "rich", description: "a test"))
    }
    try await rig.press("Do it")
    #expect(try rig.bot.holds().map { $0.amount <= most } == [true])
    #expect(rig.steps == ["questions"])
  }

  /// An agreement is to an answer, and not to a try.
  @Test func aCallThatFailedIsTriedAgainWithoutAnotherQuestion() async throws {
    let rig = try await asked()
    let failures = Watched(1)
    rig.bot.gemini.onCall { request in
      guard BuildRig.step(of: request) == "questions",
        failures.change({ left in
          left -= 1
          return left >= 0
        })
      else { return nil }
      return .json(#"{"error": {"code": 503, "status": "UNAVAILABLE"}}"#, status: 503)
    }
    try await rig.press("Do it")
    #expect(rig.steps == ["questions", "questions"])
    #expect(try rig.build().questions != nil)
    #expect(try rig.bot.holds().map(\.state) == [.voided, .settled])
  }

  @Test func aPlanOfModestLengthWithinTheShareIsNotAskedAbout() async throws {
    let rig = try BuildRig(
      credits: "8", notices: BalanceNotices(askAbove: .init(millionths: 500_000)))
    try await rig.plan()
    #expect(try rig.build().state == .quoted)
    #expect(rig.steps == ["questions", "plan"])
    // Half of what the questions have left, for which a whole plan could not be had.
    let plan = try #require(try rig.bot.holds().last)
    #expect(plan.amount <= Credits(micro: (8_000_000 - 217_500) / 2))
    #expect(plan.outputTokensCap < 16_384)
  }
}
