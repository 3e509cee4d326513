import Foundation
import Ledger
@testable import Standby
import Testing

/// What a machine keeps, sets aside and puts in place.
@Suite("The files of a machine")
struct StandbyFilesTests {
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("aidevbot-standby-\(UUID().uuidString)")
  private let files: StandbyFiles

  init() throws {
    files = StandbyFiles(database: folder.appendingPathComponent("bot.sqlite").path)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func inFolder(_ body: () throws -> Void) rethrows {
    defer { try? FileManager.default.removeItem(at: folder) }
    try body()
  }

  private var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
  }

  private func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: folder.appendingPathComponent(name))
  }

  @Test func giveAMachineOneName() throws {
    try inFolder {
      let name = try files.machineID()
      #expect(name.wholeMatch(of: /[A-Za-z0-9-]*-[0-9a-f]{8}/) != nil, "\(name)")
      #expect(try files.machineID() == name)
      #expect(try StandbyFiles(database: files.database + "2").machineID() != name)
    }
  }

  @Test func tellOfWhichTermTheDatabaseIs() throws {
    try inFolder {
      #expect(try files.ownFile() == .none)
      let database = try LedgerDatabase(path: files.database)
      #expect(try files.ownFile() == .withoutTerm)
      for term in [1, 2] as [Int64] {
        try database.write { try LeaseTerm(term: term, holder: "one").write(in: $0) }
      }
      try database.close()
      #expect(try files.ownFile() == .ofTerm(2))
    }
  }

  @Test func setTheDatabaseAsideWithAllThatBelongsToIt() throws {
    try inFolder {
      #expect(try files.setAside() == nil)
      for name in ["bot.sqlite", "bot.sqlite-wal", "bot.sqlite-shm", "bot.sqlite.lock"] {
        try write(name, to: name)
      }
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent(".bot.sqlite-litestream"),
        withIntermediateDirectories: true)
      let now = Date(timeIntervalSince1970: 1_000)
      #expect(try files.setAside(at: now) == files.database + ".set-aside-1000")
      #expect(
        names == [
          "bot.sqlite.lock", "bot.sqlite.set-aside-1000", "bot.sqlite.set-aside-1000-shm",
          "bot.sqlite.set-aside-1000-wal",
        ])
      // For a week, and not by what other files are called.
      try write("", to: "bot.sqlite.set-aside-later")
      try files.removeOldOnes(at: now + 7 * 86_400)
      #expect(names.count == 5)
      try files.removeOldOnes(at: now + 7 * 86_400 + 1)
      #expect(names == ["bot.sqlite.lock", "bot.sqlite.set-aside-later"])
    }
  }

  @Test func keepTheNewestThreeThatWereSetAside() throws {
    try inFolder {
      for time in [900, 1_000, 2_000, 3_000] {
        try write("", to: "bot.sqlite.set-aside-\(time)")
        try write("", to: "bot.sqlite.set-aside-\(time)-wal")
      }
      try files.removeOldOnes(at: Date(timeIntervalSince1970: 3_000))
      #expect(
        names
          == [1_000, 2_000, 3_000].flatMap {
            ["bot.sqlite.set-aside-\($0)", "bot.sqlite.set-aside-\($0)-wal"]
          })
    }
  }

  @Test func putTheCopyInPlace() throws {
    try inFolder {
      #expect(files.copiedTXID() == nil)
      try write("copy", to: "bot.sqlite.copy")
      try write("00000000000001ff\n", to: "bot.sqlite.copy-txid")
      #expect(files.copiedTXID() == 511)
      try files.putCopyInPlace()
      #expect(names == ["bot.sqlite"])
      #expect(try String(contentsOfFile: files.database, encoding: .utf8) == "copy")
      let attributes = try FileManager.default.attributesOfItem(atPath: files.database)
      #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }
  }

  @Test func beginTheCopyAnew() throws {
    try inFolder {
      for ending in ["", "-txid", ".tmp"] { try write("old", to: "bot.sqlite.copy\(ending)") }
      try write("kept", to: "bot.sqlite")
      try files.removeCopy()
      #expect(names == ["bot.sqlite"])
    }
  }
}
