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

/// A bot whose answers are seen as they grow; a Telegram that answers, and a model that speaks step
/// by step.
final class StreamingRig: Sendable {
  let bot: BotRig
  let delivering: DeliveringRig
  let answer = SlowAnswer()

  var fake: FakeTelegram { delivering.fake }

  init(
    _ streaming: AnswerStreaming = .edits, richMessages: RichMessages = .never,
    wait: (@Sendable (Duration) async -> Void)? = nil
  ) async throws {
    bot = try BotRig(
      streaming: streaming, richMessages: richMessages,
      wait: wait ?? { pause in
        // A draft is renewed until the answer is there; other pauses are a fiftieth.
        guard pause < GrowingAnswer.draftRenewal else { return await untilCancelled() }
        try? await ContinuousClock().sleep(for: pause / 50)
      })
    delivering = try DeliveringRig(bot)
    try await delivering.deliver("message", .message("/start"))
    bot.gemini.replyNext(answer.reply)
  }

  /// Asks, and returns the id of the update; the answer is under way.
  func ask(_ text: String = "How do I sort?", chat: Int64? = nil) async throws -> Int64 {
    try await bot.deliver("message", .message(text, chat: chat))
  }

  /// Waits for the last message in the chat to read so.
  func waitForText(
    in chat: Int64 = 42, _ what: String, until condition: @escaping @Sendable (String) -> Bool
  ) async throws {
    try await fake.state.wait(for: what) { state in
      state.sent(to: chat).last.map(condition) ?? false
    }
  }

  func press(
    _ data: String, under message: FakeTelegramState.SentMessage, from user: Int64 = 42
  ) async throws {
    guard case .object(var press) = JSONValue.press(data, from: user) else { return }
    press["message"] = [
      "message_id": .integer(message.id), "chat": .chat(message.chatID), "date": 1_800_000_000,
    ]
    try await delivering.deliver("callback_query", .object(press))
  }

  func waitForEnd() async {
    await bot.engine.dispatcher.becomeIdle()
    await delivering.send()
  }

  /// Messages in the chat after the first, which greets.
  func messages(in chat: Int64 = 42) -> [FakeTelegramState.SentMessage] {
    let all = fake.state.value.messages.filter { $0.chatID == chat }
    return chat == 42 ? Array(all.dropFirst()) : all
  }
}

@Suite("An answer that grows")
struct StreamingTests {
  @Test func isOneMessageThatIsEditedUntilItIsTheAnswer() async throws {
    let rig = try await StreamingRig()
    let id = try await rig.ask()
    rig.answer.say("First, ")
    try await rig.waitForText("the first words") { $0 == "First, ▌" }
    let shown = try #require(rig.messages().first)
    #expect(shown.parameters["reply_parameters"]?["message_id"] == 7)
    let stop = shown.replyMarkup?["inline_keyboard"]?.array?.first?.array?.first
    #expect(stop?["callback_data"]?.string == "stop:\(id)")

    rig.answer.say("compare.")
    try await rig.waitForText("more") { $0 == "First, compare. ▌" }
    rig.answer.end(" Then swap.")
    await rig.waitForEnd()
    let messages = rig.messages()
    #expect(messages.count == 1 && messages.first?.id == shown.id)
    #expect(messages.first?.text.hasPrefix("First, compare. Then swap.\n\nCost: ") == true)
    let button = messages.first?.replyMarkup?["inline_keyboard"]?.array?.first?.array?.first
    #expect(button?["text"]?.string == "Again")
    #expect(try rig.bot.count("previews") == 1)
  }

  @Test func isFormattedAsFarAsItHasCome() async throws {
    let rig = try await StreamingRig()
    _ = try await rig.ask()
    rig.answer.say("**First** and **more")
    try await rig.waitForText("the first words") { $0 == "First and **more ▌" }
    let entity = rig.messages().first?.parameters["entities"]?.array?.first
    #expect(entity?["type"] == "bold" && entity?["offset"] == 0 && entity?["length"] == 5)
    rig.answer.end("**")
    await rig.waitForEnd()
    #expect(rig.messages().map(\.text).first?.hasPrefix("First and more\n\nCost: ") == true)
  }

