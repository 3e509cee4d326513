import Foundation
import Glibc
import Testing
import TestSupport

/// Backups while the bot works, and what it is then worth.
@Suite("aidevbot backup")
struct BackupTests {
  @Test func copiesTheDatabaseOfARunningBot() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      try await world.ask(Seller.gemini.question)
      let path = world.path("copies/a.sqlite")
      let backup = try await world.aidevbot("backup", path)
      #expect(backup.status == 0, "\(backup.errors)")
      #expect(backup.errors.isEmpty)
      #expect(backup.output.hasPrefix("Backed up to \(path), and proven: "))
      #expect(
        backup.output.hasSuffix(" bytes, users: 1, transactions: 2, settled calls: 1.\n"),
        "\(backup.output)")
      // What comes later is not in it.
      try await world.ask(Seller.gemini.question)
      try await world.stop(daemon)
      #expect(try world.names(in: "copies") == ["a.sqlite"])
      #expect(try world.mode(of: path) == 0o600)
      let verdict = try await world.aidevbot("ledger", "verify", changing: ["DATABASE_PATH": path])
      #expect(verdict.output == "The ledger holds. Users: 1, transactions: 2, settled calls: 1.\n")
      #expect(try world.balance() == 100_000_000 - 2 * Seller.gemini.charge)
    }
  }

  /// Somebody writes without a pause; the copy is of one moment all the same.
  @Test func copiesOneMoment() async throws {
    try await World.run { world in
      try await world.openAnAccountInTheConsole()
      try world.fill(megabytes: 8)
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      let isOver = Watched(false)
      async let questions = world.askUntil(isOver)
      for number in 1...3 {
        let backup = try await world.aidevbot("backup", world.path("b/\(number).sqlite"))
        #expect(backup.status == 0, "\(backup.errors)")
      }
      isOver.change { $0 = true }
      #expect(try await questions > 0)
      try await world.stop(daemon)
      try await world.expectNothingLeft()
    }
  }

  @Test func keepsTheNewestOnesInAFolder() async throws {
    try await World.run { world in
      try await world.openAnAccountInTheConsole()
      let others = [
        "aidevbot-20200101T000000Z.sqlite", "aidevbot-20200102T000000Z.sqlite",
        "aidevbot-20990101T000000Z.sqlite",
      ]
      let foreign = ["aidevbot-20200101T000000Z.sqlite.gpg", "mine.sqlite"]
      try world.makeFiles(others + foreign, in: "kept")
      let json = try await world.aidevbot("backup", "kept/", "--keep", "2", "--json")
      #expect(json.status == 0, "\(json.errors)")
      let result = try JSONValue(json: Data(json.output.utf8))
      #expect(
        result["deleted"] == [
          "aidevbot-20200102T000000Z.sqlite", "aidevbot-20200101T000000Z.sqlite",
        ])
      let file = try #require(result["path"]?.string)
      let name = URL(fileURLWithPath: file).lastPathComponent
      #expect(name.wholeMatch(of: /aidevbot-[0-9]{8}T[0-9]{6}Z\.sqlite/) != nil)
      // The one just made is kept, though by its name another is newer.
      #expect(try world.names(in: "kept") == Set(foreign + [name, others[2]]))
      // A folder that is there needs no slash, one that is not is made.
      try world.makeFiles([], in: "old")
      #expect(try await world.aidevbot("backup", "old", "--keep", "9").status == 0)
      #expect(try world.names(in: "old").count == 1)
      #expect(try await world.aidevbot("backup", "new/").status == 0)
      #expect(try world.names(in: "new").count == 1)
    }
  }

  @Test func replacesNothingUnasked() async throws {
    try await World.run { world in
      try await world.openAnAccountInTheConsole()
      try world.makeFiles(["a.sqlite"], in: "b")
      let refused = try await world.aidevbot("backup", "b/a.sqlite")
      #expect(refused.status == 1)
      #expect(refused.errors.hasSuffix("choose another name, or replace it with --force.\n"))
      #expect(try Data(contentsOf: world.url("b/a.sqlite")).isEmpty)
      #expect(try await world.aidevbot("backup", "b/a.sqlite", "--force").status == 0)
      #expect(try world.names(in: "b") == ["a.sqlite"])
      for name in ["", "-wal", ".lock"] {
        let own = try await world.aidevbot("backup", world.databasePath + name, "--force")
        #expect(own.status == 1)
        #expect(own.errors.contains("is the bot's own database"), "\(own.errors)")
      }
      #expect(try await world.aidevbot("backup", "b/c", "--keep", "3").status == 64)
      #expect(try await world.aidevbot("backup", "b/", "--keep", "0").status == 64)
      try await world.expectSoundLedger()
    }
  }

  @Test(arguments: [
    "UPDATE users SET credit_balance_micro = credit_balance_micro + 1",
    // An index that lacks a row.
    """
    PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = 'CREATE INDEX transactions_by_time ON credit_transactions (id)'
    WHERE name = 'transactions_by_time'
    """,
  ])
  func keepsNothingThatIsNotSound(damage: String) async throws {
    try await World.run { world in
      try await world.openAnAccountInTheConsole()
      let old = "aidevbot-20200101T000000Z.sqlite"
      try world.makeFiles([old], in: "b")
      try world.damage(damage)
      let backup = try await world.aidevbot("backup", "b/", "--keep", "1")
      #expect(backup.status == 1)
      #expect(backup.output.isEmpty)
      #expect(
        backup.errors.hasPrefix("aidevbot: The copy of \(world.databasePath) is not sound"),
        "\(backup.errors)")
      // An older one is not deleted for it.
      #expect(try world.names(in: "b") == [old])
    }
  }

  @Test func showsItsProgressOnATerminalOnly() async throws {
    try await World.run { world in
      try await world.openAnAccountInTheConsole()
      try world.fill(megabytes: 4)
      let shown = try await world.onTerminal(columns: 80, "backup", "b/a.sqlite")
      #expect(shown.status == 0)
      #expect(shown.output.contains("\rCopying [####"))
      #expect(shown.output.contains("] 100 %"))
      for phase in [
        "Copied. Checking the file …", "Copied and whole. Checking the ledger …",
        "Copied and proven. Waiting for the disk …",
      ] {
        #expect(shown.output.contains("\r\u{1B}[K\(phase)"), "\(phase) in \(shown.output)")
      }
      let restored = try await world.onTerminal(columns: 80, "restore", "b/a.sqlite")
      #expect(restored.output.contains("\r\u{1B}[KCopied. Checking the file …"))
      let piped = try await world.aidevbot("backup", "b/c.sqlite")
      #expect(piped.errors.isEmpty)
      #expect(!piped.output.contains("Copying"))
    }
  }

  /// A disk that is not there, or a slip of the hand, must not fill another disk unseen.
  @Test(arguments: ["x.sqlite", "x/", "deep/er/"])
  func makesNoFolderButInThatOfTheDatabase(name: String) async throws {
    try await World.run { world in
      try await world.openAnAccountInTheConsole()
      let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("aidevbot-none-\(UUID().uuidString)").path
      let refused = try await world.aidevbot("backup", "\(folder)/\(name)")
      #expect(refused.status == 1)
      let missing = name.hasSuffix("/") ? "\(folder)/\(name.dropLast())" : folder
      #expect(
        refused.errors
          == "aidevbot: There is no folder \(missing); if the path is right, make it first: "
          + "mkdir -p \(missing).\n")
      #expect(!FileManager.default.fileExists(atPath: folder))
      // As the unit does it, at the first time.
      #expect(try await world.aidevbot("backup", "deep/er/").status == 0)
      #expect(try world.names(in: "deep/er").count == 1)
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func leavesNothingWhereItIsStopped(signal number: Int32) async throws {
    try await World.run { world in
      try await world.openAnAccountInTheConsole()
      let old = "aidevbot-20200101T000000Z.sqlite"
      try world.makeFiles([old], in: "b")
      let disk = try FaultyDisk(in: world.folder)
      disk.stall(at: 20)
      let backup = try world.start(
        ["backup", "b/", "--keep", "1"], changing: disk.environment)
      try await world.wait(for: "the middle of a backup") {
        disk.failures > 0 || backup.state.value.hasEnded
      }
      #expect(try world.names(in: "b").count > 1)
      backup.signal(number)
      let ending = try await backup.waitForExit()
      #expect(ending.status == -number)
      #expect(
        ending.errors == "aidevbot: Stopped; nothing is left of the unfinished backup.\n")
      #expect(ending.output.isEmpty)
      #expect(try world.names(in: "b") == [old])
    }
  }

  /// What a killed backup left is replaced by the next; while one is made, another waits its turn.
  @Test func oneBackupIsMadeInAFolderAtATime() async throws {
    try await World.run { world in
      try await world.openAnAccountInTheConsole()
      let partial = ".aidevbot-backup.sqlite.partial"
      try world.makeFiles([partial, partial + "-wal", "c.sqlite"], in: "b")
      // Also by one that makes nothing itself.
      #expect(try await world.aidevbot("backup", "b/c.sqlite").status == 1)
      #expect(try world.names(in: "b") == ["c.sqlite"])
      try FileManager.default.removeItem(at: world.url("b/c.sqlite"))
      try world.makeFiles([partial, partial + "-wal"], in: "b")
      let held = open(world.path("b"), O_RDONLY | O_CLOEXEC)
      #expect(flock(held, LOCK_EX) == 0)
      let refused = try await world.aidevbot("backup", "b/a.sqlite")
      #expect(refused.status == 75)
      #expect(refused.errors.contains("Another backup is being made in "))
      close(held)
      #expect(try await world.aidevbot("backup", "b/a.sqlite").status == 0)
      #expect(try world.names(in: "b") == ["a.sqlite"])
    }
  }
}

extension World {
  fileprivate func fill(megabytes: Int) throws {
    try damage(
      """
      CREATE TABLE ballast AS WITH RECURSIVE n(i) AS (
        SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(megabytes))
      SELECT randomblob(1000000) AS bytes FROM n;
      """)
  }

  /// - Returns: How often.
  fileprivate func askUntil(_ isOver: Watched<Bool>) async throws -> Int {
    var count = 0
    while !isOver.value {
      try await ask(Seller.gemini.question)
      count += 1
    }
    return count
  }
}

extension World {
  func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

  func path(_ name: String) -> String { url(name).path }

  func names(in folder: String) throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: path(folder)))
  }

  func makeFiles(_ names: [String], in folder: String) throws {
    try FileManager.default.createDirectory(at: url(folder), withIntermediateDirectories: true)
    for name in names { try Data().write(to: url("\(folder)/\(name)")) }
  }

  func mode(of path: String) throws -> Int? {
    (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?
      .intValue
  }

  /// With that of user 0.
  func openAnAccountInTheConsole() async throws {
    #expect(try await aidevbot("console", input: "/start\n").status == 0)
  }
}
