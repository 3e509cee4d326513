@testable import Assistant
@testable import Bot
import Foundation
import GRDB
@testable import Ledger
import LanguageModels
import Testing

/// A conversation of the version before "bot 11", opened by this one.
@Suite("Migration of conversations")
struct ConversationMigrationTests {
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("aidevbot-migration-\(UUID().uuidString)")

  @Test func keepsWhatWasSaid() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appendingPathComponent("test.sqlite").path
    let queue = try DatabaseQueue(path: path)
    var migrator = DatabaseMigrator()
    LedgerSchema.register(in: &migrator)
    BotSchema.register(in: &migrator)
    try migrator.migrate(queue, upTo: "bot 7: updates that belong together, or are asked again")
    try queue.write { db in
      try db.execute(
        sql: """
          INSERT INTO users (id, telegram_user_id, created_at, updated_at)
            VALUES (1, 42, '2026-01-01 00:00:00.000', '2026-01-01 00:00:00.000');
          INSERT INTO conversation_messages (user_id, role, text, created_at, update_id) VALUES
            (1, 'user', 'Of old?', '2026-01-01 00:00:00.000', NULL),
            (1, 'assistant', 'Yes.', '2026-01-01 00:00:00.000', NULL),
            (1, 'user', 'One?', '2026-01-01 00:00:00.000', 7),
            (1, 'assistant', 'First.', '2026-01-01 00:00:00.000', 7);
          """)
    }
    try queue.close()
    let database = try LedgerDatabase.openForBot(path: path)
    defer { try? database.close() }
    try database.read { tx in
      let context = try Conversation(userID: 1, projectID: nil).context(in: tx)
      #expect(context.messages.map(\.text) == ["Of old?", "Yes.", "One?", "First."])
      #expect(!context.isCut)
      let exchange = try #require(try Exchange.find(7, ofUser: 1, in: tx))
      #expect(exchange.question == "One?" && exchange.task == .chat)
      #expect(try exchange.isNewest(in: tx))
      #expect(try Exchange.find(7, ofUser: 2, in: tx) == nil)
    }
  }
}