  @Test func thatEndsBeforeItsFirstWordsAreShownNeedsNoPreview() async throws {
    let rig = try await StreamingRig()
    rig.answer.end("Done.")
    _ = try await rig.ask()
    await rig.waitForEnd()
    #expect(rig.messages().count == 1)
    #expect(rig.messages().first?.text.hasPrefix("Done.\n\nCost: ") == true)
  }

  @Test func waitsBetweenEditsAsTheChatDemands() async throws {
    for (chat, pause) in [(Int64(42), GrowingAnswer.pauseInPrivate), (-100, .milliseconds(3_100))] {
      let rig = try await StreamingRig()
      _ = try await rig.ask(chat == 42 ? "How?" : "@devbot how?", chat: chat == 42 ? nil : chat)
      rig.answer.say("One")
      try await rig.waitForText(in: chat, "the first words") { $0 == "One ▌" }
      try await rig.bot.waits.wait(for: "a pause") { $0.contains(pause) }
      rig.answer.end()
      await rig.waitForEnd()
      #expect(rig.messages(in: chat).count == 1)
    }
  }

  @Test func whoseFirstMessageWasLostComesAsANewOne() async throws {
    let rig = try await StreamingRig()
    rig.fake.fail("sendMessage", with: .loseAnswer)
    let id = try await rig.ask()
    rig.answer.say("First")
    try await rig.waitForText("the first words") { $0 == "First ▌" }
    rig.answer.end()
    await rig.waitForEnd()
    let messages = rig.messages()
    #expect(messages.map(\.text).first == "First ▌")
    #expect(messages.count == 2 && messages.last?.text.hasPrefix("First.\n\n") == true)

    // A tap on the button of the one that is left takes it away; nothing else goes by such data.
    try await rig.press("stop:\(id)", under: messages[1])
    #expect(rig.messages().count == 2)
    try await rig.press("stop:\(id)", under: messages[0], from: 43)
    #expect(rig.messages().count == 2)
    try await rig.press("stop:\(id)", under: messages[0])
    #expect(rig.messages().map(\.id) == [messages[1].id])
    #expect(try rig.bot.usage().count == 1)
  }

  @Test(arguments: [
    "message to edit not found", "message can't be edited", "MESSAGE_ID_INVALID",
  ])
  func isANewMessageWhereThePreviewCannotBeEdited(words: String) async throws {
    let rig = try await StreamingRig()
    _ = try await rig.ask()
    rig.answer.say("First")
    try await rig.waitForText("the first words") { $0 == "First ▌" }
    rig.fake.onCall { $0.method == "editMessageText" ? .badRequest(words) : nil }
    rig.answer.end()
    await rig.waitForEnd()
    #expect(rig.messages().count == 2)
    #expect(rig.messages().last?.text.hasPrefix("First.\n\nCost: ") == true)
    // Nothing is given back.
    #expect(try rig.bot.account().balance < rig.bot.settings.initialGrant)
    #expect(try rig.bot.usage().map { $0["charged_to"] as String } == ["user"])
  }

  @Test(arguments: [FakeTelegramFault.loseAnswer, .truncated])
  func isOneMessageWhereTelegramDoesNotSayThatItHasIt(fault: FakeTelegramFault) async throws {
    let rig = try await StreamingRig()
    let id = try await rig.ask()
    rig.answer.say("First")
    try await rig.waitForText("the first words") { $0 == "First ▌" }
    let finals = Watched(0)
    rig.fake.onCall { call in
      guard call.parameters["text"]?.string?.contains("\n\nCost: ") == true else { return nil }
      let number = finals.change { count in
        count += 1
        return count
      }
      return number == 1 ? fault : nil
    }
    rig.answer.end()
    await rig.waitForEnd()
    #expect(finals.value == 2)
    let messages = rig.messages()
    #expect(messages.count == 1)
    #expect(messages.first?.text.hasPrefix("First.\n\nCost: ") == true)
    #expect(try rig.bot.usage().map { $0["charged_to"] as String } == ["user"])
    #expect(try rig.bot.replies(to: id).map(\.state) == ["sent"])
    let known = try rig.bot.database.read {
      try Int64.fetchAll(
        $0.db, sql: "SELECT message_id FROM outbox WHERE update_id = ?", arguments: [id])
    }
    #expect(known == messages.map(\.id))
  }

