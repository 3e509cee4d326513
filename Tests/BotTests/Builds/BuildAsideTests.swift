import Assistant
@testable import Bot
@testable import Builds
import Foundation
import GRDB
import Ledger
import Messaging
import TestSupport
import Testing

/// What was only planned is put aside by the next idea, or by its owner, and can be taken up again.
@Suite("What is put aside") struct BuildAsideTests {
  let rig: BuildRig

  init() throws {
    rig = try BuildRig()
  }

  private func build(_ id: String) throws -> Build {
    try #require(try rig.bot.database.read { try $0.builds.find(id) })
  }

  @Test func isNamedWithItsCostAndBuiltAfterAll() async throws {
    try await rig.plan()
    let (first, spent) = (try rig.build(), try rig.spent().text)
    #expect(
      try await rig.say("/new another one")[0].hasSuffix(
        "\n\nI have put “Greeter” aside; its planning cost \(spent) credits so far."))
    let steps = rig.steps
    let button = try rig.button("Take up “Greeter” again")
    #expect(try await rig.press(data: button) == "Here it is.")
    #expect(try rig.lastText.hasPrefix("I have put “another one” aside"))
    #expect(try build(first.id).state == .quoted)
    #expect(try rig.build().state == .stopped)
    #expect(try rig.bot.account().activeProjectID == first.projectID)
    // Nothing of it was planned, and paid for, once more.
    #expect(rig.steps == steps)
    #expect(try await rig.press(data: button).hasPrefix("That button is out of date."))
    try await rig.press("Build it")
    #expect(try build(first.id).state == .delivered)
  }

  @Test func goesOnWithItsQuestionsWhereThereIsNoPlan() async throws {
    try await rig.say("/start")
    try await rig.say("/new a program that greets")
    try await rig.say("/cancel")
    #expect(try await rig.press("Take it up again") == "Here it is.")
    #expect(try rig.bot.texts().count { $0.hasPrefix("Before I plan it, 2 questions.") } == 2)
    #expect(try await rig.say("In Latin, please") == ["Thank you. I am planning it now."])
    #expect(try rig.build().state == .quoted)
    #expect(rig.steps == ["questions", "plan"])
  }

  /// What came of the call that was under way is not taken for a plan that has to be mended.
  @Test func isPlannedAnewWhereItWasBeingPlanned() async throws {
    let isOpen = Watched(false)
    rig.bot.gemini.onCall { request in
      if BuildRig.step(of: request) == "plan" { _ = isOpen.block(until: { $0 }) }
      return nil
    }
    try await rig.say("/start")
    try await rig.say("/new a program that greets")
    _ = try await rig.bot.press(try rig.button("Just build it"))
    try await rig.bot.gemini.requests.wait(for: "the call") { requests in
      requests.contains { BuildRig.step(of: $0) == "plan" }
    }
    // As if the stop came too late for the call.
    try rig.bot.execute("UPDATE builds SET state = 'stopped', version = version + 1")
    isOpen.change { $0 = true }
    await rig.bot.engine.builds.becomeIdle()
    let stopped = try rig.build()
    #expect(stopped.plan == nil)
    let data = "new:again:\(stopped.id):\(stopped.version)"
    #expect(try await rig.press(data: data) == "I am planning it now.")
    #expect(rig.steps == ["questions", "plan", "plan"])
    #expect(try rig.build().state == .quoted)
  }

  @Test func waitsForWhatIsBeingBuilt() async throws {
    try await rig.plan()
    try await rig.say("/cancel")
    let button = try rig.button("Take it up again")
    try await rig.say("/new another one")
    try rig.bot.execute(
      "UPDATE builds SET state = 'paused', cap_micro = 90000000 WHERE state <> 'stopped'")
    #expect(try await rig.press(data: button) == "I build one thing at a time.")
    #expect(try rig.build().state == .paused)
  }
}
