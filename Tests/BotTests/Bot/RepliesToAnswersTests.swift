@testable import Assistant
@testable import Bot
import Commands
import Foundation
import GRDB
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// What becomes of a conversation whose person replies to an answer, edits a question, or wants all
/// of it forgotten.
@Suite("A conversation's turns")
struct RepliesToAnswersTests {
  let rig: BotRig
  let delivering: DeliveringRig

  init() async throws {
    rig = try BotRig()
    delivering = try DeliveringRig(rig)
    try await delivering.deliver("message", .message("/start"))
  }

  private func say(
    _ text: String, answer: String? = nil, message: Int64 = 7, in chat: Int64? = nil,
    from user: Int64 = 42, _ more: [String: JSONValue] = [:]
  ) async throws {
    if let answer { rig.gemini.answer.change { $0.text = answer } }
    try await delivering.deliver(
      "message",
      .message(
        text, from: user, chat: chat,
        adding: more.merging(["message_id": .integer(message)]) { $1 }))
  }

  /// A reply to the last message whose text begins so.
  private func reply(to beginning: String) throws -> [String: JSONValue] {
    let found = delivering.fake.state.value.messages.last { $0.text.hasPrefix(beginning) }
    let message = try #require(found)
    return [
      "reply_to_message": [
        "message_id": .integer(message.id), "chat": .chat(message.chatID), "date": 1,
        "text": .string(message.text), "from": .user(FakeTelegram.botID),
      ]
    ]
  }

