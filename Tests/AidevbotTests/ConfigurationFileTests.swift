import Foundation
import Glibc
import Settings
import Testing
import TestSupport

@Suite("Configuration file")
struct ConfigurationFileTests {
  @Test func holdsAllSettings() async throws {
    try await World.run { world in
      try world.write(
        """
        # The bot.
        telegram:
          bot_token: "\(world.telegram.token)"
          api_base_url: \(world.telegram.url)/
          admin_user_ids: 1001
          sends_per_second: 0
          sends_per_chat_per_second: 0.0
        gemini:
          api_key: \(World.geminiKey)
          base_url: \(world.gemini.url)
        database:
          path: \(world.databasePath)
        billing:
          credit_value_usd: 0.01
          markup: 1.5
          initial_grant_credits: 7
        models:
          chat: google/gemini-2.5-flash
          planning: google/gemini-2.5-flash
          coding: google/gemini-2.5-flash
          verification: google/gemini-2.5-flash
        answers:
          streaming: off
        log:
          level: debug
        """, to: "my.yaml")
      let daemon = try world.start(["run", "--config", "my.yaml"], changing: world.nothingSet)
      #expect(try await world.ask("/start").contains("there are 7.00 credits"))
      #expect(try await world.ask("/code a loop").contains("Cost: 0.2325 credits"))
      try await world.stop(daemon)
      // 1,000 and 500 tokens at 0.30 and 2.50 dollars a million, × 1.5 ÷ 0.01.
      #expect(try world.balance() == 7_000_000 - 232_500)
    }
  }

  @Test func givesWayToTheEnvironment() async throws {
    try await World.run { world in
      try world.write("billing:\n  markup: 3\n  credit_value_usd: 0.02\n", to: "my.yaml")
      func quote(_ changes: [String: String?]) async throws -> String {
        try await world.aidevbot(
          "pricing", "quote", "google", "gemini-2.5-flash", "--input-tokens", "1000",
          "--output-tokens", "500", "--config", "my.yaml", changing: changes
        ).output
      }
      // 0.00155 dollars × 3 ÷ 0.02.
      #expect(try await quote([:]).contains("Charge:    0.2325 credits"))
      #expect(try await quote(["BILLING_MARKUP": "6"]).contains("Charge:    0.465 credits"))
      // What is set but empty is not set.
      #expect(try await quote(["BILLING_MARKUP": ""]).contains("Charge:    0.2325 credits"))
    }
  }

  @Test func isFoundInItsUsualPlace() async throws {
    try await World.run { world in
      try world.write("log:\n  level: loud\n", to: "config/aidevbot.yaml")
      let ending = try await world.aidevbot("run")
      #expect(ending.status == 78)
      #expect(ending.errors.hasPrefix("aidevbot: LOG_LEVEL must be one of trace, debug"))
      // A file that is named is read instead.
      try world.write("log:\n  level: info\n", to: "other.yaml")
      let daemon = try world.start(["run", "--config", "other.yaml"])
      try await world.ask("/start")
      try await world.stop(daemon)
    }
  }

