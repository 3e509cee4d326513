import Foundation
import Testing
import TestSupport

/// Each setting that is missing or malformed ends the daemon at once, with one sentence that names
/// its key and the form that is expected, and never the value.
@Suite("Settings")
struct SettingsTests {
  struct Flaw: Sendable, CustomTestStringConvertible {
    var key: String
    /// `nil` where it is not set.
    var value: String?
    /// What the sentence goes on with.
    var sentence: String

    var testDescription: String { "\(key)=\(value ?? "nothing")" }

    init(_ key: String, _ value: String?, _ sentence: String) {
      self.key = key
      self.value = value
      self.sentence = sentence
    }
  }

  private static let address = "must be an address such as https://"
  private static let decimal = "must be a decimal above zero with at most nine places, such as"
  private static let rate = "must be a number of messages a second, such as"
  private static let model =
    "must be google/NAME, openrouter/VENDOR/NAME or openai-compatible/NAME, such as"
  private static let token = "must be a token as @BotFather gives it, such as 123456:ABC-DEF"
  private static let keys = "must be one key, or several with commas between them"
  private static let quoted = "is in quotation marks; leave them out"
  private static let ending = "must end before "
  private static let ids = "must be Telegram user ids with commas between them, such as 123456789"
  private static let grant = "must be a number of credits, zero or more, such as 100"

  private static let package = #"must be like "Builder: 1000 + 50 for 850""#
  private static let dollars = "must be a number of US dollars, such as 0.013"

  /// What is for sale is no secret, so the sentence shows which one is meant.
  static let flawsOfTheShop = [
    Flaw("STARS_PACKAGES", "Starter", package),
    Flaw("STARS_PACKAGES", "Starter: 250 for", package),
    Flaw("STARS_PACKAGES", "Starter: 0 for 200", package),
    Flaw("STARS_PACKAGES", "Starter: 250 for 0", package),
    Flaw("STARS_PACKAGES", "Starter: 250 for 100001", package),
    Flaw("STARS_PACKAGES", "Starter: 250 for 2.5", package),
    Flaw("STARS_PACKAGES", "Starter: 99999999 for 200", package),
    Flaw("STARS_PACKAGES", "Starter: 250 for 200,Builder", package),
    Flaw("STARS_PACKAGES", "A: 1 for 1,A: 2 for 2", "must give each package a name of its own"),
    Flaw(
      "STARS_PACKAGES", (1...11).map { "P\($0): 1 for 1" }.joined(separator: ","),
      "lists more than 10 packages"),
    Flaw("STARS_PACKAGES", "\(String(repeating: "n", count: 33)): 1 for 1", "has a name that is"),
    Flaw("STARS_SUBSCRIPTION", "Monthly: 1000 for 10001", package),
    Flaw("STARS_SUBSCRIPTION", "none", package),
    Flaw("STARS_USD_PER_STAR", "0", dollars),
    Flaw("STARS_USD_PER_STAR", "a cent", dollars),
    Flaw("STARS_USD_PER_STAR", "1001", dollars),
    Flaw("PROMOTIONS_CODES", "yes", "must be true or false"),
    Flaw("PRICING_SYNC_OPENROUTER", "daily", "must be true or false"),
    Flaw("PROMOTIONS_REFERRAL_CREDITS", "-1", grant),
    Flaw("PROMOTIONS_REFERRAL_CREDITS", "some", grant),
    Flaw("TEXTS_TERMS", String(repeating: "a", count: 4_097), "is longer than a message: 4096"),
  ]

  private static let addressAlone =
    "must be the address alone, such as https://api.telegram.org: /bot and the token are added"

