import Bot
import Commands
@testable import Builds
import Foundation
import GRDB
import Ledger
import TestSupport
import Testing

/// Builds whose process ends, and those of others meanwhile.
@Suite("Builds that are cut off") struct BuildRecoveryTests {
  let rig: BuildRig

  init() throws {
    rig = try BuildRig()
  }

  @Test func aStopOfTheProcessLeavesThemToTheNextStart() async throws {
    try await rig.plan()
    let before = try rig.spent()
    let isOpen = try await rig.beginToBuild()
    await rig.bot.engine.builds.cancel()
    await rig.bot.engine.builds.becomeIdle()
    isOpen.change { $0 = true }
    #expect(try rig.build().state == .running)
    #expect(try rig.steps(of: rig.build()).last?.state == .cutOff)
    #expect(try rig.spent() == before)
    #expect(try rig.bot.usage().compactMap { $0["loss_cause"] as String? } == ["interrupted"])
    let next = try rig.bot.restarted()
    await next.builds.finish()
    #expect(try rig.build().state == .delivered)
  }

  /// As a kill leaves it: a step that was begun, and its hold.
  private func leaveAStep() throws {
    let build = try rig.build()
    try rig.bot.database.write { tx in
      let number = try tx.builds.nextNumber(of: build.id)
      let model = try #require(build.coder)
      var request = CreditHoldService.Request(
        userID: build.userID, projectID: build.projectID,
        work: BuildStep.work(build.id, number), taskType: "coding",
        price: try tx.pricing.sold(model), inputTokensBound: 1_000, inputTokensEstimate: 250,
        outputCap: 400, deadline: tx.now + 900)
      request.buildID = build.id
      let hold = try tx.holds(rig.bot.settings.terms).take(request)
      try tx.builds.insert(
        BuildStep(
          buildID: build.id, number: number, kind: .write, task: 0, round: 0, state: .begun,
          holdID: hold.id, outcome: "", passed: false, createdAt: tx.now))
    }
  }

  private func agree() throws {
    try rig.bot.execute("UPDATE builds SET state = 'running', cap_micro = 50000000")
  }

  @Test func whatAKillCutOffIsTheHousesAndIsDoneAgain() async throws {
    try await rig.plan()
    let before = try rig.spent()
    try agree()
    try leaveAStep()
    try await rig.bot.restarted().builds.finish()
    #expect(try rig.build().state == .delivered)
    #expect(try rig.bot.usage().compactMap { $0["loss_cause"] as String? } == ["interrupted"])
    #expect(try rig.bot.holds().allSatisfy { $0.state != .pending })
    #expect(try rig.spent() > before)
  }

  /// Its call was being stopped when the kill came.
  @Test(arguments: ["stopped", "paused"])
  func endTheCallOfWhatDoesNotGoOn(state: String) async throws {
    try await rig.plan()
    let before = try rig.spent()
    try agree()
    try leaveAStep()
    try rig.bot.execute("UPDATE builds SET state = '\(state)'")
    try await rig.bot.restarted().builds.finish()
    #expect(try rig.build().state.rawValue == state)
    #expect(try rig.bot.holds().allSatisfy { $0.state != .pending })
    #expect(try rig.steps(of: rig.build()).last?.state == .cutOff)
    #expect(try rig.spent() == before)
  }

  /// Whoever taps "Go on" has it tried as often as ever.
  @Test func countTriesFromThePersonsWord() async throws {
    try await rig.plan()
    try agree()
    for _ in 1...2 {
      try leaveAStep()
      try rig.bot.execute("UPDATE build_steps SET state = 'cut_off' WHERE state = 'begun'")
    }
    let build = try rig.build()
    try rig.bot.execute("UPDATE builds SET state = 'paused', pause_reason = 'interrupted'")
    await rig.bot.engine.builds.drain()
    _ = try await rig.bot.press("new:go:\(build.id):\(build.version)")
    try leaveAStep()
    try await rig.bot.restarted().builds.finish()
    #expect(try rig.build().state == .delivered)
  }

  @Test func tryAProviderAgainAsOftenAfterThePersonsWord() async throws {
    try await rig.plan()
    rig.bot.gemini.onCall { request in
      BuildRig.step(of: request) == "task"
        ? .json(#"{"error": {"code": 503, "status": "UNAVAILABLE"}}"#, status: 503) : nil
    }
    try await rig.press("Build it")
    try await rig.press("Go on")
    #expect(try rig.build().pauseReason == .provider)
    #expect(rig.steps.filter { $0 == "task" }.count == 6)
  }

  /// A look at the whole that is paid for is not paid for again.
  @Test func deliverAfterThePauseWhatWasAboutToBe() async throws {
    try await rig.plan()
    try await rig.press("Build it")
    try rig.bot.execute(
      "UPDATE builds SET state = 'paused', pause_reason = 'restored', finished_at = NULL")
    let spent = try rig.spent()
    let build = try rig.build()
    try await rig.press(data: "new:go:\(build.id):\(build.version)")
    #expect(try rig.build().state == .delivered)
    #expect(try rig.spent() == spent)
  }

  @Test func whatIsCutOffTwiceInARowWaitsForItsPerson() async throws {
    try await rig.plan()
    try agree()
    try leaveAStep()
    try rig.bot.execute("UPDATE build_steps SET state = 'cut_off' WHERE state = 'begun'")
    try leaveAStep()
    try await rig.bot.restarted().builds.finish()
    #expect(try rig.build().pauseReason == .interrupted)
    #expect(try rig.bot.holds().filter { $0.state == .pending }.count == 1)
    try await rig.press("Go on")
    #expect(try rig.build().state == .delivered)
  }

  @Test func holdUpNobodyElse() async throws {
    try await rig.plan()
    let isOpen = try await rig.beginToBuild()
    // A question of the same person, and the planning of another's build.
    #expect(try await rig.bot.say("How do I sort?").count == 1)
    try await rig.bot.say("/start", from: 43)
    try await rig.bot.say("/new a program that greets", from: 43)
    try await rig.bot.commits.wait(for: "the questions") { _ in
      (try? rig.build().awaitsWords) == true
    }
    isOpen.change { $0 = true }
    await rig.bot.engine.builds.becomeIdle()
    #expect(try rig.build().awaitsWords)
    #expect(try rig.bot.count("builds") == 2)
  }
}
