@testable import Assistant
import Bot
import Commands
import Foundation
import GRDB
import LanguageModels
import Ledger
import Messaging
import Metering
import Testing
import TestSupport

@Suite("/model")
struct ModelCommandTests {
  private static let note =
    "(google/gemini-2.5-pro is not offered any more, so google/gemini-2.5-flash has answered; "
    + "/model shows what there is.)"

  private func rig() async throws -> BotRig {
    let rig = try BotRig(others: [BotRig.pro])
    try await rig.say("/start")
    return rig
  }

  private func shown(_ rig: BotRig) async throws -> OutboxRow {
    let id = try await rig.deliver("message", .message("/model"))
    await rig.engine.dispatcher.becomeIdle()
    return try #require(try rig.replies(to: id).first)
  }

  private func chargedModels(_ rig: BotRig) throws -> [String] {
    try rig.holds().map { "\($0.model)" }
  }

  @Test func saysWhatAnExampleCostsWithEachModelOfEachKindOfWork() async throws {
    let rig = try await rig()
    let reply = try await shown(rig)
    #expect(
      reply.text.contains(
        """
        Chat (for example 1000 tokens in, 500 out)
        ✓ google/gemini-2.5-flash: 0.23
        • google/gemini-2.5-pro: 0.94
        """))
    #expect(
      reply.buttons.prefix(2).map(\.title) == ["✓ Chat: gemini-2.5-flash", "Chat: gemini-2.5-pro"])
    #expect(reply.buttons.count == 8)
    #expect(reply.buttons.allSatisfy { $0.data.utf8.count <= 64 })
  }

  @Test(arguments: [true, false])
  func saysThatThereIsOneModelOfEachKindOnlyWhereThereIs(isAvailable: Bool) async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    let flash = try #require(ModelID(parsing: BotRig.flash))
    if !isAvailable { _ = try rig.database.write { try $0.pricing.deactivate(flash) } }
    let text = try await shown(rig).text
    #expect(text.contains("There is one model for each kind of work") == isAvailable)
    #expect(text.contains("Chat: nothing is available right now.") != isAvailable)
  }

  @Test func takesThePersonsOwnHistoryOnceThereIsEnough() async throws {
    let rig = try await rig()
    rig.gemini.answer.change { ($0.inputTokens, $0.outputTokens) = (2_000, 100) }
    for _ in 1...3 { try await rig.say("Hello") }
    #expect(
      try await shown(rig).text.contains(
        """
        Chat (the median of your last 3: 2000 tokens in, 100 out)
        ✓ google/gemini-2.5-flash: 0.13
        """))
  }

  @Test func oneTapChoosesAndIsKeptForThatPersonAndThatWork() async throws {
    let rig = try await rig()
    try await rig.say("/start", from: 43)
    let button = try await shown(rig).buttons[1]
    let pressed = try await rig.press(button.data)
    #expect(pressed.first?.text == "Chat: gemini-2.5-pro")
    #expect(pressed.last?.text.contains("✓ google/gemini-2.5-pro: 0.94") == true)
    #expect(pressed.last?.method == "editMessageText")
    try await rig.say("Hello")
    try await rig.say("/code Hello")
    try await rig.say("Hello", from: 43)
    #expect(
      Set(try rig.holds().map { "\($0.userID) \($0.taskType) \($0.model.name)" }) == [
        "1 chat gemini-2.5-pro", "1 coding gemini-2.5-flash", "2 chat gemini-2.5-flash",
      ])
    #expect(try await rig.say("/status").first?.contains("Chat: google/gemini-2.5-pro") == true)
  }

  /// A modified client can press anything, and an old message may show an older list.
  @Test(arguments: [
    "model:chat:1:0", "model:chat:9:", "model:x:0:0", "model:chat:-1:0", "model:", "model:chat:1",
  ])
  func aForgedOrOutdatedPressChoosesNothing(data: String) async throws {
    let rig = try await rig()
    let pressed = try await rig.press(data)
    #expect(pressed.first?.text.hasPrefix("T") == true)
    #expect(try rig.count("chosen_models") == 0)
  }

  @Test func aModelWhosePriceIsGoneIsReplacedWithOneSentenceOnce() async throws {
    let rig = try await rig()
    _ = try await rig.press(try await shown(rig).buttons[1].data)
    let pro = try #require(ModelID(parsing: BotRig.pro))
    _ = try rig.database.write { try $0.pricing.deactivate(pro) }
    #expect(try await !shown(rig).text.contains("gemini-2.5-pro"))
    #expect(try await rig.say("Hello").first?.contains(Self.note) == true)
    #expect(try await rig.say("Hello").first?.contains("not offered any more") == false)
    #expect(try chargedModels(rig) == ["google/gemini-2.5-flash", "google/gemini-2.5-flash"])
    #expect(try rig.count("chosen_models") == 0)
  }

  @Test func aModelThatIsNotOfferedIsReplacedToo() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    try rig.database.write { tx in
      var preferences = try Preferences.of(1, in: tx)
      preferences.models[.chat] = ModelID(parsing: BotRig.pro)
      try preferences.keep(of: 1, in: tx)
    }
    #expect(try await rig.say("Hello").first?.contains(Self.note) == true)
    #expect(try await rig.say("Hello").first?.contains("not offered any more") == false)
  }

  @Test func aModelWhoseProviderIsGoneIsReplacedToo() throws {
    let large = try #require(ModelID(parsing: "openrouter/vendor/large"))
    let rig = try BotRig(others: ["\(large)"])
    let offered = OfferedModels(rig.settings.models, llm: LLMClient([.google: DemoModel()]))
    var preferences = Preferences()
    preferences.models[.chat] = large
    let (model, inPlaceOf) = try rig.database.write { tx in
      try tx.pricing.set(large, tariff: Tariff(input: "0.30", output: "2.50"))
      return try offered.model(for: .chat, preferences, in: tx)
    }
    #expect("\(model)" == BotRig.flash && inPlaceOf == large)
  }

  @Test func theNextModelStandsInForADefaultThatIsGone() async throws {
    let rig = try await rig()
    let flash = try #require(ModelID(parsing: BotRig.flash))
    _ = try rig.database.write { try $0.pricing.deactivate(flash) }
    #expect(try await shown(rig).text.contains("✓ google/gemini-2.5-pro: 0.94"))
    let note = "(google/gemini-2.5-flash is not available right now, so google/gemini-2.5-pro has"
    for _ in 1...2 { #expect(try await rig.say("Hello").first?.contains(note) == true) }
    #expect(try chargedModels(rig) == ["google/gemini-2.5-pro", "google/gemini-2.5-pro"])
  }

  @Test func isOfferedByStatusAndWhatItCostsIsToldByStart() async throws {
    let rig = try BotRig()
    let cost = "A typical answer of some 375 words costs about 0.23 credits."
    for _ in 1...2 { #expect(try await rig.say("/start").first?.contains(cost) == true) }
    let id = try await rig.deliver("message", .message("/status"))
    await rig.engine.dispatcher.becomeIdle()
    let buttons = try #require(try rig.replies(to: id).first).buttons
    #expect(buttons.map(\.data) == ["model:show"])
    #expect(try await rig.press("model:show").last?.text.contains("✓ google") == true)
  }
}
