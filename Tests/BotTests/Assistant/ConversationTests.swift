@testable import Assistant
import Bot
import Foundation
import GRDB
import LanguageModels
import Ledger
import Testing
import TestSupport

@Suite("Conversation")
struct ConversationTests {
  let rig: BotRig

  init() throws {
    rig = try BotRig()
  }

  @Test func goesAlongWithTheNextQuestion() async throws {
    rig.gemini.answer.change { $0.text = "Four." }
    try await rig.say("/start")
    try await rig.say("What is 2 + 2?")
    try await rig.say("And 3 + 3?")
    #expect(rig.lastPrompt() == ["user: What is 2 + 2?", "model: Four.", "user: And 3 + 3?"])
    #expect(rig.gemini.violations.value == [])
  }

  @Test func staysOutOfGroups() async throws {
    try await rig.say("/start")
    try await rig.say("My secret plan")
    _ = try await rig.deliver("message", .message("@devbot hello", chat: -100))
    await rig.engine.dispatcher.becomeIdle()
    #expect(rig.lastPrompt() == ["user: hello"])
    try await rig.say("And now?")
    #expect(rig.lastPrompt().first == "user: My secret plan")
    #expect(rig.lastPrompt().count == 3)
  }

  @Test func leavesOutCallsThatFailed() async throws {
    try await rig.say("/start")
    rig.gemini.replyNext(.json("{}", status: 500))
    try await rig.say("Lost")
    try await rig.say("Found")
    #expect(rig.lastPrompt() == ["user: Found"])
  }

  @Test func startsFreshInEachProject() async throws {
    try await rig.say("/start")
    try await rig.say("Before")
    try await rig.say("/new Shopping list")
    try await rig.say("Within")
    #expect(rig.lastPrompt() == ["user: Within"])
    try await rig.say("/done")
    try await rig.say("After")
    #expect(
      rig.lastPrompt().map { $0.prefix(12) } == ["user: Before", "model: Hello", "user: After"])
  }

  @Test func bringsTheLastTwentyMessagesAlong() async throws {
    try await rig.say("/start")
    try append((1...15).map { ("question \($0)", "answer \($0)") })
    try await rig.say("Now")
    #expect(rig.lastPrompt().count == 21)
    #expect(rig.lastPrompt().first == "user: question 6")
    #expect(rig.lastPrompt().last == "user: Now")
  }

  @Test func bringsNoMoreAlongThanItsTokensAllow() async throws {
    try await rig.say("/start")
    let long = String(repeating: "word ", count: 1_200)  // 6,000 bytes are 1,500 tokens.
    try append((1...5).map { ("question \($0)", "\($0) \(long)") })
    try await rig.say("Now")
    // Five answers are 7,500 tokens; the questions fit beside them.
    #expect(rig.lastPrompt().count == 11)
    try append([("question 6", "6 \(long)")])
    try await rig.say("Again")
    #expect(rig.lastPrompt().first?.hasPrefix("user: question 2") == true)
    #expect(rig.gemini.violations.value == [])
  }

  @Test func forgetsMessagesOfLongAgo() async throws {
    try await rig.say("/start")
    try append((1...120).map { ("question \($0)", "answer \($0)") })
    #expect(try rig.count("conversation_messages") == 200)
  }

  private func append(_ exchanges: [(String, String)]) throws {
    let account = try rig.account()
    try rig.database.write { tx in
      for (question, answer) in exchanges {
        try Conversation(userID: account.id, projectID: nil).append(
          question: question, answer: answer, updateID: 1, in: tx)
      }
    }
  }
}
