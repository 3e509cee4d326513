@testable import Bot
import Foundation
import GRDB
@testable import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing

/// An inbox of the version before "bot 6", opened by this one.
@Suite("Migration of the inbox")
struct InboxMigrationTests {
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("aidevbot-migration-\(UUID().uuidString)")

  @Test func leavesTheProjectOfAnOldQuestionToBeDecided() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appendingPathComponent("test.sqlite").path
    let queue = try DatabaseQueue(path: path)
    var migrator = DatabaseMigrator()
    LedgerSchema.register(in: &migrator)
    BotSchema.register(in: &migrator)
    try migrator.migrate(queue, upTo: "bot 3: messages as columns")
    try queue.write { db in
      try db.execute(
        sql: """
          INSERT INTO inbox (update_id, channel, payload, received_at)
          VALUES (7, 'telegram', '{"update_id":7}', '2026-01-01 00:00:00.000')
          """)
    }
    try queue.close()
    let database = try LedgerDatabase.openForBot(path: path)
    defer { try? database.close() }
    let inbox = Inbox(channel: .telegram)
    let (pending, arrival) = try database.write { tx in
      (try inbox.resume(in: tx).pending, try inbox.projectAtArrival(of: 7, in: tx))
    }
    #expect(pending.map(\.id) == [7])
    #expect(arrival == .undecided)
  }
}
