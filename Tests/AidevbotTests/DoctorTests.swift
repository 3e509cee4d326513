import Foundation
import Glibc
import Ledger
import Testing
import TestSupport

@Suite("aidevbot doctor")
struct DoctorTests {
  @Test func findsAFirstInstallFitToStart() async throws {
    try await World.run { world in
      let ending = try await world.aidevbot("doctor")
      #expect(ending.status == 0, "\(ending.output)\(ending.errors)")
      for line in [
        "ok      token         @devbot, id ", "ok      webhook       none, updates waiting: 0",
        "ok      gemini        takes the key …6789", "ok      openrouter    takes the key …6789",
        "ok      settings      complete, from the environment; there is no file",
        "note    database      \(world.databasePath) is made at the first start",
        "ok      sqlite        3.", "ok      disk          ", "ok      permissions   nobody else",
        "ok      models        priced: google/gemini-3.1-pro-preview, google/gemini-3.8-flash, ",
      ] {
        #expect(ending.outputLines.contains { $0.hasPrefix(line) }, "\(line) in \(ending.output)")
      }
      #expect(ending.outputLines.count { $0.contains("  unit  ") } == 1)
      #expect(!FileManager.default.fileExists(atPath: world.databasePath))
      #expect(world.callCount(.gemini) + world.callCount(.openRouter) == 0)
      for secret in [world.telegram.token, World.geminiKey, World.openRouterKey] {
        #expect(!(ending.output + ending.errors).contains(secret))
      }
    }
  }

