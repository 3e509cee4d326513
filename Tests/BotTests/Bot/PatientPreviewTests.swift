@testable import Bot
import Commands
import GRDB
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// What a growing answer does with the time: where Telegram asks for patience, and with drafts,
/// which last for 30 seconds.
@Suite("The pace of a growing answer")
struct PatientPreviewTests {
  /// Long waits are noted, and over at once.
  private func rig() async throws -> StreamingRig {
    try await StreamingRig(wait: { pause in
      guard pause < .seconds(20) else { return }
      try? await ContinuousClock().sleep(for: pause / 50)
    })
  }

  private func edits(_ rig: StreamingRig) -> Int {
    rig.fake.state.value.calls(of: "editMessageText").count
  }

  @Test func restsTheChatForThePreviewAndForTheAnswer() async throws {
    let rig = try await rig()
    _ = try await rig.ask()
    rig.answer.say("First")
    try await rig.waitForText("the first words") { $0 == "First ▌" }
    rig.fake.fail("editMessageText", with: .tooManyRequests(retryAfter: 3_600))
    rig.answer.say(" and more")
    try await rig.bot.waits.wait(for: "the rest of the chat") { $0.contains(.seconds(3_600)) }
    // It looks for a place in vain.
    try await rig.bot.waits.wait(for: "attempts") { waits in
      waits.drop { $0 != .seconds(3_600) }.count { $0 == .milliseconds(300) } >= 3
    }
    #expect(edits(rig) == 1)
    rig.answer.end()
    await rig.waitForEnd()
    #expect(edits(rig) == 2)
    #expect(rig.messages().map { $0.text.prefix(15) } == ["First and more."])
    let rests = rig.bot.waits.value.filter { $0 >= .seconds(20) && $0 < .seconds(3_600) }
    #expect(rests.count == 1)
  }

  @Test func restsTheChatOnceTheAnswerItselfIsRefused() async throws {
    let rig = try await rig()
    _ = try await rig.ask()
    rig.answer.say("First")
    try await rig.waitForText("the first words") { $0 == "First ▌" }
    rig.answer.end()
    await rig.bot.engine.dispatcher.becomeIdle()
    let before = edits(rig)
    rig.fake.fail("editMessageText", with: .tooManyRequests(retryAfter: 1_800))
    await rig.waitForEnd()
    #expect(rig.bot.waits.value.contains(.seconds(1_800)))
    #expect(edits(rig) == before + 2)
    #expect(rig.messages().count == 1)
    #expect(rig.messages().first?.text.hasPrefix("First.\n\nCost: ") == true)
    #expect(try rig.bot.usage().count == 1)
  }

  @Test func endsWithTheThirdRefusalOfAnEdit() async throws {
    let rig = try await rig()
    _ = try await rig.ask()
    rig.answer.say("First")
    try await rig.waitForText("the first words") { $0 == "First ▌" }
    let patience = FakeTelegramFault.tooManyRequests(retryAfter: 0)
    rig.fake.fail("editMessageText", with: patience, patience, patience)
    rig.answer.say(" and more")
    try await rig.fake.state.wait(for: "three refusals") {
      $0.calls(of: "editMessageText").count == 3
    }
    rig.answer.say(", and more")
    rig.answer.end()
    await rig.waitForEnd()
    #expect(edits(rig) == 4)
    #expect(rig.messages().map { $0.text.prefix(25) } == ["First and more, and more."])
  }

  @Test func isNoneForWhoeverWantsAnswersWhole() async throws {
    let rig = try await rig()
    _ = try await rig.bot.press("settings:streaming:off")
    await rig.delivering.send()
    _ = try await rig.ask()
    rig.answer.say("First")
    try await rig.bot.gemini.requests.wait(for: "the call") { !$0.isEmpty }
    rig.answer.end()
    await rig.waitForEnd()
    #expect(!rig.fake.state.value.messages.contains { $0.text.hasSuffix("▌") })
    #expect(rig.messages().last?.text.hasPrefix("First.\n\nCost: ") == true)
    #expect(try rig.bot.count("previews") == 0)
  }

