import Foundation
import Testing
import TestSupport

/// The Nth operation on any database file fails, and from there on all or that one alone. Nothing
/// half done bears a name, and the bot's own database is one or the other, whole.
@Suite("Backup and restore on a disk that fails")
struct FailingBackupTests {
  static let faults: [FaultyDisk.Fault] = [.full, .failsToWrite, .failsToRead]

  @Test(arguments: faults)
  func aBackupIsWholeOrNotThere(fault: FaultyDisk.Fault) async throws {
    try await FaultSweep.run("a backup", fault, .oneOperation, sharedBy: Self.faults) { sweep in
      let world = sweep.world
      try await world.openAnAccountInTheConsole()
      let older = "aidevbot-20200101T000000Z.sqlite"
      while sweep.injectNext() {
        try world.makeFiles([older], in: "b")
        let backup = try await world.aidevbot(
          "backup", "b/", "--keep", "1", changing: sweep.disk.environment)
        sweep.disk.mend()
        let names = try world.names(in: "b").filter { $0.hasSuffix(".sqlite") }
        // The new one can be there though the disk does not let go of the older one.
        for name in names where name != older { try await world.expectSoundBackup("b/\(name)") }
        #expect(names.contains(older) == (backup.status != 0))
        #expect(names.count == 1 || backup.status == 1)
        #expect((backup.status == 1) == backup.errors.hasPrefix("aidevbot: "), "\(backup.errors)")
        try FileManager.default.removeItem(at: world.url("b"))
      }
      try await world.expectSoundLedger()
    }
  }

  @Test(arguments: faults)
  func aRestoreIsDoneOrNotBegun(fault: FaultyDisk.Fault) async throws {
    try await FaultSweep.run("a restore", fault, .oneOperation, sharedBy: Self.faults) { sweep in
      let world = sweep.world
      try await world.openAnAccountInTheConsole()
      #expect(try await world.aidevbot("backup", "b.sqlite").status == 0)
      let given = try await world.aidevbot("credits", "grant", "0", "5", "--reason", "later")
      #expect(given.status == 0)
      #expect(try await world.aidevbot("backup", "later.sqlite").status == 0)
      while sweep.injectNext() {
        let restored = try await world.aidevbot(
          "restore", "b.sqlite", changing: sweep.disk.environment)
        sweep.disk.mend()
        let balance = try world.balance(of: 0)
        #expect(restored.status == 0 ? balance == 100_000_000 : [1, 75].contains(restored.status))
        #expect(balance == 100_000_000 || balance == 105_000_000)
        try world.expectWholeFile()
        try await world.expectSoundLedger()
        // To begin again from the same place.
        let again = try await world.aidevbot("restore", "later.sqlite")
        #expect(again.status == 0, "\(again.errors)")
        #expect(try world.balance(of: 0) == 105_000_000)
        #expect(try world.names(in: "").allSatisfy { !$0.contains("restoring") })
      }
    }
  }
}

extension World {
  fileprivate func expectSoundBackup(_ name: String) async throws {
    let verdict = try await aidevbot(
      "ledger", "verify", changing: ["DATABASE_PATH": path(name)])
    #expect(verdict.output.hasPrefix("The ledger holds."), "\(verdict.output)\(verdict.errors)")
  }
}
