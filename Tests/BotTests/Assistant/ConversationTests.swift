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

  @Test func bringsManyShortMessagesAlong() async throws {
    try await rig.say("/start")
    try append((1...60).map { ("question \($0)", "answer \($0)") })
    try await rig.say("Now")
    #expect(rig.lastPrompt().count == 121)
    #expect(rig.lastPrompt().first == "user: question 1")
    #expect(rig.lastPrompt().last == "user: Now")
  }

  /// 3,000 bytes of question and 29,000 of answer are 8,000 tokens, and one more for each.
  @Test func bringsQuestionsAlongWithTheirAnswersOrNotAtAll() async throws {
    try await rig.say("/start")
    try append([
      (String(repeating: "q", count: 3_000), String(repeating: "a", count: 28_000)),
      ("Short?", "Yes."),
    ])
    try await rig.say("Now")
    #expect(rig.lastPrompt().count == 5)
    try append([(String(repeating: "r", count: 1_200), "No.")])
    try await rig.say("And now?")
    #expect(rig.lastPrompt().first == "user: Short?")
  }

  /// The next question is about it.
  @Test func bringsTheLastAnswerAlongHoweverLongItIs() async throws {
    try await rig.say("/start")
    try append([("Short?", "Yes."), ("Write a game.", String(repeating: "code ", count: 12_000))])
    try await rig.say("Now make it faster")
    #expect(rig.lastPrompt().count == 3)
    #expect(rig.lastPrompt().first == "user: Write a game.")
  }

  /// It can be continued by nobody who has not read it.
  @Test func bringsWhatIsToGoOnAlongAtAnyLength() async throws {
    try await rig.say("/start")
    try append([("Write a novel.", String(repeating: "word ", count: 40_000))])
    try await rig.say("Shorter")
    #expect(rig.lastPrompt().count == 1)
    try await rig.say("/reset")
    try append([("Write a novel.", String(repeating: "word ", count: 40_000))])
    _ = try await rig.press("goon:1000")
    #expect(rig.lastPrompt().count == 3)
  }

  private static let cut =
    "(Our conversation has become long, so its beginning no longer goes along with your questions; "
    + "/reset begins a fresh one.)"

  @Test func isToldOnceThatItsBeginningIsLeftOut() async throws {
    try await rig.say("/start")
    let long = String(repeating: "word ", count: 3_000)
    try append((1...2).map { ("question \($0)", long) })
    #expect(try await rig.say("Fits").first?.contains(Self.cut) == false)
    try append([("question 3", long)])
    #expect(try await rig.say("Now").first?.contains(Self.cut) == true)
    #expect(try await rig.say("And now?").first?.contains(Self.cut) == false)
    // Another conversation is another matter.
    try await rig.say("/new Shop")
    #expect(try await rig.say("Here?").first?.contains(Self.cut) == false)
    try await rig.say("/done")
    try await rig.say("/reset")
    try append((1...4).map { ("question \($0)", long) })
    #expect(try await rig.say("Afresh").first?.contains(Self.cut) == true)
  }

  /// Messages that are too many for the table are left out for good.
  @Test func isToldWhenMessagesAreForgotten() async throws {
    try await rig.say("/start")
    try append((1...99).map { ("question \($0)", "answer \($0)") })
    #expect(try await rig.say("Now").first?.contains(Self.cut) == false)
    #expect(try await rig.say("And now?").first?.contains(Self.cut) == true)
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
      for (number, (question, answer)) in exchanges.enumerated() {
        try Conversation(userID: account.id, projectID: nil).append(
          question: question, answer: answer, updateID: Int64(1_000 + number), in: tx)
      }
    }
  }
}
