@testable import Bot
import Commands
import Foundation
import GRDB
import Ledger
@testable import Messaging
import Testing
import TestSupport

/// Answers that hold tables or formulas, where the operator wants them as messages of blocks.
@Suite("Rich messages")
final class RichMessageTests {
  private static let table = """
    # Sizes

    Some **bold** words.

    | Name | Size |
    |---|---:|
    | `a` | 1 |
    """
  private static let formatFault = FakeTelegramFault.badRequest("RICH_MESSAGE_BLOCK_INVALID")

  private let bot: DeliveringRig
  private var fake: FakeTelegram { bot.fake }

  init() async throws {
    bot = try DeliveringRig(BotRig(richMessages: .whenNeeded))
    try await bot.deliver("message", .message("/start"))
    bot.rig.gemini.answer.change { $0.text = Self.table }
  }

  deinit {
    fake.stop()
  }

  private func ask(_ text: String = "How large?", inChat chat: Int64? = nil) async throws {
    try await bot.deliver("message", .message(text, chat: chat))
  }

  /// What came after the greeting.
  private var answers: [FakeTelegramState.SentMessage] {
    Array(fake.state.value.messages.dropFirst())
  }

  @Test func showATableAsOne() async throws {
    try await ask()
    let answer = try #require(answers.last)
    #expect(answers.count == 1)
    let cell: (JSONValue, String, Bool) -> JSONValue = { text, alignment, isHeader in
      let cell: [String: JSONValue] = ["text": text, "align": .string(alignment), "valign": "top"]
      return .object(isHeader ? cell.merging(["is_header": true]) { $1 } : cell)
    }
    #expect(
      answer.rich?["blocks"]?.array?.dropLast() == [
        ["type": "heading", "text": "Sizes", "size": 1],
        [
          "type": "paragraph",
          "text": ["Some ", ["type": "bold", "text": "bold"], " words."],
        ],
        [
          "type": "table", "is_bordered": true,
          "cells": [
            [cell("Name", "left", true), cell("Size", "right", true)],
            [cell(["type": "code", "text": "a"], "left", false), cell("1", "right", false)],
          ],
        ],
      ])
    let last = answer.rich?["blocks"]?.array?.last
    #expect(last?["text"]?.string == "Cost: 0.2325 credits · Left: 99.7675 credits")
    #expect(answer.parameters["reply_parameters"]?["message_id"] == 7)
    let button = answer.replyMarkup?["inline_keyboard"]?.array?.first?.array?.first
    #expect(button?["text"]?.string == "Again")
  }

  @Test(arguments: ["No table, but **bold**.", "Simple: $x^2$."])
  func areNotMadeOfWhatTextShowsAsWell(answer: String) async throws {
    bot.rig.gemini.answer.change { $0.text = answer }
    try await ask()
    #expect(fake.state.value.calls(of: "sendRichMessage").isEmpty)
    #expect(answers.last?.text.contains("Cost: ") == true)
  }

  @Test(arguments: ["$$\n\\int_0^\\infty x\n$$", "So $\\int_0^\\infty x$ it is."])
  func showAFormulaThatUnicodeCannot(answer: String) async throws {
    bot.rig.gemini.answer.change { $0.text = answer }
    try await ask()
    #expect(answers.last?.rich != nil)
    #expect(answers.last?.text.contains("\\int_0^\\infty") == true)
  }

  @Test func areNeverSentUnlessTheOperatorWantsThem() async throws {
    var settings = bot.rig.settings
    settings.richMessages = .never
    bot.rig.engine.apply(settings, bot.rig.llm)
    try await ask()
    #expect(fake.state.value.calls(of: "sendRichMessage").isEmpty)
    #expect(answers.last?.text.contains("Name │ Size") == true)
  }

  @Test(arguments: [
    formatFault, .badRequest("message is too long"), .reply(.telegramError(404, "Not Found")),
  ])
  func areTextWhereTelegramRefusesThem(fault: FakeTelegramFault) async throws {
    fake.fail("sendRichMessage", with: fault)
    try await ask()
    let answer = try #require(answers.last)
    #expect(answers.count == 1 && answer.rich == nil)
    #expect(answer.text.hasPrefix("Sizes\n\nSome bold words.\n\nName │ Size"))
    #expect(answer.text.hasSuffix("Cost: 0.2325 credits · Left: 99.7675 credits"))
    #expect(answer.parameters["entities"]?.array?.first?["type"] == "bold")
    #expect(answer.parameters["reply_parameters"]?["message_id"] == 7)
    #expect(answer.replyMarkup != nil)
    #expect(try bot.rig.account().balance.text == "99.7675")
    #expect(fake.state.value.calls(of: "sendRichMessage").count == 1)
  }

  /// In as many messages as it takes, of which each is tried for itself.
  @Test func areAllOfTheirTextWhereTelegramRefusesThem() async throws {
    let words = String(repeating: "word ", count: 500)
    bot.rig.gemini.answer.change {
      $0.text = Self.table + "\n\n" + words + "\n\n" + words + "The end."
    }
    fake.fail("sendRichMessage", with: Self.formatFault)
    try await ask()
    let texts = answers.map(\.text)
    #expect(texts.count == 2 && texts.first?.hasPrefix("Sizes") == true)
    #expect(texts.last?.contains("The end.\n\nCost: ") == true)
    #expect(answers.first?.replyMarkup == nil && answers.last?.replyMarkup != nil)
    // One of them is missing then, and that is said.
    fake.fail("sendRichMessage", with: Self.formatFault)
    fake.onCall { call in
      let text = call.parameters["text"]?.string ?? ""
      return call.method == "sendMessage" && text.hasPrefix("Sizes")
        ? .badRequest("MESSAGE_INVALID") : nil
    }
    try await ask()
    #expect(answers.last?.text.hasPrefix("One part of this answer is missing") == true)
  }

  /// Nobody knows whether it is there: it is sent once more as it was, and never as another.
  @Test(arguments: [FakeTelegramFault.loseAnswer, .truncated, .reset, .htmlBadGateway])
  func areNotSentAsTextWhereTheirEndIsUnknown(fault: FakeTelegramFault) async throws {
    fake.fail("sendRichMessage", with: fault)
    try await ask()
    #expect(fake.state.value.calls(of: "sendRichMessage").count == 2)
    #expect(answers.allSatisfy { $0.rich != nil })
    #expect(fake.state.value.calls(of: "sendMessage").count == 1)
  }

  @Test func goToTheAskerWhereAGroupGrantsNoRights() async throws {
    fake.refuse(.badRequest("not enough rights to send text messages to the chat"), inChat: -100)
    try await ask("/plan@devbot sizes", inChat: -100)
    #expect(answers.dropLast().last?.text.hasPrefix("I could not write in the group") == true)
    #expect(answers.last?.rich != nil && answers.last?.chatID == 42)
    #expect(fake.state.value.calls(of: "sendRichMessage").count == 2)
  }

  @Test func areKeptForWhoeverHasBlockedTheBot() async throws {
    fake.refuse(.forbiddenBlocked, inChat: 42)
    try await ask()
    fake.refuse(nil, inChat: 42)
    try await ask("/help")
    #expect(answers.count { $0.rich != nil } == 1)
    #expect(answers.first?.text.hasPrefix("Good to have you back") == true)
  }

  @Test func areErasedLikeAnyMessage() async throws {
    try await ask()
    let kept = try bot.rig.database.write { tx in
      _ = try MessageErasure(bot.rig.engine.outbox, in: tx).erase(ofPerson: 42, askedBy: nil)
      return try Int.fetchOne(tx.db, sql: "SELECT count(*) FROM outbox WHERE markdown IS NOT NULL")
    }
    #expect(kept == 0)
  }

  // MARK: - Where the answer was seen while it grew

  /// A streaming bot whose answer has begun to be shown.
  private func growing() async throws -> (rig: StreamingRig, shown: FakeTelegramState.SentMessage) {
    let rig = try await StreamingRig(richMessages: .whenNeeded)
    _ = try await rig.ask()
    rig.answer.say("Some words.\n\n")
    try await rig.waitForText("the first words") { $0 == "Some words. ▌" }
    return (rig, try #require(rig.messages().first))
  }

  private static let rest = "| a | b |\n|---|---|\n| 1 | 2 |"

  @Test func takeThePlaceOfWhatWasShown() async throws {
    let (rig, shown) = try await growing()
    rig.answer.end(Self.rest)
    await rig.waitForEnd()
    #expect(rig.messages().map(\.id) == [shown.id])
    #expect(rig.messages().first?.rich != nil)
    #expect(rig.fake.state.value.calls(of: "sendRichMessage").isEmpty)
  }

  @Test func takeThePlaceOfWhatWasShownAsTextWhereTelegramRefusesThem() async throws {
    let (rig, shown) = try await growing()
    rig.fake.onCall { call in
      call.parameters["rich_message"] == nil ? nil : Self.formatFault
    }
    rig.answer.end(Self.rest)
    await rig.waitForEnd()
    #expect(rig.messages().map(\.id) == [shown.id])
    #expect(rig.messages().first?.rich == nil)
    #expect(rig.messages().first?.text.hasPrefix("Some words.\n\na │ b") == true)
  }

  @Test func areNewWhereWhatWasShownIsGone() async throws {
    let (rig, shown) = try await growing()
    rig.fake.onCall { call in
      call.parameters["rich_message"] == nil || call.method != "editMessageText"
        ? nil : .badRequest("message to edit not found")
    }
    rig.answer.end(Self.rest)
    await rig.waitForEnd()
    let rich = rig.messages().filter { $0.rich != nil }
    #expect(rich.count == 1 && rich.first?.id != shown.id)
  }

  @Test func followADraft() async throws {
    let rig = try await StreamingRig(.drafts, richMessages: .whenNeeded)
    _ = try await rig.ask()
    rig.answer.say("Some words.\n\n")
    try await rig.fake.state.wait(for: "the draft") { $0.drafts[42]?.isEmpty == false }
    rig.answer.end(Self.rest)
    await rig.waitForEnd()
    #expect(rig.messages().count == 1 && rig.messages().first?.rich != nil)
    #expect(rig.fake.state.value.drafts[42] == nil)
  }

  /// Their end is not known either: the same is done once more, and nothing else.
  @Test(arguments: [FakeTelegramFault.loseAnswer, .htmlBadGateway])
  func takeThePlaceOfWhatWasShownThoughTheEndOfThatIsUnknown(
    fault: FakeTelegramFault
  ) async throws {
    let (rig, shown) = try await growing()
    let tries = Watched(0)
    rig.fake.onCall { call in
      guard call.parameters["rich_message"] != nil else { return nil }
      return tries.change { tries in
        tries += 1
        return tries == 1 ? fault : nil
      }
    }
    rig.answer.end(Self.rest)
    await rig.waitForEnd()
    #expect(rig.messages().map(\.id) == [shown.id])
    #expect(rig.messages().first?.rich != nil)
    #expect(tries.value == 2)
    let last = rig.fake.state.value.calls(of: "editMessageText").last
    #expect(last?.parameters["rich_message"] != nil)
  }

  /// Further parts of what was shown go: nothing of a preview passes for an answer.
  @Test func leaveNoPartOfWhatWasShown() async throws {
    let (rig, shown) = try await growing()
    rig.answer.say(String(repeating: "word ", count: 1_000))
    try await rig.fake.state.wait(for: "the second part") { $0.messages.count == 3 }
    rig.answer.end("\n\n" + Self.rest)
    await rig.waitForEnd()
    #expect(rig.messages().map(\.id) == [shown.id])
    #expect(rig.messages().first?.rich != nil)
  }
}
