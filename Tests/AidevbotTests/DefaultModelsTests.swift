import Assistant
import Foundation
import LanguageModels
import Ledger
import Metering
import Testing
import TestSupport

/// Which models work where the settings name none.
@Suite("Default models")
struct DefaultModelsTests {
  @Test func haveAPriceInTheListThatShips() throws {
    let prices = try StarterPrices.shipped().prices
    for task in TaskType.allCases {
      for model in task.defaultModels {
        let price = try #require(prices.first { $0.id == model }, "\(model)")
        #expect(price.tariff.imageOutput == nil && !model.isNamedForImages, "\(model)")
        #expect(ModelID(parsing: "\(model)") == model)
      }
      // Whoever has a key of either can start.
      #expect(Set(task.defaultModels.map(\.provider)) == [.google, .openrouter], "\(task)")
    }
  }

  @Test func areTheFirstThatCanBeCalledAndSold() {
    let (flash, sonnet) = (TaskType.chat.defaultModels[0], TaskType.chat.defaultModels[1])
    func chosen(_ providers: [ModelProvider], sold: [ModelID]) -> ModelID {
      TaskType.chat.defaultModel(canCall: providers.contains, isSold: sold.contains)
    }
    #expect(chosen([.google, .openrouter], sold: [flash, sonnet]) == flash)
    #expect(chosen([.google, .openrouter], sold: [sonnet]) == sonnet)
    #expect(chosen([.openrouter], sold: [flash, sonnet]) == sonnet)
    // The log then says that it cannot be sold, or whose key is missing.
    #expect(chosen([.openrouter], sold: [flash]) == sonnet)
    #expect(chosen([], sold: [flash, sonnet]) == flash)
  }

