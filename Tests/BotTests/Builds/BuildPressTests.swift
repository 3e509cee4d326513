import Assistant
@testable import Bot
@testable import Builds
import Foundation
import GRDB
import Ledger
import Messaging
import Software
import TestSupport
import Testing

/// Buttons and words of builds.
@Suite("What people say of builds") struct BuildPressTests {
  let rig: BuildRig

  init() throws {
    rig = try BuildRig()
  }

  @Test func secondTapOnBuildBuildsNothingTwice() async throws {
    try await rig.plan()
    let button = try #require(
      try rig.bot.replies().flatMap(\.buttons).last { $0.title == "Build it" })
    try await rig.press(data: button.data)
    let spent = try rig.spent()
    // Its message stands without its buttons meanwhile.
    let method = "editMessageReplyMarkup"
    #expect(try rig.bot.replies().count { $0.method == method } == 1)
    #expect(try await rig.press(data: button.data) == "It has already been built and delivered.")
    #expect(try rig.bot.replies().count { $0.method == method } == 1)
    #expect(try rig.spent() == spent)
    #expect(try rig.bot.count("builds") == 1)
  }

  @Test func nobodyElsePressesTheButtons() async throws {
    try await rig.plan()
    let button = try #require(
      try rig.bot.replies().flatMap(\.buttons).last { $0.title == "Build it" })
    try await rig.say("/start", from: 43)
    #expect(try await rig.press(data: button.data, from: 43) == "That is not yours to decide.")
    #expect(try rig.build().state == .quoted)
  }

  @Test(arguments: [
    "new:", "new:build", "new:build:X:99", "new:build::", "new:answer:X:1:9:9", "new:from:77",
    "new:from:-", "files:0:x", "files:", "new:with:X:99999999999999999999:1",
  ])
  func surviveButtonsThatNobodyMade(data: String) async throws {
    try await rig.plan()
    let data = data.replacing("X", with: try rig.build().id)
    let state = try rig.build().state
    #expect(try await rig.press(data: data).hasSuffix("."))
    #expect(try rig.build().state == state)
  }

  @Test func wordsAnswerTheQuestions() async throws {
    try await rig.say("/start")
    try await rig.say("/new a program that greets")
    #expect(try await rig.say("In Latin, please") == ["Thank you. I am planning it now."])
    #expect(try rig.build().state == .quoted)
    let prompt = try #require(rig.bot.gemini.paidCalls.last)
    #expect(String(decoding: prompt.body, as: UTF8.self).contains("In Latin, please"))
    // From then on, what is said is a question again.
    #expect(try await rig.say("How do I sort?").first?.contains("I do not know.") == false)
  }

  @Test func changesThePlanInWords() async throws {
    try await rig.plan()
    let version = try rig.build().version
    try await rig.press("Change something")
    #expect(try rig.lastText == "What should be different? Write it to me in your own words.")
    try await rig.say("Greet in Latin")
    #expect(rig.steps == ["questions", "plan", "change of plan"])
    #expect(try rig.build().state == .quoted)
    #expect(try rig.build().version > version + 1)
  }

  @Test func cancelEndsAPlan() async throws {
    try await rig.plan()
    #expect(try await rig.press("Cancel") == "Stopped.")
    #expect(try rig.build().state == .stopped)
    #expect(
      try await rig.say("/cancel") == [
        "Nothing is being planned or built, so there is nothing to cancel."
      ])
  }

  /// The call under way is stopped, and charged for by the rule of stopped answers.
  @Test func stopEndsTheCallUnderWay() async throws {
    try await rig.plan()
    let isOpen = try await rig.beginToBuild()
    let replies = try await rig.bot.press(try rig.dataOfStop())
    #expect(replies.first?.text == "Stopped.")
    await rig.bot.engine.builds.becomeIdle()
    isOpen.change { $0 = true }
    #expect(try rig.build().state == .stopped)
    #expect(try rig.bot.holds().allSatisfy { $0.state != .pending })
    #expect(try rig.files() == [:])
  }

  /// Its charge comes with the end of the call.
  @Test func sayWhatItCostOnlyAsFarAsThatIsKnown() async throws {
    try await rig.plan()
    let isOpen = try await rig.beginToBuild()
    let before = try rig.spent().text
    let desk = rig.bot.engine.desk
    #expect(
      try await rig.bot.writer.writeOnce { try desk.interrupt(ofTelegramUser: 42, in: $0) })
    let further = "credits so far, and whatever the model had just written comes on top."
    #expect(try rig.lastText.contains("It has cost \(before) \(further) What is done is kept."))
    isOpen.change { $0 = true }
    await rig.bot.engine.builds.becomeIdle()
    let after = "It has cost \(try rig.spent().text) credits so far. "
    #expect(try await rig.say("/status").joined().contains(after + "What is done is kept."))
    #expect(try await rig.say("/cancel")[0] == "Stopped. \(after)Nothing was written yet.")
  }

  @Test func pauseLetsTheStepEndAndGoesOnLater() async throws {
    try await rig.plan()
    let isOpen = try await rig.beginToBuild()
    let build = try rig.build()
    let replies = try await rig.bot.press("new:pause:\(build.id):\(build.version)")
    #expect(replies.first?.text == "I will pause once this step is done.")
    isOpen.change { $0 = true }
    await rig.bot.engine.builds.becomeIdle()
    #expect(try rig.build().state == .paused)
    #expect(try rig.files().keys.sorted() == ["greet.py"])
    try await rig.press("Go on")
    #expect(try rig.build().state == .delivered)
  }

  /// Whatever the person works on when it is ready.
  @Test func deliverySaysHowToComeBackToIt() async throws {
    try await rig.plan()
    let isOpen = try await rig.beginToBuild()
    try rig.bot.beginProject("Another")
    isOpen.change { $0 = true }
    await rig.bot.engine.builds.becomeIdle()
    let summary = try #require(try rig.bot.texts().last { $0.contains("Greeter is ready") })
    #expect(summary.hasSuffix("send /refine and say what. /projects switches to it first."))
  }

  @Test func stopNamesTheCommandThatEndsABuildAndIsNotDone() async throws {
    try await rig.plan()
    let isOpen = try await rig.beginToBuild()
    #expect(
      try await rig.bot.say("/stop") == [
        "I am not working on an answer, so there is nothing to stop; /cancel ends what I am "
          + "building."
      ])
    #expect(try await rig.bot.say("/done") == ["I am still building \"Greeter\"; /cancel ends it."])
    isOpen.change { $0 = true }
    await rig.bot.engine.builds.becomeIdle()
    #expect(try rig.build().state == .delivered)
    // What is done is opened again as what it was.
    let project = try rig.build().projectID
    #expect(try await rig.say("/done")[0].hasPrefix("\"Greeter\" is done."))
    #expect(try await rig.say("/files") == ["No project is active. /projects lists yours."])
    #expect(try await rig.press(data: "projects:\(project)") == "Now working on \"Greeter\".")
    #expect(try await rig.say("/files")[0].contains("• greet.py"))
    #expect(try await rig.say("/history")[0].contains("• Greeter: delivered, "))
  }

  @Test func refineChangesWhatWasDelivered() async throws {
    try await rig.plan()
    try await rig.press("Build it")
    rig.script.change { $0["task"] = [BuildRig.greet, BuildRig.tests] }
    #expect(
      try await rig.say("/refine greet in Latin") == [
        "I am planning the change of “Greeter”, and will come back with what it costs."
      ])
    #expect(rig.steps.last == "refinement")
    try await rig.press("Build it")
    #expect(try rig.build().state == .delivered)
    #expect(try rig.build().kind == .refinement)
    #expect(try rig.bot.count("projects") == 1)
  }

  @Test func filesAreListedAndSent() async throws {
    try await rig.plan()
    try await rig.press("Build it")
    let list = try await rig.say("/files")
    #expect(list[0].contains("• greet.py (14 bytes)"), "\(list)")
    #expect(list[0].contains("• README.md"))
    #expect(try await rig.say("/files greet.py")[0] == "Here is greet.py.")
    #expect(try rig.bot.replies().last?.method == "sendDocument")
    #expect(try await rig.say("/files ../../etc/passwd")[0].hasPrefix("There is no such file"))
    #expect(try await rig.say("/history")[0].contains("• Greeter: delivered, "))
  }

  @Test func oneBuildAPersonAtATime() async throws {
    try await rig.plan()
    try rig.bot.execute("UPDATE builds SET state = 'paused', cap_micro = 90000000")
    #expect(try await rig.say("/new another one")[0].hasPrefix("I am already at work on “Greeter”"))
    #expect(try rig.bot.count("builds") == 1)
  }

  @Test func erasureEndsTheBuildAndTakesItsWordsAway() async throws {
    try await rig.plan("a program with a canary")
    try rig.bot.execute("UPDATE builds SET state = 'paused', cap_micro = 90000000")
    let build = try rig.build()
    try await rig.press(data: "new:go:\(build.id):\(build.version)")
    _ = try await rig.bot.press("deletemydata:yes")
    let words = try rig.bot.database.read { tx in
      try ["builds", "build_steps", "project_files", "projects"].flatMap { table in
        try Row.fetchAll(tx.db, sql: "SELECT * FROM \(table)").map { "\($0)" }
      }
    }
    #expect(!words.joined().contains("canary"), "\(words)")
    #expect(!words.joined().contains("greet"), "\(words)")
    #expect(try rig.build().state != .running)
  }

  /// Some systems take the two for one file.
  @Test func readmeOfAnotherCaseIsTheProjectsOwn() async throws {
    rig.script.change { $0["task"] = [BuildRig.greet, "readme.md\n````\nMine.\n````\n"] }
    try await rig.plan()
    try await rig.press("Build it")
    #expect(try rig.build().state == .delivered)
    #expect(try rig.files().keys.sorted() == ["greet.py", "readme.md"])
  }

  @Test(arguments: [
    "../evil.py", "/etc/passwd", ".git/config", "a/../../b", "con.txt", "greet.py/x",
  ])
  func hostilePathsAreNotWritten(path: String) async throws {
    rig.script.change { script in
      script["task"] = ["\(path)\n````\nboo\n````\n"]
      script["repair"] = ["\(path)\n````\nboo\n````\n"]
    }
    try await rig.plan()
    try await rig.press("Build it")
    #expect(try rig.build().state == .delivered)
    #expect(try rig.files().keys.filter { $0 != "README.md" && $0 != "greet.py/x" }.isEmpty)
  }
}