  @Test func looksBesideTheDaemonAndWritesNothing() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      try await world.ask("How do I begin?")
      try await world.waitUntilAllIsDone()
      let before = try world.fileStates()
      let ending = try await world.aidevbot("doctor")
      #expect(ending.status == 0, "\(ending.output)")
      #expect(ending.output.contains("ok      database      \(world.databasePath) is whole"))
      #expect(
        ending.output.contains(
          "ok      ledger        holds (users: 1, transactions: 2, settled calls: 1)"))
      #expect(try world.fileStates() == before)
      // Nor did it take the daemon's polls.
      #expect(daemon.state.value.errorText.contains("409") == false)
      try await world.ask("/status")
      try await world.stop(daemon)
      let still = try world.fileStates()["aidevbot.sqlite"]
      #expect(still != nil)
      #expect(try await world.aidevbot("doctor").status == 0)
      #expect(try world.fileStates()["aidevbot.sqlite"] == still)
    }
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var changes: [String: String?] = [:]
    /// The end of the line is the next thing to type.
    var line: String
    var prepare: @Sendable (World) async throws -> Void = { _ in }
  }

  static let faults = [
    Fault(
      testDescription: "a token that Telegram rejects",
      changes: ["TELEGRAM_BOT_TOKEN": "1:wrong"],
      line: "FAILED  token         Telegram refuses the bot's token; check it, or have @BotFather "
        + "make a new one → ask @BotFather for the token"),
    Fault(
      testDescription: "no Telegram",
      changes: ["TELEGRAM_API_BASE_URL": "http://127.0.0.1:9"],
      line: "FAILED  token         Telegram cannot be reached: "),
    Fault(
      testDescription: "a key that Gemini rejects",
      line: "FAILED  gemini        rejects the key …6789 → make a new one at https://aistudio"
    ) { world in
      world.gemini.onCall { _ in
        .json(
          #"{"error":{"code":400,"details":[{"reason":"API_KEY_INVALID"}],"message":"canary"}}"#,
          status: 400)
      }
    },
    Fault(
      testDescription: "an account without money",
      line: "FAILED  openrouter    has no money left for the key …6789 → top up at https://openr"
    ) { world in
      world.openRouter.onCall { _ in .json(#"{"data":{"limit":5,"limit_remaining":0}}"#) }
    },
    Fault(
      testDescription: "a country that Gemini does not serve",
      line: "FAILED  gemini        refuses calls from this machine (status 400, FAILED_PRECONDITION"
    ) { world in
      world.gemini.onCall { _ in
        .json(
          #"{"error":{"code":400,"message":"User location is not supported for the API use.","#
            + #""status":"FAILED_PRECONDITION"}}"#, status: 400)
      }
    },
    Fault(
      testDescription: "a page in place of Gemini",
      line: "FAILED  gemini        is not what answers, but a web page → check the network and GEMI"
    ) { world in
      world.gemini.onCall { _ in .html("<html>Blocked</html>", status: 403) }
    },
    Fault(
      testDescription: "no OpenRouter", changes: ["OPENROUTER_BASE_URL": "http://127.0.0.1:9"],
      line: "FAILED  openrouter    cannot be reached → check the network and OPENROUTER_BASE_URL"),
    Fault(
      testDescription: "a setting", changes: ["BILLING_MARKUP": "canary"],
      line: "FAILED  settings      BILLING_MARKUP must be a decimal above zero"),
    Fault(
      testDescription: "a model without a price", changes: ["MODELS_CHAT": "google/gemini-0"],
      line: "FAILED  models        no price: google/gemini-0 → aidevbot pricing set google gem"),
    Fault(
      testDescription: "a broken ledger",
      line: "FAILED  ledger        user 1: the balance is 100000007 micro-credits"
    ) { world in
      try await world.makeDatabase()
      try world.damage("UPDATE users SET credit_balance_micro = credit_balance_micro + 7")
    },
    Fault(
      testDescription: "a database of a newer version",
      line: "FAILED  ledger        a newer version of aidevbot wrote the file → install that v"
    ) { world in
      try await world.makeDatabase()
      try world.damage(World.markOfANewerVersion)
    },
    Fault(
      testDescription: "a damaged file", line: "FAILED  database      "
    ) { world in
      try Data(repeating: 7, count: 9_000).write(to: URL(fileURLWithPath: world.databasePath))
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o600], ofItemAtPath: world.databasePath)
    },
    Fault(
      testDescription: "a database that others can read",
      line: "FAILED  permissions   others can read or write "
    ) { world in
      try await world.makeDatabase()
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o644], ofItemAtPath: world.databasePath)
    },
    Fault(
      testDescription: "a folder that everybody may write to",
      line: "FAILED  permissions   anybody can write to "
    ) { world in
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o777], ofItemAtPath: world.folder.path)
    },
    Fault(
      testDescription: "a file with a secret that others can read",
      line: "FAILED  permissions   others can read or write config/aidevbot.yaml → chmod go= config"
    ) { world in
      try world.configure("gemini:\n  api_key: \(World.geminiKey)\n")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o644],
        ofItemAtPath: world.folder.path + "/config/aidevbot.yaml")
    },
  ]

  @Test(arguments: faults)
  func saysWhatFailsAndWhatToTypeNext(fault: Fault) async throws {
    try await World.run { world in
      try await fault.prepare(world)
      let ending = try await world.aidevbot("doctor", changing: fault.changes)
      #expect(ending.status == 1)
      #expect(ending.outputLines.contains { $0.hasPrefix(fault.line) }, "\(ending.output)")
      #expect(ending.outputLines.count { $0.hasPrefix("FAILED") } == 1, "\(ending.output)")
      #expect(ending.errors.isEmpty)
      #expect(!ending.output.contains("canary"))
      #expect(!ending.output.contains(World.geminiKey))
    }
  }

  @Test func warnsOfAClockAndAWebhook() async throws {
    try await World.run { world in
      let me = #"{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"D","username":"d"}}"#
      world.telegram.fail(
        "getMe",
        with: .reply(.json(me, headers: ["Date": "Sun, 06 Nov 1994 08:49:37 GMT"])))
      world.telegram.fail(
        "getWebhookInfo",
        with: .reply(
          .json(#"{"ok":true,"result":{"url":"https://a.org/b","pending_update_count":3}}"#)))
      let ending = try await world.aidevbot("doctor")
      #expect(ending.status == 0)
      #expect(
        ending.output.contains(/warn    clock         [0-9]{9,} s ahead of Telegram's → sudo t/))
      #expect(ending.output.contains("warn    webhook       another program has set one"))

      let form = DateFormatter()
      form.locale = Locale(identifier: "en_US_POSIX")
      form.timeZone = .gmt
      form.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
      world.telegram.fail(
        "getMe", with: .reply(.json(me, headers: ["Date": form.string(from: Date())])))
      let right = try await world.aidevbot("doctor").output
      #expect(right.contains("ok      clock         as Telegram's"), "\(right)")
    }
  }

  @Test func saysHowOldTheNewestBackupIs() async throws {
    try await World.run { world in
      try await world.openAnAccountInTheConsole()
      func line() async throws -> Substring? {
        try await world.aidevbot("doctor").outputLines.first { $0.contains("  backup  ") }
      }
      let folder = world.path("backups")
      #expect(
        try await line()
          == "note    backup        there is none in \(folder) → aidevbot backup \(folder)/")
      #expect(try await world.aidevbot("backup", "backups/").status == 0)
      #expect(try await line() == "ok      backup        the newest is less than an hour old")
      try FileManager.default.removeItem(atPath: folder)
      let old = DatabaseBackup.fileName(at: Date() - 3 * 86_400)
      // What bears another name is no backup of ours.
      try world.makeFiles([old, "aidevbot-29991231T000000Z.sqlite.partial"], in: "backups")
      #expect(
        try await line()
          == "warn    backup        the newest is 3 days old → aidevbot backup \(folder)/")
    }
  }

  @Test func writesJSON() async throws {
    try await World.run { world in
      let ending = try await world.aidevbot(
        "doctor", "--json", changing: ["BILLING_MARKUP": "0"])
      #expect(ending.status == 1)
      let checks = try #require(
        try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [[String: String]])
      #expect(checks.contains { $0["name"] == "token" && $0["verdict"] == "ok" })
      #expect(checks.contains { $0["name"] == "settings" && $0["verdict"] == "failed" })
    }
  }

  @Test func isInColorOnATerminalAlone() async throws {
    try await World.run { world in
      let terminal = #"exec /usr/bin/script -qec "$0 check-config" /dev/null"#
      func output(_ changes: [String: String?]) async throws -> String {
        try await world.start([], changing: changes, by: terminal).waitForExit().output
      }
      let colorful = try await output(["TERM": "xterm"])
      #expect(colorful.contains("\u{1B}[32mok"), "\(colorful)")
      let plain = try await output(["TERM": "xterm", "NO_COLOR": "1"])
      #expect(plain.contains("ok      settings"), "\(plain)")
      #expect(!plain.contains("\u{1B}"))
      let elsewhere = try await world.aidevbot("check-config").output
      #expect(!elsewhere.contains("\u{1B}"))
    }
  }
}

