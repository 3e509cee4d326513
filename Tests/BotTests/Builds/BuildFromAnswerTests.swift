import Assistant
@testable import Bot
@testable import Builds
import Foundation
import GRDB
import Ledger
import Messaging
import TestSupport
import Testing

/// "Build this" under what a model has planned or sketched.
@Suite("Having an answer built") struct BuildFromAnswerTests {
  let rig: BuildRig

  init() throws {
    rig = try BuildRig()
  }

  private func answer(_ text: String, isCutOff: Bool = false) {
    rig.bot.gemini.answer.change { ($0.text, $0.isCutOff) = (text, isCutOff) }
  }

  private func title() throws -> String {
    let build = try rig.build()
    return try #require(try rig.bot.database.read { try $0.projects.find(build.projectID) }).title
  }

  @Test func beginsWithTheFirstQuestionAndTheWholeAnswer() async throws {
    try await rig.say("/start")
    answer("First the", isCutOff: true)
    try await rig.say("/plan a shop")
    answer(" till.")
    try await rig.press("Go on")
    #expect(try await rig.press("Build this") == "I am on it.")
    #expect(try rig.build().idea == "a shop\n\nFirst the till.")
    #expect(try title() == "a shop")
  }

  /// The words of the person name it, and if there are none, the message that they reply to.
  @Test(arguments: [("/plan", "I want a shop"), ("/plan with a till", "with a till")])
  func isCalledByTheWordsAlone(words: String, title: String) async throws {
    try await rig.say("/start")
    let replied: JSONValue = [
      "message_id": 3, "chat": .chat(42), "date": 1, "from": .user(42), "text": "I want a shop",
    ]
    try await rig.bot.deliver("message", .message(words, adding: ["reply_to_message": replied]))
    await rig.bot.engine.dispatcher.becomeIdle()
    try await rig.press("Build this")
    #expect(try self.title() == title)
    #expect(try rig.build().idea.hasPrefix("(In reply to this earlier message of mine:)\n> I want"))
  }

  /// The tasks of a plan stand at its end.
  @Test(arguments: [1_000, 10_000]) func bringsTheEndOfALongAnswerAlong(words: Int) async throws {
    try await rig.say("/start")
    answer(String(repeating: "word ", count: words) + "\n- [ ] the last task")
    try await rig.say("/plan a shop")
    try await rig.press("Build this")
    let idea = try rig.build().idea
    #expect(idea.hasPrefix("a shop\n\nword"))
    #expect(idea.hasSuffix("\n- [ ] the last task"))
    #expect(idea.contains("are left out here") == (words > 1_000))
    #expect(idea.utf8.count <= Build.maximumWords)
  }

  @Test func twoTapsBeginOnce() async throws {
    try await rig.say("/start")
    answer("A till.")
    try await rig.say("/plan a shop")
    let button = try rig.button("Build this")
    #expect(try await rig.press(data: button) == "I am on it.")
    let (version, steps) = (try rig.build().version, rig.steps)
    #expect(try await rig.press(data: button) == "I am already on it.")
    #expect(try rig.bot.count("builds") == 1)
    #expect(try rig.build().version == version)
    #expect(rig.steps == steps)
  }

  @Test func doesNotSayYesWhileAnotherOneIsBuilt() async throws {
    try await rig.plan()
    try rig.bot.execute("UPDATE builds SET state = 'paused', cap_micro = 90000000")
    answer("A till.")
    try await rig.say("/plan a shop")
    #expect(try await rig.press("Build this") == "I cannot begin that now.")
    #expect(try rig.lastText.hasPrefix("I am already at work on “Greeter”"))
    #expect(try rig.bot.count("projects") == 1)
  }
}