  @Test func followsTheSettingsWithTheNextAnswer() async throws {
    let streaming = Watched(AnswerStreaming.off)
    let rig = try await StreamingRig()
    let previews = TelegramPreviews(streaming: { streaming.value }, sleep: rig.bot.writer.sleep)
    let client = TelegramClient.patient(with: rig.fake)
    previews.use(
      OutboxDelivery(
        outbox: rig.bot.engine.outbox, client: client, writer: rig.bot.writer,
        rates: rig.bot.settings.sendRates, ended: { _, _, _ in false },
        wakeUps: AsyncStream { _ in }))
    #expect(previews.begin(1, to: .ada) == nil)
    streaming.change { $0 = .edits }
    let preview = previews.begin(1, to: .ada)
    #expect(preview != nil)
    preview?.end()
  }

  @Test func ofDraftsIsARenewalBeforeTheyVanish() async throws {
    #expect(GrowingAnswer.draftRenewal <= .seconds(25))
    let renewals = Watched(0)
    let allowed = Watched(0)
    let rig = try await StreamingRig(
      .drafts,
      wait: { pause in
        guard pause == GrowingAnswer.draftRenewal else {
          try? await ContinuousClock().sleep(for: pause / 50)
          return
        }
        let number = renewals.change { count in
          count += 1
          return count
        }
        _ = try? await allowed.wait(for: "the clock") { $0 >= number }
      })
    _ = try await rig.ask()
    rig.answer.say("First")
    let drafts = { @Sendable (state: FakeTelegramState) in state.calls(of: "sendMessageDraft") }
    try await rig.fake.state.wait(for: "a draft") { drafts($0).count == 1 }
    for number in 1...3 {
      try await renewals.wait(for: "the renewal's wait") { $0 == number }
      allowed.change { $0 = number }
      try await rig.fake.state.wait(for: "renewal \(number)") { drafts($0).count == 1 + number }
    }
    let calls = drafts(rig.fake.state.value)
    #expect(Set(calls.map { $0.parameters["text"]?.string }) == ["First ▌"])
    #expect(Set(calls.map { $0.parameters["draft_id"]?.integer }).count == 1)
    // Once it is there, none follows.
    rig.answer.end()
    await rig.waitForEnd()
    let before = drafts(rig.fake.state.value).count
    allowed.change { $0 = .max }
    #expect(rig.messages().count == 1)
    #expect(rig.messages().first?.text.hasPrefix("First.\n\nCost: ") == true)
    #expect(rig.fake.state.value.drafts[42] == nil)
    _ = try await rig.bot.say("/status")
    await rig.delivering.send()
    #expect(drafts(rig.fake.state.value).count == before)
  }

  @Test func isThatOfEditsInAGroupWherePrivateChatsHaveDrafts() async throws {
    let rig = try await StreamingRig(.drafts)
    _ = try await rig.ask("@devbot how?", chat: -100)
    rig.answer.say("First")
    try await rig.waitForText(in: -100, "the first words") { $0 == "First ▌" }
    rig.answer.say(" and more")
    try await rig.waitForText(in: -100, "more") { $0 == "First and more ▌" }
    rig.answer.end()
    await rig.waitForEnd()
    #expect(rig.messages(in: -100).count == 1)
    #expect(rig.messages(in: -100).first?.text.hasPrefix("First and more.\n\nCost: ") == true)
    #expect(rig.fake.state.value.calls(of: "sendMessageDraft") == [])
    #expect(rig.bot.waits.value.contains(GrowingAnswer.pauseInGroups))
  }

  @Test func ofADraftIsStoppedByItsReaderAlone() async throws {
    let rig = try await StreamingRig(.drafts)
    let id = try await rig.ask()
    rig.answer.say("First")
    try await rig.fake.state.wait(for: "a draft") { $0.drafts[42]?.values.first == "First ▌" }
    let others: [JSONValue] = [
      ["chat": .chat(43), "draft_id": .integer(id * 256)],
      ["chat": .chat(-42), "draft_id": .integer(id * 256)],
      ["chat": .chat(42), "draft_id": .integer((id + 1) * 256)],
      ["chat": .chat(42), "draft_id": "no number"],
    ]
    for other in others { try await rig.bot.deliver("stopped_message_generation", other) }
    rig.answer.say(" and more")
    try await rig.fake.state.wait(for: "more") {
      $0.drafts[42]?.values.first == "First and more ▌"
    }
    try await rig.bot.deliver(
      "stopped_message_generation", ["chat": .chat(42), "draft_id": .integer(id * 256 + 3)])
    await rig.waitForEnd()
    #expect(rig.messages().count == 1)
    #expect(rig.messages().first?.text.hasPrefix("First and more\n\n(") == true)
  }
}
