@testable import Bot
import Foundation
import GRDB
import Ledger
import Testing
import TestSupport

@Suite("Housekeeping")
struct HousekeepingTests {
  private static let administrator: Int64 = 1
  private let rig: BotRig

  init() throws {
    rig = try BotRig(administrators: [Self.administrator])
  }

  private var alerts: [String] {
    get throws { try rig.replies().filter { $0.chatID == Self.administrator }.map(\.text) }
  }

  @Test(arguments: [(1_000_000_000, 0), (1_000_000_001, 1)])
  func tellsOfWhatTheHouseLostInADay(nanoDollars: Int, count: Int) async throws {
    try await rig.say("/start")
    try await rig.say("How do I sort?")
    try rig.execute(
      """
      UPDATE api_key_usage SET loss_nanousd = \(nanoDollars), loss_cause = 'interrupted',
        lost_at = created_at
      """)
    try await rig.engine.housekeeping.round(1)
    #expect(try alerts.count { $0.contains("has borne 100 US cents") } == count)
  }

  @Test(arguments: [(Housekeeping.minimumFreeSpace - 1, 1), (Housekeeping.minimumFreeSpace, 0)])
  func tellsOfADiskThatIsNearlyFull(free: Int64, count: Int) async throws {
    let usual = rig.engine.housekeeping
    let housekeeping = Housekeeping(
      writer: usual.writer, inbox: usual.inbox, outbox: usual.outbox,
      orchestrator: usual.orchestrator, selling: usual.selling, alerts: usual.alerts,
      freeDiskSpace: { free })
    try await housekeeping.round(1)
    #expect(try alerts.count { $0.contains("MiB are free on the disk") } == count)
  }

  @Test(arguments: [
    (DatabasePlace.Change.gone, "is gone"), (.replaced, "has been replaced by another file"),
  ])
  func sellsNothingOnceTheDatabaseIsNotInItsPlace(
    change: DatabasePlace.Change, fact: String
  ) async throws {
    try await rig.say("/start")
    let path = rig.folder.appendingPathComponent("test.sqlite").path
    try await rig.engine.housekeeping.round(1)
    #expect(try alerts.isEmpty)
    #expect(rename(path, path + ".away") == 0)
    if change == .replaced { try Data().write(to: URL(fileURLWithPath: path)) }
    for number in 1...2 { try await rig.engine.housekeeping.round(number) }
    #expect(try alerts.count { $0.contains("The file of my database \(fact)") } == 1)
    #expect(
      try await rig.say("How do I sort?").first?.hasPrefix("I cannot take paid requests") == true)
    #expect(
      try await rig.press("buy:Starter").map(\.text) == [
        "I cannot sell anything right now. Please try again later."
      ])
    #expect(rename(path + ".away", path) == 0)
  }

  /// A backup that was missed is told of; who has never set any up is not.
  @Test func tellsOfBackupsThatHaveGrownOld() async throws {
    let hour = Housekeeping.backupsEvery
    try await rig.engine.housekeeping.round(hour)
    #expect(try alerts.isEmpty)
    let now = rig.database.now
    let old = now - DatabaseBackup.oldAfter
    try rig.makeBackup(named: DatabaseBackup.fileName(at: old + 60))
    try await rig.engine.housekeeping.round(hour)
    #expect(try alerts.isEmpty)
    try FileManager.default.removeItem(at: rig.folder.appending(path: "backups"))
    try rig.makeBackup(named: DatabaseBackup.fileName(at: old - 86_400))
    // Not again each hour.
    for _ in 1...2 { try await rig.engine.housekeeping.round(hour) }
    let told = try alerts
    #expect(told.count == 1, "\(told)")
    #expect(told.first?.contains("The newest backup of my database is 3 days old.") == true)
    #expect(told.first?.contains("Make one: aidevbot backup ") == true)
  }

  @Test func knowsHowMuchOfTheDiskIsFree() throws {
    #expect(try #require(rig.database.freeDiskSpace) > 0)
  }
}