  static let flaws = [
    Flaw("TELEGRAM_BOT_TOKEN", nil, "is not set; set it to the token that @BotFather gave"),
    Flaw("TELEGRAM_BOT_TOKEN", "", "is not set; set it to the token that @BotFather gave"),
    Flaw("TELEGRAM_BOT_TOKEN", "123456:canary canary", token),
    Flaw("TELEGRAM_BOT_TOKEN", "https://canary", token),
    Flaw("TELEGRAM_BOT_TOKEN", "canary", token),
    Flaw("TELEGRAM_BOT_TOKEN", "'1:canary'", quoted),
    Flaw("GEMINI_API_KEY", "\"canary\"", quoted),
    Flaw("OPENROUTER_API_KEY", "“canary”", quoted),
    Flaw("OPENROUTER_API_KEY", "right,'canary'", keys),
    Flaw("DATABASE_PATH", "'canary.sqlite'", quoted),
    Flaw("STARS_PACKAGES", "\"A: 1 for 1\"", quoted),
    Flaw("OPENROUTER_BASE_URL", "https://canary.ai/api/v1/chat/completions", ending),
    Flaw("OPENROUTER_BASE_URL", "https://canary.ai/v1/messages/", ending),
    Flaw("GEMINI_BASE_URL", "https://canary/v1beta/models/gemini-0:generateContent", ending),
    Flaw("GEMINI_BASE_URL", "https://canary/v1beta", ending),
    Flaw("OPENAI_COMPATIBLE_BASE_URL", "http://canary:11434/api/chat", ending),
    Flaw("TELEGRAM_API_BASE_URL", "canary", address + "api.telegram.org"),
    Flaw("TELEGRAM_API_BASE_URL", "ftp://canary", address + "api.telegram.org"),
    Flaw("TELEGRAM_API_BASE_URL", "https://api.org/canary canary", address + "api.telegram.org"),
    Flaw("TELEGRAM_API_BASE_URL", "https://api.telegram.org/bot", addressAlone),
    Flaw("TELEGRAM_API_BASE_URL", "https://API.telegram.org/bot/", addressAlone),
    Flaw("TELEGRAM_API_BASE_URL", "https://api.telegram.org/bot123456:canary", addressAlone),
    Flaw("TELEGRAM_API_BASE_URL", "https://api.telegram.org/bot123456:canary/getMe", addressAlone),
    Flaw("TELEGRAM_API_BASE_URL", "http://127.0.0.1:8081/bot123456:canary", addressAlone),
    Flaw("GEMINI_BASE_URL", "https://", address + "generativelanguage.googleapis.com"),
    Flaw("OPENROUTER_BASE_URL", "https://a.org/?key=canary", address + "openrouter.ai/api/v1"),
    Flaw("GEMINI_API_KEY", "canary canary", keys),
    Flaw("GEMINI_API_KEY", ",", keys),
    Flaw("OPENROUTER_API_KEY", "right,canary wrong", keys),
    Flaw("TELEGRAM_ADMIN_USER_IDS", "@canary", ids),
    Flaw("TELEGRAM_ADMIN_USER_IDS", "12,-5", ids),
    Flaw("TELEGRAM_ADMIN_USER_IDS", "12;13", ids),
    Flaw("TELEGRAM_SENDS_PER_SECOND", "many", rate),
    Flaw("TELEGRAM_SENDS_PER_SECOND", "-1", rate),
    Flaw("TELEGRAM_SENDS_PER_SECOND", "1e-300", rate),
    Flaw("TELEGRAM_SENDS_PER_CHAT_PER_SECOND", "nan", rate),
    Flaw("BILLING_CREDIT_VALUE_USD", "0", decimal),
    Flaw("BILLING_CREDIT_VALUE_USD", "1 cent", decimal),
    Flaw("BILLING_MARKUP", "0", decimal),
    Flaw("BILLING_MARKUP", "-1.5", decimal),
    Flaw("BILLING_INITIAL_GRANT_CREDITS", "-1", grant),
    Flaw("BILLING_INITIAL_GRANT_CREDITS", "much", grant),
    Flaw("MODELS_CHAT", "canary", model),
    Flaw("MODELS_PLANNING", "demo/demo-1", model),
    Flaw("MODELS_CODING", "openrouter/canary", model),
    Flaw("MODELS_VERIFICATION", "google/", model),
    Flaw("LOG_LEVEL", "canary", "must be one of trace, debug, info, notice, warning, error"),
  ]