  struct Bare: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var without: String
    /// Of chat, planning, coding and verification.
    var models: [String]
  }

  private static let (flash, pro, sonnet) = (
    "google/gemini-3.8-flash", "google/gemini-3.1-pro-preview",
    "openrouter/anthropic/claude-sonnet-5.5"
  )

  static let bare = [
    Bare(
      testDescription: "Gemini's", without: "OPENROUTER_API_KEY", models: [flash, pro, pro, pro]),
    Bare(
      testDescription: "OpenRouter's", without: "GEMINI_API_KEY",
      models: [sonnet, sonnet, sonnet, sonnet]),
  ]

  @Test(arguments: bare)
  func answerWithTheKeyOfOneProviderAlone(bare: Bare) async throws {
    try await World.run { world in
      let changes: [String: String?] = [bare.without: nil]
      let doctor = try await world.aidevbot("doctor", changing: changes)
      #expect(doctor.status == 0, "\(doctor.output)")
      let priced = Set(bare.models).sorted().joined(separator: ", ")
      #expect(doctor.output.contains("ok      models        priced: \(priced)\n"))
      let daemon = try await world.startDaemon(changing: changes)
      try await world.openAccount()
      #expect(try await world.ask("How do I begin?").contains("Cost: "))
      #expect(try await world.ask("/code a loop").contains("Cost: "))
      let status = try await world.ask("/status")
      let titles = ["Chat", "Planning", "Coding", "Verification"]
      for (title, model) in zip(titles, bare.models) {
        #expect(status.contains("• \(title): \(model)"), "\(status)")
      }
      let log = try await world.stop(daemon).errorLines
      let line = try #require(log.first { $0.contains("Where no model is set") })
      for (task, model) in zip(TaskType.allCases, bare.models) {
        #expect(line.contains("\(task.rawValue)=\(model)"), "\(line)")
      }
      #expect(try await world.aidevbot("check-config", changing: changes).output.contains(priced))
      try await world.expectSoundLedger()
    }
  }

  @Test func aModelTakenOffSaleGivesWayAtTheNextStart() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      let off = try await world.aidevbot("pricing", "deactivate", "google", "gemini-3.8-flash")
      #expect(off.output.contains("MODELS_CHAT is still this one"), "\(off.output)")
      #expect(try await world.ask("/status").contains("• Chat: \(Self.flash)"))
      try await world.stop(daemon)
      let again = try await world.startDaemon()
      #expect(try await world.ask("/status").contains("• Chat: \(Self.sonnet)"))
      try await world.stop(again)
      let checked = try await world.aidevbot("check-config").output
      #expect(checked.contains("priced: \(Self.pro), \(Self.sonnet)\n"), "\(checked)")
    }
  }

  @Test func areChosenAtTheStartAlone() async throws {
    try await World.run { world in
      let unset: [String: String?] = ["GEMINI_API_KEY": nil, "OPENROUTER_API_KEY": nil]
      let (gemini, openRouter) = (
        "gemini:\n  api_key: \(World.geminiKey)\n",
        "openrouter:\n  api_key: \(World.openRouterKey)\n"
      )
      try world.configure(gemini)
      let daemon = try await world.startDaemon(changing: unset)
      try await world.openAccount()
      try world.configure(openRouter)
      let refused = try await daemon.reload()
      #expect(refused.contains("The settings are not reloaded"), "\(refused)")
      #expect(refused.contains("GEMINI_API_KEY is not set, but MODELS_CHAT is \(Self.flash); set"))
      try world.configure(gemini + openRouter)
      #expect(try await daemon.reload().contains("Settings are reloaded."))
      #expect(try await world.ask("/status").contains("• Coding: \(Self.pro)"))
      try await world.stop(daemon)
    }
  }

  @Test func aModelThatIsSetNeedsTheKeyOfItsProvider() async throws {
    try await World.run { world in
      let ending = try await world.aidevbot(
        "run", changing: ["GEMINI_API_KEY": nil, "MODELS_CHAT": Self.flash])
      #expect(ending.status == 78)
      #expect(
        ending.errors
          == "aidevbot: GEMINI_API_KEY is not set, but MODELS_CHAT is \(Self.flash); set the key, "
          + "or choose a model of another provider\n")
    }
  }

  @Test func aStartWithNothingSetNamesAllThatIsMissing() async throws {
    try await World.run { world in
      let ending = try await world.aidevbot(
        "run",
        changing: ["TELEGRAM_BOT_TOKEN": nil, "GEMINI_API_KEY": nil, "OPENROUTER_API_KEY": nil])
      #expect(ending.status == 78)
      #expect(
        ending.errors == """
          aidevbot: TELEGRAM_BOT_TOKEN is not set; set it to the token that @BotFather gave your bot
          aidevbot: GEMINI_API_KEY and OPENROUTER_API_KEY are not set; one key is enough to start. \
          To use only your own server, set OPENAI_COMPATIBLE_BASE_URL and all of MODELS_*

          """)
    }
  }

  @Test(arguments: ["'AIzaSyCanary'", "AIza Sy Canary"])
  func aMalformedKeyIsNotMissingToo(key: String) async throws {
    try await World.run { world in
      let ending = try await world.aidevbot(
        "run", changing: ["GEMINI_API_KEY": key, "OPENROUTER_API_KEY": nil])
      #expect(ending.status == 78)
      #expect(ending.errorLines.count == 1 && ending.errors.hasPrefix("aidevbot: GEMINI_API_KEY "))
      #expect(!ending.errors.contains("not set"), "\(ending.errors)")
    }
  }

  /// Without any key, as without those of some models.
  @Test func leaveTheDemoToTheConsole() async throws {
    try await World.run { world in
      let none: [String: String?] = ["GEMINI_API_KEY": nil, "OPENROUTER_API_KEY": nil]
      let demo = try await world.aidevbot("console", changing: none, input: "/start\n/status\n")
      #expect(demo.output.contains("• Coding: demo/demo-1"), "\(demo.output)")
      let one = try await world.aidevbot(
        "console", changing: ["GEMINI_API_KEY": nil], input: "/start\n/status\n")
      #expect(one.output.contains("• Chat: \(Self.sonnet)"), "\(one.output)")
      #expect(!one.output.contains("built-in demo"))
    }
  }
}