  /// Whoever wrote it says where token and keys are sent.
  @Test func isNotTakenFromTheCurrentFolderWhereSecretsAreCredentials() async throws {
    try await World.run { world in
      try world.write("billing:\n  markup: much\n", to: "config/aidevbot.yaml")
      try world.write(World.geminiKey, to: "credentials/gemini_api_key")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o400],
        ofItemAtPath: world.folder.appendingPathComponent("credentials/gemini_api_key").path)
      let credentials: [String: String?] = [
        "CREDENTIALS_DIRECTORY": world.folder.appendingPathComponent("credentials").path,
        "GEMINI_API_KEY": nil,
      ]
      func check(_ changes: [String: String?], _ options: String...) async throws -> String {
        try await world.start(["check-config"] + options, changing: changes).waitForExit().output
      }
      #expect(try await check([:]).contains("BILLING_MARKUP"))
      let checked = try await check(credentials)
      #expect(!checked.contains("BILLING_MARKUP"), "\(checked)")
      #expect(checked.contains("config/aidevbot.yaml in the current folder is left out"))
      // One that is named is meant.
      let path = "config/aidevbot.yaml"
      #expect(try await check(credentials, "--config", path).contains("BILLING_MARKUP"))
      let named = credentials.merging(["AIDEVBOT_CONFIG": path]) { $1 }
      #expect(try await check(named).contains("BILLING_MARKUP"))
    }
  }

  @Test func isNotTakenFromTheCurrentFolderWhereItIsSomebodyElses() async throws {
    try await World.run { world in
      try world.write("billing:\n  markup: much\n", to: "config/aidevbot.yaml")
      let file = world.folder.appendingPathComponent("config/aidevbot.yaml").path
      #expect(SettingsSource.isOwn(file))
      #expect(!SettingsSource.isOwn(file, user: geteuid() + 1))
      #expect(!SettingsSource.isOwn(file + ".none"))
      // Only root gives files away.
      guard geteuid() == 0 else { return }
      for path in [file, (file as NSString).deletingLastPathComponent] {
        #expect(chown(path, 65_534, 65_534) == 0)
        let checked = try await world.aidevbot("check-config").output
        #expect(!checked.contains("BILLING_MARKUP"), "\(checked)")
        #expect(checked.contains("config/aidevbot.yaml in the current folder is left out"))
        #expect(chown(path, 0, 0) == 0)
      }
    }
  }

  @Test(arguments: ["", "\n", "# Nothing but comments.\n", "# One.\n\n   # Two.\n"])
  func mayHoldNothing(text: String) async throws {
    try await World.run { world in
      try world.write(text, to: "my.yaml")
      let list = try await world.aidevbot("pricing", "list", "--config", "my.yaml")
      #expect(list.status == 0)
      #expect(list.errors.isEmpty)
    }
  }

  @Test(arguments: [
    "telegram: [canary", "- a\n- canary\n", "canary", "telegram:\n\t bot_token: canary",
  ])
  func mustBeYAML(text: String) async throws {
    try await World.run { world in
      try world.write(text, to: "my.yaml")
      let ending = try await world.aidevbot("run", "--config", "my.yaml")
      #expect(ending.status == 78)
      #expect(
        ending.errors.hasPrefix("aidevbot: The configuration file my.yaml is not YAML of the form"))
      #expect(ending.errorLines.count == 1, "\(ending.errors)")
      #expect(!ending.errors.contains("canary"), "\(ending.errors)")
    }
  }

  @Test(arguments: ["telegram:\n  bot_token: [1, 2]\n", "telegram:\n  bot_token:\n    a: 1\n"])
  func holdsSingleValues(text: String) async throws {
    try await World.run { world in
      try world.write(text, to: "my.yaml")
      let ending = try await world.aidevbot(
        "run", "--config", "my.yaml", changing: ["TELEGRAM_BOT_TOKEN": nil])
      #expect(ending.status == 78)
      #expect(ending.errors.hasPrefix("aidevbot: TELEGRAM_BOT_TOKEN "), "\(ending.errors)")
      #expect(ending.errorLines.count == 1)
    }
  }

  /// As the example writes it, and as a list.
  @Test(arguments: ["none", "[none]", "[]"])
  func maySellNothing(packages: String) async throws {
    try await World.run { world in
      try world.write("stars:\n  packages: \(packages)\n", to: "my.yaml")
      let ending = try await world.aidevbot("stars", "packages", "--config", "my.yaml")
      #expect(ending.output == "Nothing is for sale.\n", "\(ending.errors)")
    }
  }

  @Test func mustBeOfASensibleLength() async throws {
    try await World.run { world in
      try world.write(String(repeating: "a: 1\n", count: 20_000), to: "my.yaml")
      let ending = try await world.aidevbot("run", "--config", "my.yaml")
      #expect(ending.status == 78)
      #expect(
        ending.errors == "aidevbot: The configuration file my.yaml is longer than 64 KiB, as no "
          + "configuration is; check the path\n")
    }
  }

  @Test(arguments: ["none.yaml", "."])
  func mustBeReadable(path: String) async throws {
    try await World.run { world in
      let ending = try await world.aidevbot("run", "--config", path)
      #expect(ending.status == 78)
      #expect(
        ending.errors == "aidevbot: The configuration file \(path) cannot be read; "
          + "check the path and its permissions\n")
    }
  }
}

extension World {
  fileprivate func write(_ text: String, to name: String) throws {
    let file = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  /// Changes that leave nothing in the environment.
  fileprivate var nothingSet: [String: String?] {
    environment.mapValues { _ in nil }
  }
}
