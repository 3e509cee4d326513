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

/// Whoever has asked may stop the answer, by the button under it or by `/stop`, at once.
@Suite("A stop")
struct StopTests {
  private func notices(_ rig: StreamingRig) throws -> [String] {
    try rig.bot.replies().filter { $0.method == "answerCallbackQuery" }.map(\.text)
  }

  private func growing(chat: Int64 = 42) async throws -> (StreamingRig, id: Int64) {
    let rig = try await StreamingRig()
    let id = try await rig.ask(
      chat == 42 ? "How?" : "@devbot how?", chat: chat == 42 ? nil : chat)
    rig.answer.say("First words", outputTokens: 40)
    try await rig.waitForText(in: chat, "the first words") { $0 == "First words ▌" }
    return (rig, id)
  }

  @Test func byTheButtonKeepsWhatWasShownAndChargesForIt() async throws {
    let (rig, id) = try await growing()
    try await rig.bot.deliver("callback_query", .press("stop:\(id)"))
    await rig.waitForEnd()
    #expect(try notices(rig) == ["Stopped."])
    let messages = rig.messages()
    #expect(messages.count == 1)
    #expect(messages.first?.text.hasPrefix("First words\n\n(") == true)
    let usage = try #require(try rig.bot.usage().first)
    #expect(try rig.bot.usage().count == 1 && usage["charged_to"] == "user")
    #expect(try rig.bot.holds().map(\.state) == [.settled])
    // It is a part of the conversation.
    try await rig.bot.say("And then?")
    #expect(rig.bot.lastPrompt().dropFirst() == ["model: First words", "user: And then?"])
    // Once more is harmless.
    try await rig.press("stop:\(id)", under: try #require(rig.messages().first))
    #expect(try notices(rig).last == "That answer has already ended.")
    #expect(rig.messages().first?.id == messages.first?.id)
    #expect(try rig.bot.usage().count == 2)
  }

  @Test func byTheCommandWaitsForNothing() async throws {
    let (rig, _) = try await growing()
    let cancel = try await rig.bot.deliver("message", .message("/cancel"))
    try await rig.bot.waitUntilFinished(cancel)
    #expect(
      try rig.bot.texts(of: cancel) == [
        "Nothing is being planned or built, so there is nothing to cancel; /stop ends the answer."
      ])
    // Behind the answer, in the person's order.
    _ = try await rig.ask("Next?")
    let stop = try await rig.bot.deliver("message", .message("/stop"))
    await rig.waitForEnd()
    #expect(try rig.bot.texts(of: stop) == ["Stopped."])
    #expect(rig.messages().first?.text.hasPrefix("First words\n\n(") == true)
    #expect(
      try await rig.bot.say("/stop") == [
        "I am not working on an answer, so there is nothing to stop."
      ])
  }

  @Test func isForWhoeverAskedAlone() async throws {
    let (rig, id) = try await growing(chat: -100)
    try await rig.bot.deliver("callback_query", .press("stop:\(id)", from: 43))
    try await rig.bot.deliver("message", .message("/stop@devbot", from: 43, chat: -100))
    try await rig.bot.deliver("message", .message("/stop", from: 43))
    rig.answer.say(" go on")
    try await rig.waitForText(in: -100, "more") { $0 == "First words go on ▌" }
    let stop = try await rig.bot.deliver("message", .message("/stop@devbot", chat: -100))
    await rig.waitForEnd()
    #expect(try notices(rig) == ["Only whoever asked can stop this."])
    #expect(try rig.bot.texts(of: stop) == ["Stopped."])
    #expect(rig.messages(in: -100).first?.text.hasPrefix("First words go on\n\n(") == true)
  }

  @Test func beforeTheFirstWordsCostsNothing() async throws {
    let rig = try await StreamingRig()
    let id = try await rig.ask()
    try await rig.bot.gemini.requests.wait(for: "the call") { !$0.isEmpty }
    try await rig.bot.deliver("callback_query", .press("stop:\(id)"))
    await rig.waitForEnd()
    #expect(rig.messages().count == 1)
    #expect(rig.messages().first?.text.hasSuffix("It cost you nothing.") == true)
    #expect(try rig.bot.account().balance == rig.bot.settings.initialGrant)
  }

  @Test func ofWorkThatWaitsForAPlaceBeginsNothing() async throws {
    let rig = try BotRig()
    try rig.open()
    let orchestrator = rig.orchestrator()
    let (answers, places) = (orchestrator.environment.answers, orchestrator.environment.places)
    var taken: [CallPlace] = []
    while let place = places.take(forPayer: true) { taken.append(place) }
    let work = try rig.work()
    async let performed: Void = orchestrator.perform(work)
    while places.waitingCount == 0 { await Task.yield() }
    #expect(answers.stop(work.updateID, by: 43) == .isOthers)
    #expect(answers.stop(work.updateID, by: 42) == .stopped)
    try await performed
    withExtendedLifetime(taken) {}
    #expect(try rig.holds().isEmpty)
    #expect(
      try rig.texts(of: work.updateID) == ["Stopped before I had begun; it cost you nothing."])
    #expect(rig.gemini.paidCalls.isEmpty)
    #expect(answers.stop(work.updateID, by: 42) == .isNotUnderWay)
  }
}