  @Test func goOnFromTheAnswerThatIsRepliedTo() async throws {
    for (question, answer) in [("One?", "First."), ("Two?", "Second."), ("Three?", "Third.")] {
      try await say(question, answer: answer)
    }
    try await say("Why?", answer: "Because.", try reply(to: "First."))
    #expect(rig.lastPrompt() == ["user: One?", "model: First.", "user: Why?"])
    // Again stays there.
    let press = try #require(try rig.replies().last { !$0.buttons.isEmpty }).buttons[0].data
    _ = try await rig.press(press)
    #expect(rig.lastPrompt() == ["user: One?", "model: First.", "user: Why?"])
    // And nothing is forgotten for it.
    try await say("And now?")
    #expect(rig.lastPrompt().count == 9)
    // What is picked of an answer is pointed at.
    let picked = try reply(to: "Second.").merging(["quote": ["text": "Sec"]]) { $1 }
    try await say("This?", picked)
    #expect(
      rig.lastPrompt().last == """
        user: (In reply to this message of yours, where it says:)
        > Sec

        This?
        """)
  }

  @Test func stayInTheProjectOfTheAnswer() async throws {
    try await say("/new Shop")
    try await say("Within", answer: "Inside.")
    try await say("/done")
    try await say("Outside", answer: "Around.")
    try await say("Why?", try reply(to: "Inside."))
    #expect(rig.lastPrompt() == ["user: Within", "model: Inside.", "user: Why?"])
    let projects = try rig.holds().map { $0.projectID != nil }
    #expect(projects == [true, false, true])
  }

  @Test func goOnInAGroupFromOnesOwnAnswers() async throws {
    try await say("/start", from: 43)
    try await say("My secret", answer: "Kept.")
    try await say("@devbot one?", answer: "First.", in: -100)
    try await say("@devbot two?", answer: "Second.", in: -100)
    #expect(rig.lastPrompt() == ["user: two?"])
    try await say("Why?", answer: "Because.", in: -100, try reply(to: "First."))
    #expect(rig.lastPrompt() == ["user: one?", "model: First.", "user: Why?"])
    try await say("Really?", in: -100, try reply(to: "Because."))
    #expect(
      rig.lastPrompt() == [
        "user: one?", "model: First.", "user: Why?", "model: Because.", "user: Really?",
      ])
    // To others, it is a message that is quoted.
    try await say("And me?", in: -100, from: 43, try reply(to: "First."))
    #expect(rig.lastPrompt().count == 1)
    #expect(rig.lastPrompt()[0].hasPrefix("user: (In reply to this message of yours:)\n> First."))
  }

  private func edit(
    _ text: String, message: Int64, in chat: Int64? = nil
  ) async throws -> OutboxRow? {
    let id = try await delivering.deliver(
      "edited_message",
      .message(
        text, chat: chat, adding: ["message_id": .integer(message), "edit_date": 1_800_000_000]))
    return try rig.replies(to: id).last
  }

  @Test func theNewestQuestionIsAnsweredAsItIsNow() async throws {
    try await say("Before", answer: "First.", message: 20)
    try await say("Why teh sky?", answer: "What?", message: 21)
    let offer = try #require(try await edit("Why the sky?", message: 21))
    #expect(
      offer.text
        == "I have answered your question as you first sent it. Shall I answer the edited one "
        + "instead?")
    #expect(offer.buttons.map(\.title) == ["Answer the edited one"])
    rig.gemini.answer.change { $0.text = "Blue." }
    _ = try await rig.press(offer.buttons[0].data)
    #expect(rig.lastPrompt() == ["user: Before", "model: First.", "user: Why the sky?"])
    let second = try await rig.press(offer.buttons[0].data)
    #expect(
      second.first?.text
        == "This is settled already. To ask it again, please send it as a new message.")
    try await say("And now?", message: 22)
    #expect(
      rig.lastPrompt() == [
        "user: Before", "model: First.", "user: Why the sky?", "model: Blue.", "user: And now?",
      ])
    #expect(try rig.holds().count == 4)
    // An older one is what it was.
    let old = try #require(try await edit("Why is the sky?", message: 21))
    #expect(old.text.hasPrefix("I answer messages as they were first sent."))
    #expect(old.buttons.isEmpty)
  }

  @Test func inAGroupThatIsOfferedToo() async throws {
    // The private chat has a message of that number as well.
    try await say("My secret", answer: "Kept.", message: 21)
    try await say("@devbot why teh sky?", answer: "What?", message: 21, in: -100)
    #expect(try await edit("@devbot why the sky?", message: 20, in: -100) == nil)
    let offer = try #require(try await edit("@devbot why the sky?", message: 21, in: -100))
    #expect(offer.chatID == -100 && offer.buttons.count == 1)
    let other = try await rig.press(offer.buttons[0].data, from: 43)
    #expect(other.first?.text == "Only whoever asked can do this.")
    _ = try await rig.press(offer.buttons[0].data)
    #expect(rig.lastPrompt() == ["user: why the sky?"])
    #expect(try rig.replies().last?.chatID == -100)
  }

  /// It may have been edited more than once, and is then asked as a command even.
  @Test func theNewestQuestionMayBeEditedTwice() async throws {
    try await say("a loop", answer: "What?", message: 21)
    let first = try #require(try await edit("/code a loop", message: 21))
    _ = try await rig.press(first.buttons[0].data)
    let second = try #require(try await edit("/code a for loop", message: 21))
    _ = try await rig.press(second.buttons[0].data)
    #expect(rig.lastPrompt() == ["user: a for loop"])
    #expect(try rig.usage().last?["task_type"] == "coding")
    let free = try #require(try await edit("/credits", message: 21))
    #expect(free.buttons.isEmpty)
  }

  @Test func onlyTheNewestEditIsAnswered() async throws {
    try await say("Why teh?", answer: "What?", message: 21)
    let half = try #require(try await edit("Why the?", message: 21))
    let whole = try #require(try await edit("Why the sky?", message: 21))
    let passed = try await rig.press(half.buttons[0].data)
    #expect(passed.first?.text.hasPrefix("This is settled already.") == true)
    #expect(rig.gemini.paidCalls.count == 1)
    _ = try await rig.press(whole.buttons[0].data)
    #expect(rig.lastPrompt() == ["user: Why the sky?"])
    // What follows a newer question would take an earlier answer out of the conversation.
    let late = try #require(try await edit("Why the blue sky?", message: 21))
    try await say("And now?", message: 22)
    let press = try await rig.press(late.buttons[0].data)
    #expect(
      press.map(\.text) == [
        "You have asked something else since. Please send it as a new message."
      ])
    #expect(rig.gemini.paidCalls.count == 3)
  }

  /// The edit is of one part, and the others are not in it.
  @Test func aLongPasteIsNotAskedAnewByAnEditOfOnePart() async throws {
    let long = String(repeating: "word ", count: 800)
    let parts: [JSONValue] = [
      .message(long, adding: ["message_id": 21]), .message("more", adding: ["message_id": 22]),
    ]
    _ = try await rig.deliverTogether(parts)
    await rig.engine.dispatcher.becomeIdle()
    #expect(rig.gemini.paidCalls.count == 1)
    let reply = try #require(try await edit(long + "!", message: 21))
    #expect(reply.text.hasPrefix("I answer messages as they were first sent."))
  }

  @Test func aResetForgetsTheContextAndNotTheJournal() async throws {
    try await say("One?", answer: "First.")
    try await say("/new Shop")
    try await say("Within", answer: "Inside.")
    let spent = try rig.count("credit_transactions")
    try await say("/reset")
    #expect(
      delivering.fake.state.value.messages.last?.text
        == "I have forgotten our conversation in \"Shop\"; your next question starts afresh.")
    // Its buttons are gone, and pressed all the same they do nothing.
    let inside = try #require(
      delivering.fake.state.value.messages.last { $0.text.hasPrefix("Inside.") })
    #expect(inside.replyMarkup == nil)
    let old = inside.parameters["reply_markup"]?["inline_keyboard"]?.array?[0].array?[0]
    let press = try await rig.press(try #require(old?["callback_data"]?.string))
    #expect(press.map(\.text) == [ModelOrchestrator.answerIsForgotten])
    try await say("Now?", answer: "Now.")
    #expect(rig.lastPrompt() == ["user: Now?"])
    #expect(try rig.count("credit_transactions") == spent + 1)
    // Outside of the project, all is as it was.
    try await say("/done")
    try await say("And here?")
    #expect(rig.lastPrompt() == ["user: One?", "model: First.", "user: And here?"])
    // A reply to what is forgotten is quoted as any other message.
    try await say("Why?", try reply(to: "Inside."))
    #expect(rig.lastPrompt().last?.hasPrefix("user: (In reply to this message of yours:)") == true)
    try await say("/reset")
    try await say("/reset")
    #expect(
      delivering.fake.state.value.messages.last?.text
        == "There is nothing to forget: your next question starts afresh.")
  }

  @Test func nothingOfItOutlivesAnErasure() async throws {
    try await say("One?", answer: "First.")
    try await say("@devbot two?", answer: "Second.", in: -100)
    #expect(try rig.count("answer_messages") == 2)
    _ = try await rig.press("deletemydata:erase")
    try await say("/deletemydata")
    let data = try #require(try rig.replies().last { !$0.buttons.isEmpty }).buttons[0].data
    _ = try await rig.press(data)
    for table in ["conversation_messages", "answer_messages", "cut_conversations"] {
      #expect(try rig.count(table) == 0, "\(table)")
    }
  }
}
