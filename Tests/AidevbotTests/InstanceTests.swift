import Foundation
import Testing
import TestSupport

@Suite("Several processes on one database")
struct InstanceTests {
  @Test func aSecondDaemonRefuses() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      let polls = world.telegram.state.value.calls.count { $0.method == "getMe" }
      let second = try await world.aidevbot("run", changing: World.shop)
      #expect(second.status == 75)
      #expect(second.output.isEmpty)
      #expect(second.errorLines.count == 2 && second.errors.contains(" notice Starting. "))
      #expect(
        second.errors.hasSuffix(
          "\naidevbot: Another aidevbot works on this database already "
            + "(it holds \(world.databasePath).lock); stop that one first.\n"))
      #expect(world.telegram.state.value.calls.count { $0.method == "getMe" } == polls)
      // The first one is none the worse for it.
      try await world.ask("/start")
      try await world.stop(daemon)
      // A lock without a holder stops nobody.
      try await world.stop(try await world.startDaemon())
    }
  }

  @Test(arguments: ["file", "folder", "second name"])
  func aSecondDaemonRefusesByWhateverNameItFindsTheDatabase(link: String) async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      let other = world.folder.appendingPathComponent("other").path
      let path: String
      switch link {
      case "file":
        try FileManager.default.createSymbolicLink(
          atPath: other, withDestinationPath: "aidevbot.sqlite")
        path = other
      case "folder":
        try FileManager.default.createSymbolicLink(
          atPath: other, withDestinationPath: world.folder.path)
        path = other + "/aidevbot.sqlite"
      default:
        try FileManager.default.linkItem(atPath: world.databasePath, toPath: other)
        path = other
      }
      let second = try await world.aidevbot("run", changing: ["DATABASE_PATH": path])
      let isByName = link == "second name"
      #expect(second.status == (isByName ? 1 : 75))
      #expect(
        second.errors.contains(
          isByName
            ? "it has 2 names (hard links)" : "(it holds \(world.databasePath).lock)"))
      try await world.stop(daemon)
    }
  }

  /// As a restore does, whose file is the one to open.
  @Test(arguments: [("run", ".lock"), ("console", ".console.lock")])
  func openNoDatabaseWhileTheLockIsHeld(command: String, suffix: String) async throws {
    try await World.run { world in
      let lock = open(world.databasePath + suffix, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
      defer { close(lock) }
      #expect(flock(lock, LOCK_EX) == 0)
      let ending = try await world.aidevbot(command, changing: World.shop)
      #expect(ending.status == 75)
      #expect(!FileManager.default.fileExists(atPath: world.databasePath))
    }
  }

  /// After an upgrade whose settings the new version does not take, the old one goes on.
  @Test(arguments: [["ledger", "verify"], ["backup", "b.sqlite"], ["console"]])
  func leaveTheDatabaseOfAnOlderBotThatRunsAsItIs(command: [String]) async throws {
    try await World.run { world in
      try await world.stop(try await world.startDaemon())
      try world.damage("DELETE FROM grdb_migrations WHERE identifier LIKE 'ledger 3%'")
      let lock = open(world.databasePath + ".lock", O_RDWR | O_CLOEXEC)
      defer { close(lock) }
      #expect(flock(lock, LOCK_EX) == 0)
      let refused = try await world.start(command, input: "").waitForExit()
      #expect(refused.status == 1)
      #expect(
        refused.errors == """
          aidevbot: The database \(world.databasePath) is of an older version, and is not brought \
          up to date while a bot works on it. Restart the bot, which does it: sudo systemctl \
          restart aidevbot

          """)
      let applied = "SELECT count(*) FROM grdb_migrations WHERE identifier LIKE 'ledger 3%'"
      #expect(try world.number(applied) == 0)
    }
  }

  @Test func aConsoleWorksBesideTheDaemon() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.ask("/start")
      let console = try await world.aidevbot(
        "console", input: "/start\nHow do I begin?\n/credits\n")
      #expect(console.status == 0)
      #expect(console.output.contains("Your balance is 99.60625 credits."))
      #expect(try await world.ask("How do I begin?").hasSuffix("Left: 99.60625 credits"))
      try await world.stop(daemon)
      #expect(try world.balance(of: 0) == 100_000_000 - Seller.gemini.charge)
      #expect(try world.balance(of: 42) == 100_000_000 - Seller.gemini.charge)
      // Neither took the other's messages.
      #expect(world.telegram.state.value.messages.allSatisfy { $0.chatID == 42 })
      try await world.expectNothingLeft()
    }
  }

  @Test func aSecondConsoleRefuses() async throws {
    try await World.run { world in
      let mayAnswer = world.holdBack(callsOf: .gemini)
      let console = try world.start(["console"], input: "/start\nHow do I begin?\n")
      try await world.waitForCalls(1, to: .gemini)
      #expect(try await world.aidevbot("console", input: "/start\n").status == 75)
      mayAnswer.change { $0 = true }
      #expect(try await console.waitForExit().status == 0)
    }
  }

  @Test func severalMayMakeTheDatabaseAtTheSameMoment() async throws {
    try await World.run { world in
      let children = try (1...12).map { _ in try world.start(["pricing", "list"]) }
      for child in children {
        let ending = try await child.waitForExit()
        #expect(ending.status == 0, "\(ending.errors)")
      }
    }
  }
}