  @Test(arguments: flaws + flawsOfTheShop)
  func aFlawEndsTheDaemonWithOneSentence(flaw: Flaw) async throws {
    try await World.run { world in
      let ending = try await world.aidevbot("run", changing: [flaw.key: flaw.value])
      #expect(ending.status == 78)
      #expect(ending.output.isEmpty)
      #expect(ending.errors.hasPrefix("aidevbot: \(flaw.key) \(flaw.sentence)"), "\(ending.errors)")
      #expect(ending.errorLines.count == 1)
      #expect(!ending.errors.contains("canary"))
      #expect(!ending.errors.contains(World.geminiKey))
      #expect(!ending.errors.contains(world.telegram.token))
      // It ended before it did anything.
      #expect(!FileManager.default.fileExists(atPath: world.databasePath))
      #expect(world.telegram.state.value.calls.isEmpty)
    }
  }

  @Test func aDatabaseThatCannotBeOpenedIsNamed() async throws {
    try await World.run { world in
      let ending = try await world.aidevbot(
        "run", changing: ["DATABASE_PATH": "/proc/none/b.sqlite"])
      #expect(ending.status == 1)
      #expect(
        ending.errorLines.last?.hasPrefix(
          "aidevbot: the database /proc/none/b.sqlite cannot be opened:") == true)
      // Behind the line that says what starts, and from where.
      #expect(ending.errorLines.count == 2)
    }
  }

  @Test func aFolderThatCannotBeMadeIsNamedInPlainWords() async throws {
    try await World.run { world in
      let none: [String: String?] = ["DATABASE_PATH": nil, "HOME": "/dev/null"]
      let ending = try await world.aidevbot("pricing", "list", changing: none)
      #expect(ending.status == 1)
      #expect(
        ending.errors
          == "aidevbot: the database /dev/null/.local/state/aidevbot/aidevbot.sqlite cannot be "
          + "opened: Not a directory\n")
      let check = try await world.aidevbot("check-config", changing: none)
      #expect(check.status == 1)
      let line = "FAILED  database      there is none, and /dev/null is no folder"
      #expect(check.output.contains(line))
    }
  }

  @Test(arguments: [
    (["STATE_DIRECTORY": "state"], "state/aidevbot.sqlite"),
    (["XDG_STATE_HOME": "xdg"], "xdg/aidevbot/aidevbot.sqlite"),
    (["HOME": "home"], "home/.local/state/aidevbot/aidevbot.sqlite"),
  ])
  func theDatabaseHasAUsualPlace(variables: [String: String], place: String) async throws {
    try await World.run { world in
      var changes: [String: String?] = ["DATABASE_PATH": nil]
      for (name, folder) in variables { changes[name] = world.folder.path + "/" + folder }
      let list = try await world.aidevbot("pricing", "list", changing: changes)
      #expect(list.status == 0)
      let path = world.folder.appendingPathComponent(place).path
      #expect(FileManager.default.fileExists(atPath: path))
    }
  }

  @Test func theTermsAndTheGrantAreTheOperatorsToChoose() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon(changing: [
        "BILLING_CREDIT_VALUE_USD": "0.001", "BILLING_MARKUP": "2",
        "BILLING_INITIAL_GRANT_CREDITS": "500.5", "MODELS_CHAT": "google/gemini-2.5-flash",
      ])
      #expect(try await world.ask("/start").contains("there are 500.50 credits"))
      // 1,000 and 500 tokens at 0.30 and 2.50 dollars a million, × 2 ÷ 0.001.
      #expect(
        try await world.ask("How do I begin?").hasSuffix(
          "Cost: 3.10 credits · Left: 497.40 credits"))
      try await world.stop(daemon)
      #expect(
        world.gemini.requests.value.filter(GeminiDialect.asksForAnswer).map(\.path)
          == ["/v1beta/models/gemini-2.5-flash:streamGenerateContent"])
      try await world.expectSoundLedger()
    }
  }
}
