import Foundation
import GRDB
import Testing
import TestSupport

/// What a backup brings back, and what it does not.
@Suite("aidevbot restore")
struct RestoreTests {
  @Test func bringsBackWhatWasBackedUpAndKeepsWhatItReplaces() async throws {
    try await World.run { world in
      let first = try await world.startDaemon()
      try await world.openAccount()
      try await world.ask(Seller.gemini.question)
      #expect(try await world.aidevbot("backup", "b.sqlite").status == 0)
      try await world.ask(Seller.gemini.question)
      // With what it had written last still in the log beside the file.
      try await world.kill(first)
      let bytes = try Data(contentsOf: world.url("b.sqlite"))

      let restored = try await world.aidevbot("restore", "b.sqlite")
      #expect(restored.status == 0, "\(restored.errors)")
      #expect(restored.errors.isEmpty)
      #expect(
        restored.outputLines.first == """
          Restored \(world.databasePath) from b.sqlite, and proven: users: 1, transactions: 2, \
          settled calls: 1.
          """)
      #expect(try world.balance() == 100_000_000 - Seller.gemini.charge)
      try world.expectWholeFile()
      try await world.expectSoundLedger()
      #expect(try world.mode(of: world.databasePath) == 0o600)
      #expect(try Data(contentsOf: world.url("b.sqlite")) == bytes)
      let replaced = try #require(
        restored.output.firstMatch(of: /kept as (.+\.replaced-[0-9]{8}T[0-9]{6}Z)\./)?.1)
      let verdict = try await world.aidevbot(
        "ledger", "verify", changing: ["DATABASE_PATH": String(replaced)])
      #expect(verdict.output == "The ledger holds. Users: 1, transactions: 3, settled calls: 2.\n")

