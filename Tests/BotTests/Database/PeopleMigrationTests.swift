@testable import Bot
import Foundation
import GRDB
@testable import Ledger
@testable import Messaging
@testable import Sales
import Testing

/// A file of the version before "bot 5" and "ledger 6", opened by this one.
@Suite("Migration to what an erasure needs")
struct PeopleMigrationTests {
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("aidevbot-migration-\(UUID().uuidString)")

  private static let updates = [
    #"{"update_id":1,"message":{"from":{"id":42,"is_bot":false},"chat":{"id":-5}}}"#,
    #"{"update_id":2,"callback_query":{"id":"q","from":{"id":43}}}"#,
    #"{"update_id":3,"message":{"from":{"id":9,"is_bot":true},"chat":{"id":44}}}"#,
    #"{"update_id":4,"my_chat_member":{"from":{"id":45}}}"#,
    #"{"update_id":5,"channel_post":{}}"#, "no JSON",
    #"{"update_id":7,"message":{"from":{"id":"no number","is_bot":false}}}"#,
  ]

  private func migrated(_ body: (LedgerDatabase) throws -> Void) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appendingPathComponent("test.sqlite").path
    let queue = try DatabaseQueue(path: path)
    var (ledger, bot) = (DatabaseMigrator(), DatabaseMigrator())
    LedgerSchema.register(in: &ledger)
    BotSchema.register(in: &bot)
    try ledger.migrate(queue, upTo: "ledger 4: what keys and sentences told, in columns")
    try bot.migrate(queue, upTo: "bot 3: messages as columns")
    try queue.write { db in
      for (index, update) in Self.updates.enumerated() {
        try db.execute(
          sql: """
            INSERT INTO inbox (update_id, channel, payload, received_at)
            VALUES (?, 'telegram', ?, '2026-01-01 00:00:00.000')
            """, arguments: [index + 1, update])
      }
      try db.execute(
        sql: """
          INSERT INTO users (id, telegram_user_id, created_at, updated_at) VALUES
            (1, 42, '2026-01-01 00:00:00.000', '2026-01-01 00:00:00.000'),
            (2, -2, '2026-01-01 00:00:00.000', '2026-01-01 00:00:00.000');
          INSERT INTO failed_redemptions (user_id, failed_at) VALUES
            (1, '2026-01-01 00:00:00.000'), (2, '2026-01-01 00:00:00.000');
          INSERT INTO support_requests (id, telegram_user_id, created_at) VALUES
            (1, 42, '2026-01-01 00:00:00.000'), (3, 43, '2026-01-01 00:00:00.000');
          INSERT INTO support_messages (chat_id, message_id, request_id) VALUES (7, 555, 3);
          INSERT INTO outbox (update_id, channel, chat_id, purpose, text, state, created_at) VALUES
            (1, 'telegram', 7, 'support:8', 'x', 'sent', '2026-01-01 00:00:00.000'),
            (1, 'telegram', 9, 'answer:11:7', 'x', 'sent', '2026-01-01 00:00:00.000'),
            (1, 'telegram', 9, NULL, 'x', 'sent', '2026-01-01 00:00:00.000');
          """)
    }
    try queue.close()
    let database = try LedgerDatabase.openForBot(path: path)
    defer { try? database.close() }
    try body(database)
  }

  @Test func findsWhoseUpdatesAreWhose() throws {
    try migrated { database in
      let people = try database.read {
        try Int64?.fetchAll($0.db, sql: "SELECT telegram_user_id FROM inbox ORDER BY update_id")
      }
      #expect(people == [42, 43, 44, 45, nil, nil, nil])
    }
  }

  @Test func keepsRequestsAndGivesNoneOfTheirIDsAgain() throws {
    try migrated { database in
      try database.write { tx in
        let known = try SupportRequests.conversation(ofMessage: 555, inChat: 7, in: tx)
        #expect(known == .init(request: 3, person: 43, isOfPerson: false))
        let desk = SupportRequests(administrators: [7])
        let outcome = try desk.ask(.text("Help!"), by: Profile(telegramUserID: 44), in: tx)
        guard case .passedOn(let messages) = outcome,
          case .message(_, _, let purpose)? = messages.first
        else {
          Issue.record("nothing was passed on")
          return
        }
        #expect(purpose == .supportRequest(12))
      }
    }
  }

  @Test func knowsWhoGuessedCodes() throws {
    try migrated { database in
      let people = try database.read {
        try Int64.fetchAll($0.db, sql: "SELECT telegram_user_id FROM failed_redemptions")
      }
      #expect(people == [42])
    }
  }
}