@Suite("aidevbot check-config")
struct CheckConfigTests {
  @Test func findsNothingWrongWithoutANetwork() async throws {
    try await World.run { world in
      let ending = try await world.aidevbot("check-config")
      #expect(ending.status == 0, "\(ending.output)")
      #expect(ending.output.contains("ok      settings      complete"))
      #expect(
        ending.output.contains(
          "warn    support       nobody reads what people write to /paysupport → set TELEGRAM_AD"))
      let shop = try await world.aidevbot("check-config", changing: World.shop)
      #expect(!shop.output.contains("/paysupport"))
      #expect(world.telegram.state.value.calls.isEmpty)
      #expect(world.gemini.requests.value.isEmpty)
      #expect(!FileManager.default.fileExists(atPath: world.databasePath))
    }
  }

  @Test(arguments: [false, true])
  func warnsOfAModelThatMakesImages(hasDatabase: Bool) async throws {
    try await World.run { world in
      if hasDatabase { #expect(try await world.aidevbot("pricing", "list").status == 0) }
      let ending = try await world.aidevbot(
        "check-config", changing: ["MODELS_CHAT": "google/gemini-2.5-flash-image"])
      #expect(ending.status == 0, "\(ending.output)")
      #expect(
        ending.output.contains(
          "warn    images        google/gemini-2.5-flash-image makes images, which the bot cannot "
            + "deliver, so it is not for sale → set MODELS_CHAT to a model that answers in text"),
        "\(ending.output)")
    }
  }

  @Test func namesEachSettingThatIsWrong() async throws {
    try await World.run { world in
      let ending = try await world.aidevbot(
        "check-config",
        changing: [
          "BILLING_MARKUP": "canary", "MODELS_CHAT": "canary", "LOG_LEVEL": "canary",
          "TELEGRAM_BOT_TOKEN": nil, "STARS_PACKAGES": "canary", "GEMINI_API_KEY": nil,
          "OPENROUTER_API_KEY": nil,
        ])
      #expect(ending.status == 78)
      let keys = [
        "BILLING_MARKUP", "MODELS_CHAT", "LOG_LEVEL", "TELEGRAM_BOT_TOKEN", "STARS_PACKAGES",
        "GEMINI_API_KEY and OPENROUTER_API_KEY",
      ]
      for key in keys {
        #expect(ending.output.contains("FAILED  settings      \(key)"), "\(ending.output)")
      }
      #expect(!ending.output.contains("canary"))
    }
  }

  @Test(arguments: SettingsTests.flaws)
  func findsWhatEndsTheDaemon(flaw: SettingsTests.Flaw) async throws {
    try await World.run { world in
      let ending = try await world.aidevbot("check-config", changing: [flaw.key: flaw.value])
      #expect(ending.status == 78)
      #expect(
        ending.output.contains("FAILED  settings      \(flaw.key) \(flaw.sentence)"),
        "\(ending.output)")
      #expect(!ending.output.contains("canary"))
    }
  }

  @Test func namesKeysThatMeanNothing() async throws {
    try await World.run { world in
      try world.configure(
        """
        telegram:
          bot_tokn: canary
          admin_user_ids: 1001
        biling:
          markup: 2
        markup: 3
        log:
          colour: red
        database:
          # path: /nowhere
        """)
      let ending = try await world.aidevbot("check-config")
      #expect(ending.status == 0, "\(ending.output)")
      let sentences = [
        "telegram.bot_tokn, which means nothing here (did you mean telegram.bot_token?)",
        "biling, which means nothing here (did you mean billing?)",
        "markup, which means nothing here (did you mean billing.markup?)",
        "log.colour, which means nothing here",
      ]
      let warnings = ending.outputLines.filter { $0.hasPrefix("warn    settings") }
      #expect(warnings.count == 4, "\(ending.output)")
      for (line, sentence) in zip(warnings, sentences) {
        #expect(line.hasSuffix("The configuration file has a key " + sentence))
      }
      let daemon = try await world.startDaemon()
      let log = try await world.stop(daemon).errorLines
      for sentence in sentences {
        #expect(log.contains { $0.contains(" warning ") && $0.contains(sentence) }, "\(log)")
      }
      #expect(!(ending.output + log.joined()).contains("canary"))
    }
  }

  @Test func theExampleHasNoKeyThatMeansNothing() async throws {
    try await World.run { world in
      let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../config/aidevbot.example.yaml")
      let ending = try await world.aidevbot("check-config", "--config", example.path)
      #expect(ending.status == 0, "\(ending.output)")
      #expect(!ending.output.contains("warn    settings"))
    }
  }
}

extension World {
  /// A bot that has run, and has one account.
  fileprivate func makeDatabase() async throws {
    let daemon = try await startDaemon()
    try await openAccount()
    try await stop(daemon)
  }

  /// What of the database stands on the disk, to the byte. The index of the log is shared memory,
  /// in which readers leave marks.
  fileprivate func fileStates() throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    return try names.filter { !$0.hasSuffix("-shm") }.reduce(into: [:]) { states, name in
      let file = folder.appendingPathComponent(name)
      states[name] = try Data(contentsOf: file)
    }
  }
}
