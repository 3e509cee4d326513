@testable import Builds
import Foundation
import Ledger
import Software
import TestSupport
import Testing
import Workshop

@Suite("Builds") struct BuildTests {
  @Test(arguments: [BotRig.flash, BotRig.sonnet])
  func walkFromAnIdeaToAZip(model: String) async throws {
    let rig = try BuildRig(model: model)
    try await rig.say("/start")
    #expect(try await rig.say("/new a program that greets")[0].contains("“a program that"))
    let questions = try rig.lastText
    #expect(questions.contains("1. In which language?"))
    #expect(questions.contains("Just build it"))
    #expect(try await rig.press("1. German") == "Noted.")
    #expect(try rig.lastText.contains("✓ German"))
    try await rig.press("2. You decide")
    let build = try rig.build()
    #expect(build.state == .quoted)
    #expect(build.answeredQuestions.map(\.answer) == ["German", "you decide"])
    #expect(try rig.lastText.contains("never more than \(build.quote!.cap.text)"))
    rig.outcomes.change { $0 = [false] }
    try await rig.press("Build it")
    #expect(try rig.build().state == .delivered)
    #expect(rig.steps == ["questions", "plan", "task", "repair", "task", "review"])
    #expect(
      rig.runs.value.map(\.command) == [
        "python3 greet.py", "python3 greet.py", "python3 -m unittest",
      ])
    #expect(try rig.files()["greet.py"] == "print('Hello')\n")
    let zip = try #require(try rig.bot.replies().last { $0.method == "sendDocument" })
    #expect(zip.state == "queued")
    let summary = try #require(try rig.bot.texts().last { $0.contains("is ready") })
    #expect(summary.contains("Ran and passed: 2 of 2 tasks"))
    #expect(summary.contains("repairs (at our cost)"))
    #expect(summary.contains("\(try rig.spent().text) credits of at most \(build.quote!.cap.text)"))
    #expect(try rig.spent() <= build.quote!.cap)
    #expect(rig.bot.gemini.violations.value + rig.bot.openRouter.violations.value == [])
  }
}