      let second = try await world.startDaemon()
      #expect(try await world.ask(Seller.gemini.question).contains("Left: 99.2125 credits"))
      try await world.stop(second)
      try await world.expectNothingLeft()
    }
  }

  @Test func erasesAgainWhoHasErasedTheirAccountSince() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      #expect(try await world.aidevbot("backup", "b.sqlite").status == 0)
      world.telegram.callback("deletemydata:yes", from: 42)
      try await world.wait(
        for: "the erasure", untilThereIs: "SELECT count(*) FROM users WHERE erased_at IS NOT NULL")
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      let restored = try await world.aidevbot("restore", "b.sqlite")
      #expect(
        restored.output.contains(
          "One person had erased their account since the backup; that was done again."))
      #expect(try world.balance() == nil)
      try await world.expectSoundLedger()
      try FileManager.default.removeItem(atPath: world.databasePath)
      let again = try await world.aidevbot("restore", "b.sqlite")
      #expect(again.output.contains("There was no newer database that knows who has erased"))
      #expect(try world.balance() == 100_000_000)
    }
  }

  @Test func refusesWhileTheBotOrAConsoleRuns() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      #expect(try await world.aidevbot("backup", "b.sqlite").status == 0)
      let refused = try await world.aidevbot("restore", "b.sqlite")
      #expect(refused.status == 75)
      #expect(refused.output.isEmpty)
      #expect(
        refused.errors == "aidevbot: Another aidevbot works on this database already "
          + "(it holds \(world.databasePath).lock); stop that one first.\n")
      // It is none the worse for it.
      try await world.ask(Seller.gemini.question)
      try await world.stop(daemon)
      #expect(try world.balance() == 100_000_000 - Seller.gemini.charge)

      let mayAnswer = world.holdBack(callsOf: .gemini)
      let console = try world.start(["console"], input: "/start\nHow do I begin?\n")
      try await world.waitForCalls(2, to: .gemini)
      #expect(try await world.aidevbot("restore", "b.sqlite").status == 75)
      mayAnswer.change { $0 = true }
      #expect(try await console.waitForExit().status == 0)
      try await world.expectNothingLeft()
    }
  }

  @Test func refusesWhileAnotherProgramHasTheDatabaseOpen() async throws {
    try await World.run { world in
      try await world.openAnAccountInTheConsole()
      #expect(try await world.aidevbot("backup", "b.sqlite").status == 0)
      // A reader, as Litestream is one.
      let other = try DatabaseQueue(path: world.databasePath)
      _ = try await other.read { try $0.tableExists("users") }
      let refused = try await world.aidevbot("restore", "b.sqlite")
      #expect(refused.status == 75)
      #expect(refused.errors.contains("Another program has \(world.databasePath) open, such as"))
      try await world.expectUnchanged()
      try other.close()
      #expect(try await world.aidevbot("restore", "b.sqlite").status == 0)
    }
  }

  @Test(arguments: [
    ("nowhere.sqlite", "there is no such file"),
    ("text", "it is no database, or its beginning is damaged"),
    ("other.sqlite", "it lacks the bot's tables"),
    ("empty", "it is empty"), (".", "it is a folder"), ("/dev/null", "it is no file"),
  ])
  func takesNoOtherFile(name: String, reason: String) async throws {
    try await World.run { world in
      try await world.openAnAccountInTheConsole()
      try world.makeFiles(["empty"], in: "")
      try Data(String(repeating: "no database", count: 999).utf8).write(to: world.url("text"))
      try world.change("other.sqlite", "CREATE TABLE users (id)")
      let refused = try await world.aidevbot("restore", name)
      #expect(refused.status == 1)
      #expect(refused.errors.contains("\(name) is no backup of aidevbot: \(reason)"))
      try await world.expectUnchanged()
    }
  }

  @Test func takesNoBackupThatIsNotSound() async throws {
    try await World.run { world in
      try await world.openAnAccountInTheConsole()
      #expect(try await world.aidevbot("backup", "b.sqlite").status == 0)
      try world.change(
        "b.sqlite", "UPDATE users SET credit_balance_micro = credit_balance_micro + 1")
      let refused = try await world.aidevbot("restore", "b.sqlite")
      #expect(refused.status == 1)
      #expect(
        refused.errors == """
          aidevbot: The copy of b.sqlite is not sound, so it is not used:
          user 1: the balance is 100000001 micro-credits, but the journal sums to 100000000\n
          """)
      let own = try await world.aidevbot("restore", world.databasePath)
      #expect(own.status == 1)
      try await world.expectUnchanged()
    }
  }

  @Test func leavesTheDatabaseOfANewerVersionAlone() async throws {
    try await World.run { world in
      try await world.openAnAccountInTheConsole()
      #expect(try await world.aidevbot("backup", "b.sqlite").status == 0)
      try world.change("b.sqlite", World.markOfANewerVersion)
      let restore = try await world.aidevbot("restore", "b.sqlite")
      #expect(restore.status == 78)
      #expect(
        restore.errors == """
          aidevbot: The database b.sqlite was written by a newer version of aidevbot; install that \
          one again, or restore a backup that this one made.

          """)
      try await world.expectUnchanged()

      try world.damage(World.markOfANewerVersion)
      let daemon = try await world.aidevbot("run", changing: World.shop)
      let command = try await world.aidevbot("credits", "show", "0")
      for refused in [daemon, command] {
        #expect(refused.status == 78)
        #expect(refused.errorLines.last?.contains("newer version of aidevbot") == true)
      }
    }
  }

  @Test func replacesADatabaseThatIsDamagedOrGone() async throws {
    try await World.run { world in
      try await world.openAnAccountInTheConsole()
      #expect(try await world.aidevbot("backup", "b.sqlite").status == 0)
      try Data(repeating: 7, count: 50_000).write(to: URL(fileURLWithPath: world.databasePath))
      try Data(repeating: 7, count: 5_000).write(
        to: URL(fileURLWithPath: world.databasePath + "-wal"))
      let first = try await world.aidevbot("restore", "b.sqlite", "--json")
      #expect(first.status == 0, "\(first.errors)")
      let replaced = try JSONValue(json: Data(first.output.utf8))["replaced"]?.string
      let path = try #require(replaced)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == 50_000)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path + "-wal")).count == 5_000)
      #expect(try world.balance(of: 0) == 100_000_000)
      try await world.expectSoundLedger()

      try FileManager.default.removeItem(atPath: world.databasePath)
      try Data(repeating: 7, count: 5_000).write(
        to: URL(fileURLWithPath: world.databasePath + "-wal"))
      let second = try await world.aidevbot("restore", "b.sqlite")
      #expect(second.status == 0, "\(second.errors)")
      #expect(!second.output.contains("kept as"))
      #expect(try world.balance(of: 0) == 100_000_000)
      try world.expectWholeFile()
      try await world.expectSoundLedger()
    }
  }

  /// A log that is whole, of a file that is gone: SQLite would write it into the restored one.
  @Test func theLogOfALostDatabaseStaysOut() async throws {
    try await World.run { world in
      let first = try await world.startDaemon()
      try await world.openAccount()
      #expect(try await world.aidevbot("backup", "b.sqlite").status == 0)
      try await world.ask(Seller.gemini.question)
      try await world.kill(first)
      let log = try Data(contentsOf: URL(fileURLWithPath: world.databasePath + "-wal"))
      #expect(!log.isEmpty)
      try FileManager.default.removeItem(atPath: world.databasePath)
      let restored = try await world.aidevbot("restore", "b.sqlite")
      #expect(restored.status == 0, "\(restored.errors)")
      #expect(try world.balance() == 100_000_000)
      try world.expectWholeFile()
      try await world.expectSoundLedger()
      // It is kept, for whoever still has the file that it belongs to.
      let kept = try #require(try world.names(in: "").first { $0.hasSuffix("Z-wal") })
      #expect(try Data(contentsOf: world.url(kept)) == log)
    }
  }

  /// A call that was under way when the backup was made is ended by the next start.
  @Test func endsACallThatWasUnderWay() async throws {
    try await World.run { world in
      let first = try await world.startDaemon()
      try await world.openAccount()
      let mayAnswer = try await world.askWithoutAnAnswer()
      #expect(try await world.aidevbot("backup", "b.sqlite").status == 0)
      mayAnswer.change { $0 = true }
      try await world.replies(2, to: 42)
      try await world.stop(first)
      // As it is a day later.
      try world.change(
        "b.sqlite", "UPDATE credit_holds SET deadline_at = '2020-01-01 00:00:00.000'")
      let restored = try await world.aidevbot("restore", "b.sqlite")
      #expect(restored.status == 0, "\(restored.errors)")
      #expect(try world.number("SELECT count(*) FROM credit_holds WHERE state = 'pending'") == 1)
      let second = try await world.startDaemon()
      try await world.waitUntilAllIsDone()
      try await world.stop(second)
      try await world.expectNothingLeft()
    }
  }

  /// Charges after the backup are the house's loss; payments are found again, where their order is
  /// in the backup.
  @Test func paymentsAfterTheBackupAreFoundAgain() async throws {
    try await World.run { world in
      let first = try await world.openShop()
      try await world.openAccount()
      let invoice = try await world.order()
      try await world.waitUntilAllIsDone()
      #expect(try await world.aidevbot("backup", "b.sqlite").status == 0)
      try await world.pay(invoice, "stx-1")
      try await world.pay(world.order(), "stx-2")
      try await world.ask(Seller.gemini.question)
      try await world.stop(first)
      #expect(try world.balance() == 100_000_000 + 2 * 250_000_000 - Seller.gemini.charge)

      #expect(try await world.aidevbot("restore", "b.sqlite").status == 0)
      #expect(try world.balance() == 100_000_000)
      let second = try await world.openShop()
      try await world.message(with: "an entry that I cannot explain: 200 Stars")
      try await world.waitUntilAllIsDone()
      try await world.stop(second)
      #expect(try world.purchases() == ["stx-1: 250000000"])
      #expect(try world.balance() == 350_000_000)
      try await world.expectNothingLeft()
    }
  }
}

extension World {
  fileprivate func change(_ name: String, _ sql: String) throws {
    let file = try DatabaseQueue(path: path(name))
    try file.write { try $0.execute(sql: sql) }
    try file.close()
  }

  fileprivate func expectUnchanged() async throws {
    #expect(try balance(of: 0) == 100_000_000)
    let names = try names(in: "").filter { $0.hasPrefix("aidevbot.sqlite") }
    #expect(names.allSatisfy { !$0.contains("replaced") && !$0.contains("restoring") })
    try await expectSoundLedger()
  }
}
