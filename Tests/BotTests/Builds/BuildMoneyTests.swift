import Assistant
import Bot
@testable import Builds
import Foundation
import GRDB
import Ledger
import Sales
import Software
import TestSupport
import Testing

/// What a build costs, and who pays.
@Suite("What builds cost") struct BuildMoneyTests {
  @Test func repairsAreAtCostAndAllElseAsAnyAnswer() async throws {
    let rig = try BuildRig()
    rig.outcomes.change { $0 = [false] }
    try await rig.plan()
    try await rig.press("Build it")
    let build = try rig.build()
    let charges = try rig.bot.database.read { try $0.builds.charges(of: build.id) }
    // 1,500 tokens in and 400 out at 0.30 and 2.50 USD a million are 0.00145 USD.
    #expect(charges[.write] == Credits(micro: 2 * 217_500))
    #expect(charges[.repair] == Credits(micro: 145_000))
    #expect(try rig.bot.holds().compactMap(\.markup) == ["1"])
    #expect(try rig.bot.holds().allSatisfy { $0.buildID == build.id && $0.state == .settled })
  }

  /// The cap is what the person has agreed to, whatever the models write.
  @Test func neverPassTheCap() async throws {
    let rig = try BuildRig()
    try await rig.plan()
    try rig.bot.execute("UPDATE builds SET quoted_cap_micro = 900000")
    try await rig.press("Build it")
    let build = try rig.build()
    #expect(build.state == .paused)
    #expect(build.pauseReason == .cap)
    #expect(try rig.spent() <= Credits(micro: 900_000))
    #expect(try rig.lastText.contains("could cost more than you have agreed to"))
  }

  @Test func goBeyondTheCapOnlyWhereThePersonAgreesAnew() async throws {
    let rig = try BuildRig()
    try await rig.plan()
    try rig.bot.execute("UPDATE builds SET quoted_cap_micro = 900000")
    try await rig.press("Build it")
    #expect(try await rig.press("Go on") == "This is what the rest would cost.")
    let quoted = try rig.build()
    #expect(quoted.state == .quoted)
    #expect(quoted.cap == Credits(micro: 900_000))
    let cap = try #require(quoted.quote?.cap)
    try await rig.press("Go on, up to \(cap.text)")
    #expect(try rig.build().state == .delivered)
    #expect(try rig.build().cap == cap)
  }

  @Test func waitForCreditsAndGoOnWithAPurchase() async throws {
    let rig = try BuildRig()
    try await rig.plan()
    rig.ends.change { $0 = false }
    _ = try await rig.bot.press(try rig.button("Build it"))
    await rig.bot.engine.builds.start()
    try await rig.runs.wait(for: "the first command") { !$0.isEmpty }
    try rig.bot.database.write { tx in
      let account = try tx.users.account(telegramUserID: 42)
      try tx.transactions.record(
        NewTransaction(
          userID: account.id, type: .manualAdjustment,
          amount: Credits(micro: 100_000 - account.balance.micro), idempotencyKey: "poor",
          description: "a test"))
    }
    rig.ends.change { $0 = true }
    await rig.bot.engine.builds.becomeIdle()
    #expect(try rig.build().pauseReason == .credits)
    #expect(try rig.files().keys.sorted() == ["greet.py"])
    #expect(try rig.lastText.contains("at least"))
    let steps = rig.steps
    _ = try await rig.bot.press("buy:Starter")
    let order = try #require(try rig.bot.orders().first).id
    _ = try await rig.bot.pay(order, 200, charge: "charge")
    await rig.bot.engine.builds.finish()
    #expect(try rig.build().state == .delivered)
    // What was done is not done again.
    #expect(Array(rig.steps.dropFirst(steps.count)) == ["task", "review"])
  }

  /// What cannot be read as a plan is mended once, at nobody's expense but ours.
  @Test func mendAPlanOnceForFree() async throws {
    let rig = try BuildRig()
    rig.script.change { $0["plan"] = ["I would rather write a poem."] }
    try await rig.plan()
    #expect(rig.steps == ["questions", "plan", "repair of JSON"])
    #expect(try rig.build().state == .quoted)
    #expect(try rig.bot.holds().last?.amount == .zero)
    rig.script.change { $0["repair of JSON"] = ["No."] }
    try await rig.say("/cancel")
    rig.script.change { $0["plan"] = ["No."] }
    try await rig.say("/new another program")
    try await rig.press("Just build it")
    #expect(try rig.build().pauseReason == .noPlan)
    #expect(try rig.lastText.contains("I could not turn it into a plan"))
  }

  @Test func leaveATaskOpenAfterThreeRoundsAndSaySo() async throws {
    let rig = try BuildRig()
    rig.outcomes.change { $0 = [false, false, false, false] }
    rig.script.change { $0["repair"] = (0..<3).map { Self.edit(from: $0) } }
    try await rig.plan()
    try await rig.press("Build it")
    #expect(
      rig.steps == [
        "questions", "plan", "task", "repair", "repair", "repair", "decision", "task", "review",
      ])
    #expect(try rig.build().state == .delivered)
    let summary = try #require(try rig.bot.texts().last { $0.contains("as far as it is") })
    #expect(summary.contains("Left open:\n• Greet"), "\(summary)")
  }

  private static func edit(from round: Int) -> String {
    let old = round == 0 ? "Helo" : "Helo\(round)"
    return """
      greet.py
      <<<<<<< SEARCH
      print('\(old)')
      =======
      print('Helo\(round + 1)')
      >>>>>>> REPLACE
      """
  }

  /// The figures of a quote improve with what builds took.
  @Test func expectWhatEarlierBuildsTook() async throws {
    let rig = try BuildRig()
    try await rig.plan()
    let first = try #require(try rig.build().quote)
    try await rig.press("Build it")
    try await rig.say("/new another program that greets")
    try await rig.press("Just build it")
    let second = try #require(try rig.build().quote)
    #expect(first.factor == 1)
    #expect(second.factor != 1)
    #expect(first.low < first.high && first.high < first.cap)
  }

  @Test func providerThatFailsCostsNothingAndPausesTheBuild() async throws {
    let rig = try BuildRig()
    try await rig.plan()
    let before = try rig.spent()
    rig.bot.gemini.onCall { request in
      BuildRig.step(of: request) == "task"
        ? .json(#"{"error": {"code": 503, "status": "UNAVAILABLE"}}"#, status: 503) : nil
    }
    try await rig.press("Build it")
    #expect(try rig.build().pauseReason == .provider)
    #expect(try rig.spent() == before)
    #expect(rig.steps.filter { $0 == "task" }.count == 3)
  }
}
