@testable import Bot
import Foundation
import GRDB
@testable import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing

/// Replies that the version before "bot 3" has left in its outbox, sent by this one.
@Suite("Migration of the outbox")
struct OutboxMigrationTests {
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("aidevbot-migration-\(UUID().uuidString)")

  private static let keyboard = InlineKeyboardMarkup(rows: [
    [InlineKeyboardButton(text: "Buy \"it\"", callbackData: "buy:Starter")],
    [InlineKeyboardButton(text: "Look", url: "https://t.me/?a=b&c")],
  ])

  /// As that version wrote them.
  private static func requests() throws -> [(BotRequest, chatID: Int64?)] {
    [
      (
        try .sendMessage(
          chatID: -5, text: "Hello 🎉\n\"there\"", threadID: 3, replyTo: 7, keyboard: keyboard,
          disableLinkPreview: true), -5
      ),
      (
        try .sendMessage(
          chatID: 42, text: "A table:\n\na 1", entities: [MessageEntity(.pre, 10..<13)],
          disableLinkPreview: true), 42
      ),
      (try .editMessageText(chatID: 42, messageID: 9, text: "New", keyboard: keyboard), 42),
      (try .editMessageText(chatID: 42, messageID: 9, text: "New"), 42),
      (try .answerCallbackQuery(id: "q", text: "Done."), nil),
    ]
  }

  private func migrated(_ body: (LedgerDatabase) throws -> Void) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appendingPathComponent("test.sqlite").path
    let queue = try DatabaseQueue(path: path)
    var migrator = DatabaseMigrator()
    LedgerSchema.register(in: &migrator)
    BotSchema.register(in: &migrator)
    try migrator.migrate(queue, upTo: "bot 2: what follows a reply, support, broadcasts")
    try queue.write { db in
      for (request, chatID) in try Self.requests() + [(.deleteWebhook(), nil)] {
        try db.execute(
          sql: """
            INSERT INTO outbox (update_id, channel, chat_id, method, payload, created_at)
            VALUES (1, 'telegram', ?, ?, ?, '2026-01-01 00:00:00.000')
            """,
          arguments: [
            chatID, request.method, String(decoding: request.json, as: UTF8.self),
          ])
      }
      // The sender has seen the last one, though it is gone.
      try db.execute(sql: "DELETE FROM outbox WHERE id = 6")
    }
    try queue.close()
    let database = try LedgerDatabase.openForBot(path: path)
    defer { try? database.close() }
    try body(database)
  }

  @Test func keepsWhatIsToBeSent() throws {
    try migrated { database in
      let queued = try database.read {
        try Outbox(channel: .telegram).queued(after: 0, limit: 9, in: $0)
      }
      let requests = try queued.map { try $0.content?.request(to: $0.chatID) }
      #expect(requests == (try Self.requests().map(\.0)))
      let messages = queued.count { if case .message = $0.content { true } else { false } }
      #expect(messages == 4)
    }
  }

  @Test func givesNoIDAgain() throws {
    try migrated { database in
      let outbox = Outbox(channel: .telegram)
      let ids = try database.write { tx in
        try outbox.queue("next", chatID: 42, updateID: 2, in: tx)
        return try outbox.queued(after: 5, limit: 9, in: tx).map(\.id)
      }
      #expect(ids == [7])
    }
  }
}
