@testable import aidevbot
import Testing

@Suite("aidevbot --help")
struct HelpTests {
  @Test(arguments: [
    (
      "",
      [
        "run", "console", "doctor", "check-config", "pricing", "credits", "users", "usage",
        "refund", "stars", "codes", "ledger", "backup", "restore", "alert", "--version",
        "78 a setting",
      ]
    ),
    ("run", ["--config", "TELEGRAM_BOT_TOKEN", "SIGTERM", "SIGHUP", "--drain <seconds>"]),
    ("doctor", ["--json", "--config", "Exit status 0, or 1"]),
    ("check-config", ["--json", "--config", "78 where a setting"]),
    ("console", ["--config", "provider key", "demo"]),
    ("pricing", ["list", "history", "set", "deactivate", "quote", "sync", "import"]),
    ("pricing history", ["<model>", "--json", "--csv", "--config"]),
    (
      "pricing sync",
      [
        "openrouter", "--all", "--model <model>", "--allow-free", "--yes", "--json", "--config",
        "PRICING_SYNC_OPENROUTER",
      ]
    ),
    (
      "pricing import",
      ["<file>", "--all", "--model <model>", "--allow-free", "--yes", "--json", "--config"]
    ),
    ("pricing list", ["--all", "--json", "--csv", "--config"]),
    (
      "pricing set",
      [
        "<provider>", "<model>", "--input", "--output", "--cached-input", "--reasoning",
        "--cache-write", "--image-input", "--image-output", "--long-prompt-over",
        "--long-prompt-input", "--long-prompt-output", "--long-prompt-cached-input",
        "--long-prompt-cache-write", "--note", "--json", "--config",
      ]
    ),
    ("pricing deactivate", ["<provider>", "<model>", "--config"]),
    (
      "pricing quote",
      [
        "<provider>", "<model>", "--input-tokens", "--output-tokens", "--cached-tokens",
        "--cache-write-tokens", "--reasoning-tokens", "--images", "--json", "--config",
      ]
    ),
    ("credits", ["grant", "show", "history"]),
    ("credits grant", ["<user>", "<credits>", "--reason", "--json", "--config"]),
    ("credits show", ["<user>", "--json", "--csv", "--config"]),
    (
      "credits history",
      [
        "<user>", "--limit <n>", "--since <day or time>", "--json", "--csv", "--config",
      ]
    ),
    ("users", ["list", "show", "block", "unblock"]),
    ("users list", ["--limit <n>", "--json", "--csv", "--config"]),
    ("users show", ["<user>", "--limit <n>", "--json", "--csv", "--config"]),
    ("users block", ["<user>", "--json", "--config"]),
    ("users unblock", ["<user>", "--json", "--config"]),
    ("usage", ["report"]),
    (
      "usage report",
      [
        "--since <day or time>", "--by", "--json", "--csv", "--config", "margin", "house loss",
        "P95",
      ]
    ),
    ("refund", ["<charge-id>", "--force", "--user <id>", "--json", "--config", "75 where"]),
    ("stars", ["reconcile", "unexplained", "balance", "packages"]),
    ("stars reconcile", ["--json", "--csv", "--config", "Exit status 1"]),
    ("stars unexplained", ["--json", "--csv", "--config"]),
    ("stars balance", ["--json", "--config", "Exit status 1"]),
    ("stars packages", ["--json", "--csv", "--config"]),
    ("codes", ["create", "list"]),
    (
      "codes create",
      ["--credits", "--uses", "--expires <yyyy-mm-dd>", "--code <text>", "--json", "--config"]
    ),
    ("codes list", ["--json", "--csv", "--config"]),
    ("ledger", ["verify"]),
    ("ledger verify", ["--json", "--config", "1 and a line for each break"]),
    ("backup", ["<path>", "--keep <n>", "--force", "--json", "--config", "75 where another"]),
    ("restore", ["<path>", "--json", "--config", "kept beside it", "75"]),
    ("alert", ["<text>", "--config", "TELEGRAM_ADMIN_USER_IDS"]),
  ])
  func namesEveryOption(command: String, words: [String]) async throws {
    try await World.run { world in
      let arguments = command.split(separator: " ").map(String.init)
      let help = try world.start(arguments + ["--help"])
      let ending = try await help.waitForExit()
      #expect(ending.status == 0)
      #expect(ending.errors.isEmpty)
      for word in words { #expect(ending.output.contains(word), "\(word)") }
    }
  }

  @Test func knowsItsVersion() async throws {
    try await World.run { world in
      let ending = try await world.aidevbot("--version")
      #expect(ending.status == 0)
      #expect(ending.output == "\(Version.current)\n")
    }
  }

  @Test(arguments: [["nonsense"], ["run", "--nonsense"], ["pricing", "set"]])
  func refusesWrongUsage(arguments: [String]) async throws {
    try await World.run { world in
      let ending = try await world.start(arguments).waitForExit()
      #expect(ending.status == 64)
      #expect(ending.output.isEmpty)
      #expect(ending.errors.contains("Usage: aidevbot"))
    }
  }
}
