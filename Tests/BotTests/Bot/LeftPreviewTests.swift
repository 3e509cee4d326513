@testable import Bot
import Commands
import GRDB
import Ledger
@testable import Messaging
import Testing
import TestSupport

/// What is shown of a growing answer goes where the answer does not take its place.
@Suite("What is left of a growing answer")
struct LeftPreviewTests {
  private static let group: Int64 = -100

  /// So long that it comes as two messages and a file.
  private static let long = String(repeating: "word ", count: 4_500)

  private func growing(
    _ text: String = "First", chat: Int64 = 42, parts: Int = 1
  ) async throws -> (StreamingRig, id: Int64) {
    let rig = try await StreamingRig()
    let id = try await rig.ask(
      chat == 42 ? "How?" : "@devbot how?", chat: chat == 42 ? nil : chat)
    rig.answer.say(text)
    try await rig.fake.state.wait(for: "all parts") { state in
      let shown = state.messages.filter { $0.chatID == chat && !$0.text.hasPrefix("Welcome") }
      return shown.count == parts && shown.last?.text.hasSuffix("▌") == true
    }
    return (rig, id)
  }

  private func refuseTexts(
    _ words: String, in rig: StreamingRig, chat: Int64
  ) {
    rig.fake.onCall { call in
      guard ["sendMessage", "editMessageText"].contains(call.method),
        call.parameters["chat_id"]?.integer == chat
      else { return nil }
      return .badRequest(words)
    }
  }

  @Test func goesWhereTelegramLetsNobodyEditIt() async throws {
    let (rig, _) = try await growing()
    rig.fake.onCall {
      $0.method == "editMessageText" ? .badRequest("message can't be edited") : nil
    }
    rig.answer.end()
    await rig.waitForEnd()
    // What is queued while a reply is sent.
    await rig.delivering.send()
    #expect(rig.messages().map { $0.text.prefix(14) } == ["First.\n\nCost: "])
    #expect(try rig.bot.account().balance < rig.bot.settings.initialGrant)
  }

  @Test func ofABlockerGoesOnceTheyAreBackAndOnlyTheAnswerIsKept() async throws {
    let (rig, _) = try await growing(Self.long, parts: 6)
    rig.fake.refuse(.forbiddenBlocked, inChat: 42)
    rig.answer.end()
    await rig.waitForEnd()
    let charged = try rig.bot.account().balance
    #expect(charged < rig.bot.settings.initialGrant)
    rig.fake.refuse(nil, inChat: 42)
    try await rig.delivering.deliver("message", .message("/help"))
    let texts = rig.messages().map(\.text)
    #expect(texts.map { String($0.prefix(5)) } == ["Good ", "word ", "word ", "The w", "Write"])
    #expect(texts.dropLast().last?.contains("Cost: ") == true)
    #expect(rig.fake.state.value.documents.count == 1)
    #expect(try rig.bot.account().balance == charged)
  }

  @Test func isNoAnswerToWhoGetsNone() async throws {
    let (rig, _) = try await growing(Self.long, parts: 6)
    rig.fake.onCall { call in
      let isNote = call.parameters["text"]?.string?.hasPrefix("Telegram did not") == true
      let isAnswer = ["sendMessage", "editMessageText", "sendDocument"].contains(call.method)
      return isAnswer && !isNote ? .badRequest("MESSAGE_INVALID") : nil
    }
    rig.answer.end()
    await rig.waitForEnd()
    #expect(rig.messages().last?.text.hasPrefix("Telegram did not") == true)
    #expect(try rig.bot.account().balance == rig.bot.settings.initialGrant)
    #expect(try rig.bot.usage().map { $0["loss_cause"] as String? } == ["undelivered"])
  }

  @Test func inAGroupGoesWhereTheAnswerGoesToTheAsker() async throws {
    let (rig, _) = try await growing(chat: Self.group)
    refuseTexts("not enough rights to send text messages", in: rig, chat: Self.group)
    rig.answer.end()
    await rig.waitForEnd()
    #expect(rig.messages(in: Self.group).isEmpty)
    #expect(rig.messages().last?.text.hasPrefix("First.\n\nCost: ") == true)
  }

  /// Frames wait for no replica: the rows of the last ones may be lost with the machine.
  @Test func isTakenAwayByATapWhereItsRowWasLost() async throws {
    let (rig, id) = try await growing()
    try rig.bot.execute("DELETE FROM previews")
    let shown = try #require(rig.messages().first)
    rig.answer.end()
    await rig.waitForEnd()
    #expect(rig.messages().count == 2)
    // Whatever else was sent stays, whatever a modified client sends as its data.
    let greeting = try #require(rig.fake.state.value.messages.first)
    for message in [greeting, rig.messages()[1]] {
      try await rig.press("stop:\(id)", under: message)
    }
    #expect(rig.fake.state.value.messages.count == 3)
    // Twice is the same as once.
    for _ in 1...2 { try await rig.press("stop:\(id)", under: shown) }
    #expect(rig.messages().map { $0.text.prefix(14) } == ["First.\n\nCost: "])
    let removals = try rig.bot.replies().filter { $0.method == "deleteMessage" }
    #expect(removals.map(\.state) == ["sent", "sent"])
  }
}
