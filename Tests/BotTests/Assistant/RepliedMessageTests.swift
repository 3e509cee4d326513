@testable import Assistant
import Bot
import GRDB
import Ledger
import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// What a question replies to goes along with it.
@Suite("What a question replies to")
struct RepliedMessageTests {
  let rig: BotRig

  init() async throws {
    rig = try BotRig()
    rig.gemini.answer.change { $0.text = "Use a heap.\n\nIt is fast." }
    try await rig.say("/start")
  }

  private static func reply(
    to text: String, from author: Int64, quoting quote: String? = nil
  ) -> [String: JSONValue] {
    var content: [String: JSONValue] = [
      "reply_to_message": [
        "message_id": 5, "chat": .chat(42), "date": 1_800_000_000, "text": .string(text),
        "from": author == FakeTelegram.botID
          ? ["id": .integer(author), "is_bot": true, "first_name": "Dev"] : .user(author),
      ]
    ]
    if let quote { content["quote"] = ["text": .string(quote), "position": 0] }
    return content
  }

  @discardableResult
  private func say(
    _ text: String, _ more: [String: JSONValue], chat: Int64? = nil
  ) async throws -> [String] {
    let id = try await rig.deliver("message", .message(text, chat: chat, adding: more))
    await rig.engine.dispatcher.becomeIdle()
    return try rig.texts(of: id)
  }

  @Test func goesAlongMarkedAndWithoutWhatItCost() async throws {
    let answer = "Old answer.\n> with a quote\n\nCost: 0.2325 credits · Left: 5.00 credits"
    try await say("Why?", Self.reply(to: answer, from: FakeTelegram.botID))
    #expect(
      rig.lastPrompt() == [
        """
        user: (In reply to this message of yours:)
        > Old answer.
        > > with a quote

        Why?
        """
      ])
    // So it is known to the next question, too.
    try await rig.say("And then?")
    #expect(rig.lastPrompt().first?.hasPrefix("user: (In reply to") == true)
  }

  @Test func isOnlyPointedAtWhereTheModelHasItAnyway() async throws {
    try await rig.say("How do I sort?")
    try await rig.say("And how do I search?")
    let cost = "\n\nCost: 0.2325 credits · Left: 99.7675 credits"
    rig.gemini.answer.change { $0.text = "Another answer." }
    try await rig.say("And how do I print?")
    try await say(
      "Why?", Self.reply(to: "Use a heap.\n\nIt is fast." + cost, from: FakeTelegram.botID))
    #expect(
      rig.lastPrompt().last == """
        user: (In reply to this message of yours, where it says:)
        > Use a heap. It is fast.

        Why?
        """)
    // What one replies to without saying so needs no word.
    try await say("How?", Self.reply(to: "Another answer." + cost, from: FakeTelegram.botID))
    #expect(rig.lastPrompt().last == "user: How?")
  }

  @Test func isTheQuotedPartWhereThereIsOne() async throws {
    try await say(
      "Is that so?", Self.reply(to: "A long letter.", from: 42, quoting: "long"))
    #expect(
      rig.lastPrompt() == [
        "user: (In reply to this earlier message of mine:)\n> long\n\nIs that so?"
      ])
  }

  /// Of a message in another chat, Telegram tells the quoted part alone.
  @Test func mayBeInAnotherChat() async throws {
    let origin: JSONValue = ["type": "hidden_user", "date": 1, "sender_user_name": "Eve"]
    try await say(
      "Is that so?",
      ["external_reply": ["origin": origin], "quote": ["text": "The earth is flat."]])
    #expect(
      rig.lastPrompt() == [
        """
        user: (In reply to this message, which somebody else wrote:)
        > The earth is flat.

        Is that so?
        """
      ])
  }

  @Test func isWhatACommandWithoutWordsIsAbout() async throws {
    try await say("/verify", Self.reply(to: "let x = 1 / 0", from: FakeTelegram.botID))
    #expect(
      rig.lastPrompt() == ["user: (In reply to this message of yours:)\n> let x = 1 / 0"])
    #expect(try rig.usage().map { $0["task_type"] as String } == ["verification"])
    let refusal = try await say("/verify", [:])
    #expect(refusal.first?.hasPrefix("Tell me more after the command") == true)
  }

  @Test func isWhatAMentionAloneIsAbout() async throws {
    try await say("@devbot", Self.reply(to: "How does one sort?", from: 43), chat: -100)
    #expect(
      rig.lastPrompt() == [
        "user: (In reply to this message, which somebody else wrote:)\n> How does one sort?"
      ])
  }

  /// Its caption, where it holds something else.
  @Test func mayBeACaption() async throws {
    var reply = Self.reply(to: "", from: 42)
    reply["reply_to_message"] = [
      "message_id": 5, "chat": .chat(42), "date": 1, "photo": [], "caption": "my garden",
      "from": .user(42),
    ]
    try await say("Is it nice?", reply)
    #expect(rig.lastPrompt().first?.contains("> my garden") == true)
  }
}
