import Foundation
import Logging
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

@Suite("Health in the log")
struct HealthLogTests {
  @Test func isWrittenEveryFiveMinutesUntilTheEnd() async throws {
    let rig = try BotRig()
    let lines = Watched<[String]>([])
    let waits = Watched<[Duration]>([])
    let logger = Logger(label: "test") { _ in LinesOfALog(lines: lines) }
    let (task, body) = AsyncStream<Task<Void, Never>>.makeStream()
    let writer = LedgerWriter(database: rig.database) { duration in
      let count = waits.change { waits in
        waits.append(duration)
        return waits.count
      }
      guard count == 3 else { return }
      for await task in task { return task.cancel() }
    }
    let health = Health()
    health.note(.conflict(webhook: false))
    health.noteFailedCall()
    let running = Task {
      await withLogger(logger) { _ in
        await HealthLog(health: health, writer: writer).run(sleep: writer.sleep)
      }
    }
    body.yield(running)
    await running.value
    #expect(waits.value == Array(repeating: .seconds(300), count: 3))
    #expect(lines.value.count == 2)
    for line in lines.value {
      #expect(line.hasPrefix("info Health. conflicts_409=1 credits_today=0 failed_calls=1 "))
    }
  }

  @Test func saysHowOldTheNewestBackupIs() throws {
    let rig = try BotRig()
    let lines = Watched<[String]>([])
    let logger = Logger(label: "test") { _ in LinesOfALog(lines: lines) }
    let log = HealthLog(health: Health(), writer: LedgerWriter(database: rig.database) { _ in })
    let now = Date(timeIntervalSince1970: 1_800_000_000)  // 2027-01-15 08:00:00 UTC
    try withLogger(logger) { _ in
      log.write(at: now)
      try rig.makeBackup(named: "aidevbot-20270115T060000Z.sqlite")
      log.write(at: now)
    }
    #expect(lines.value.first?.contains(" newest_backup=- ") == true, "\(lines.value)")
    #expect(lines.value.last?.contains(" newest_backup=7200s ") == true, "\(lines.value)")
  }
}

extension BotRig {
  /// In the folder that is filled each night.
  func makeBackup(named name: String) throws {
    let folder = folder.appending(path: "backups")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data().write(to: folder.appending(path: name))
  }
}

/// A log of its own for a test, a line each.
struct LinesOfALog: LogHandler {
  let lines: Watched<[String]>
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.trace

  init(lines: Watched<[String]>) {
    self.lines = lines
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let details = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    lines.change { $0.append("\(event.level) \(event.message) \(details.joined(separator: " "))") }
  }
}
