import Foundation
import Settings
import Testing
import TestSupport

/// What would count for something else than it looks like, or for nothing.
@Suite("Faults of a configuration")
struct ConfigurationFaultTests {
  private static func source(
    _ text: String, environment: [String: String] = [:]
  ) async throws -> SettingsSource {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("aidevbot-\(UUID().uuidString).yaml")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    do {
      return try await SettingsSource(file: file.path, environment: environment)
    } catch let error as SettingsError {
      var error = error
      error.description = error.description.replacing(file.path, with: "my.yaml")
      throw error
    }
  }

  @Test(arguments: [
    (
      "billing: 2\n",
      "The configuration file my.yaml gives billing a value of its own, but it is a section; write "
        + "its keys below it, indented by two spaces"
    ),
    (
      "billing: [canary, 2]\n",
      "The configuration file my.yaml gives billing a value of its own, but it is a section; write "
        + "its keys below it, indented by two spaces"
    ),
    (
      "billing:\n  markup:\n    canary: 2\n",
      "BILLING_MARKUP must be a single value, not a list or a section"
    ),
    (
      "billing:\n  markup: [2]\n", "BILLING_MARKUP must be a single value, not a list or a section"
    ),
    ("stars:\n  packages:\n    canary: 2\n", "STARS_PACKAGES must be a list"),
    (
      "stars:\n  packages:\n    - canary: 250 for 200\n",
      "STARS_PACKAGES must be a list of texts; put quotation marks around each of them"
    ),
    (
      "billing:\n  markup: 2\n  # Again.\n  markup: 3\n",
      "The configuration file my.yaml has the key markup twice in one place; look at line 2 and "
        + "those below it"
    ),
    (
      "log:\nbilling:\n  markup: 2\nbilling:\n  markup: 3\n",
      "The configuration file my.yaml has the key billing twice in one place; look at line 2 and "
        + "those below it"
    ),
    (
      "log:\n  canary: 2\n  canary: 3\n",
      "The configuration file my.yaml has a key twice in one place; look at line 2 and those below "
        + "it"
    ),
  ])
  func findsWhatStandsInTheWrongPlace(text: String, sentence: String) async throws {
    await #expect {
      _ = try await Self.source(text)
    } throws: { error in
      #expect("\(error)" == sentence)
      return "\(error)" == sentence
    }
  }

  @Test(arguments: [
    "billing:\n", "billing: ~\n", "billing:\n  # markup: 2\n", "unknown: 2\n",
    "stars:\n  packages: none\n", "stars:\n  packages: []\n", "a: &a [1]\nb: *a\n",
  ])
  func takesWhatIsMerelyEmptyOrUnknown(text: String) async throws {
    _ = try await Self.source(text)
  }

  @Test(arguments: [
    ("BILING_MARKUP", "BILLING_MARKUP"), ("BILLING_MARKUPS", "BILLING_MARKUP"),
    ("TELEGRAM_BOT_TOKNE", "TELEGRAM_BOT_TOKEN"), ("GEMINI_API_KEYS", "GEMINI_API_KEY"),
    ("MODEL_CHAT", "MODELS_CHAT"), ("AIDEVBOT_CONFG", "AIDEVBOT_CONFIG"),
    ("LOG_LEVLE", nil), ("LOG_LEVE", "LOG_LEVEL"),
  ])
  func namesVariablesThatAreNearlySettings(name: String, meant: String?) async throws {
    let source = try await Self.source("# Nothing.\n", environment: [name: "canary"])
    #expect(
      source.unknownVariables.map(\.sentence)
        == (meant.map {
          ["The environment has \(name), which means nothing here (did you mean \($0)?)"]
        } ?? []))
    // What is set rightly as well was not forgotten.
    let both = [name: "canary", meant ?? "": "right"]
    #expect(try await Self.source("# Nothing.\n", environment: both).unknownVariables == [])
  }

  /// As they are found on servers, in containers and in shells.
  @Test func mindsNoVariablesOfOtherPrograms() async throws {
    let names = """
      HOME PATH USER SHELL TERM LANG LC_ALL PWD OLDPWD TMPDIR EDITOR PAGER LOGNAME MAIL HOSTNAME \
      DISPLAY LS_COLORS SSH_AUTH_SOCK SSH_CONNECTION SUDO_USER XDG_RUNTIME_DIR XDG_STATE_HOME \
      DBUS_SESSION_BUS_ADDRESS NOTIFY_SOCKET INVOCATION_ID JOURNAL_STREAM STATE_DIRECTORY \
      CREDENTIALS_DIRECTORY CONFIGURATION_DIRECTORY WATCHDOG_USEC LISTEN_FDS LIBDISPATCH_LOG \
      LOGLEVEL LOG_LEVEL_ROOT LOG_FORMAT LOG_FILE DEBUG NO_COLOR COLUMNS LINES PORT HOST \
      DATABASE_URL DATABASE_PASS DATABASE_PORT DATABASE_HOST DATABASE_NAME DATABASE_USER \
      DB_PATH REDIS_URL OPENAI_API_KEY OPENAI_BASE_URL ANTHROPIC_API_KEY GOOGLE_API_KEY \
      GEMINI_MODEL TELEGRAM_TOKEN TELEGRAM_CHAT_ID TELEGRAM_API_ID TELEGRAM_API_HASH BOT_TOKEN \
      AWS_ACCESS_KEY_ID AWS_CA_BUNDLE HTTP_PROXY HTTPS_PROXY NO_PROXY SSL_CERT_FILE \
      KUBERNETES_SERVICE_HOST LITESTREAM_REPLICA_URL MODELS_DIR MODEL_PATH PRICING_URL LD_PRELOAD
      """.split(separator: " ").map(String.init)
    let environment = Dictionary(uniqueKeysWithValues: names.map { ($0, "1") })
    let unknown = try await Self.source("# Nothing.\n", environment: environment).unknownVariables
    #expect(unknown == [])
  }

  @Test func showsThemAndTheDaemonLogsThem() async throws {
    try await World.run { world in
      let changes: [String: String?] = ["BILING_MARKUP": "canary"]
      let checked = try await world.aidevbot("check-config", changing: changes)
      #expect(checked.status == 0)
      let sentence =
        "The environment has BILING_MARKUP, which means nothing here (did you mean BILLING_MARKUP?)"
      #expect(checked.outputLines.contains { $0 == "warn    settings      \(sentence)" })
      let daemon = try await world.startDaemon(changing: changes)
      let log = try await world.stop(daemon).errors
      #expect(log.contains(" warning \(sentence).") && !log.contains("canary"), "\(log)")
    }
  }

  @Test(arguments: [
    (
      "STARS_PACKAGES", "C: 1000 for 100",
      "C is sold at a loss: its margin is -412.9 % → raise its price to 513 Stars "
        + "or more; see aidevbot stars packages"
    ),
    (
      "STARS_SUBSCRIPTION", "M: 1000 for 100",
      "M is sold at a loss: its margin is -412.9 % → raise its price to 513 Stars "
        + "or more; see aidevbot stars packages"
    ),
    (
      "BILLING_MARKUP", "0.99",
      "BILLING_MARKUP is 0.99, so each call is charged for less than it costs → set BILLING_MARKUP "
        + "to 1 or more"
    ),
  ])
  func findsWhatIsSoldAtALoss(setting: String, value: String, line: String) async throws {
    try await World.run { world in
      let checked = try await world.aidevbot("check-config", changing: [setting: value])
      #expect(checked.status == 1)
      #expect(
        checked.outputLines.filter { $0.hasPrefix("FAILED") } == ["FAILED  sales         \(line)"],
        "\(checked.output)")
    }
  }

  @Test(arguments: [("STARS_PACKAGES", "C: 1000 for 513"), ("BILLING_MARKUP", "1")])
  func isContentWithWhatCoversItsCost(setting: String, value: String) async throws {
    try await World.run { world in
      // At this markup, the usual packages need another price.
      var changes = ["STARS_PACKAGES": "C: 1000 for 770", "TELEGRAM_ADMIN_USER_IDS": "1001"]
      changes[setting] = value
      let checked = try await world.aidevbot("check-config", changing: changes)
      #expect(checked.status == 0, "\(checked.output)")
    }
  }
}