  @Test func leavesFullPartsAsTheyAreAndBeginsTheNext() async throws {
    let rig = try await StreamingRig()
    _ = try await rig.ask()
    let first = String(repeating: "word ", count: 800)
    rig.answer.say(first)
    try await rig.waitForText("the first part") { $0.hasSuffix("word ▌") }
    rig.answer.say(String(repeating: "more ", count: 100))
    try await rig.waitForText("the second part") { $0.hasPrefix("more") && $0.hasSuffix("▌") }
    let shown = rig.messages()
    #expect(shown.count == 2 && !shown[0].text.hasSuffix("▌"))
    #expect(shown[0].replyMarkup == nil)
    rig.answer.end("The end.")
    await rig.waitForEnd()
    let messages = rig.messages()
    #expect(messages.map(\.id) == shown.map(\.id))
    #expect(messages[0].text == shown[0].text)
    #expect(messages[1].text.contains("The end.\n\nCost: "))
  }

  @Test func thatFailsBecomesTheApologyAndLeavesNothingElse() async throws {
    let rig = try await StreamingRig()
    _ = try await rig.ask()
    rig.answer.say(String(repeating: "word ", count: 900))
    try await rig.fake.state.wait(for: "the second part") { $0.sent(to: 42).count == 3 }
    rig.answer.breakOff()
    await rig.waitForEnd()
    #expect(rig.messages().count == 1)
    #expect(rig.messages().first?.text.hasSuffix("It cost you nothing.") == true)
    #expect(try rig.bot.account().balance == rig.bot.settings.initialGrant)
  }

  @Test func comesWholeAfterTelegramHasAskedForPatienceThreeTimes() async throws {
    let rig = try await StreamingRig()
    let patience = FakeTelegramFault.tooManyRequests(retryAfter: 0)
    rig.fake.fail("sendMessage", with: patience, patience, patience)
    _ = try await rig.ask()
    rig.answer.say("First")
    try await rig.fake.state.wait(for: "three attempts") {
      $0.calls(of: "sendMessage").count >= 4
    }
    rig.answer.say(" and more")
    rig.answer.end()
    await rig.waitForEnd()
    #expect(rig.messages().map { $0.text.prefix(15) } == ["First and more."])
    #expect(rig.fake.state.value.calls(of: "sendMessage").count == 5)
    #expect(try rig.bot.count("previews") == 0)
  }

  @Test func isADraftInPrivateWhereTheOperatorLikesThat() async throws {
    let rig = try await StreamingRig(.drafts)
    let id = try await rig.ask()
    rig.answer.say("First")
    try await rig.fake.state.wait(for: "a draft") { $0.drafts[42]?.values.first == "First ▌" }
    #expect(rig.fake.state.value.drafts[42]?.keys.first == id * 256)
    let call = try #require(rig.fake.state.value.calls(of: "sendMessageDraft").first)
    #expect(call.parameters["can_stop"] == true && call.parameters["keep_on_stop"] == true)
    #expect(try rig.bot.count("previews") == 0)
    // As the server sends it: its digits as a string.
    try await rig.bot.deliver(
      "stopped_message_generation", ["chat": .chat(42), "draft_id": .string("\(id * 256)")])
    await rig.waitForEnd()
    #expect(rig.messages().count == 1)
    #expect(rig.messages().first?.text.hasPrefix("First\n\n") == true)
  }
}
