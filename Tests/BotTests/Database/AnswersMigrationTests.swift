@testable import Assistant
@testable import Bot
import Foundation
import GRDB
@testable import Ledger
@testable import Messaging
import Metering
import TelegramBotAPI
import Testing

/// A file of the version before "ledger 9" and "bot 8", in which people work, opened by this one.
@Suite("Migration to answers that grow and are stopped")
struct AnswersMigrationTests {
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("aidevbot-migration-\(UUID().uuidString)")

  /// After all that happened in the old file.
  private static let later = Date(timeIntervalSince1970: 1_800_010_000)

  private func migrated(_ body: (LedgerDatabase) throws -> Void) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appendingPathComponent("test.sqlite").path
    let fixture = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Fixtures/ledger-3.sql")
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    var (ledger, bot) = (DatabaseMigrator(), DatabaseMigrator())
    LedgerSchema.register(in: &ledger)
    BotSchema.register(in: &bot)
    try ledger.migrate(queue, upTo: "ledger 3: prices of cache writes, and by the hour")
    try bot.migrate(queue, upTo: "bot 2: what follows a reply, support, broadcasts")
    let rows = try String(contentsOf: fixture, encoding: .utf8)
    try queue.write { try $0.execute(sql: rows) }
    try ledger.migrate(queue, upTo: "ledger 8: promotion codes that are revoked")
    try bot.migrate(queue, upTo: "bot 7: updates that belong together, or are asked again")
    try queue.write { db in
      try db.execute(
        sql: """
          -- The estimate of a call that was cut off has an id, too.
          UPDATE api_key_usage SET provider_request_id = 'gen-old' WHERE is_estimate = 1;
          INSERT INTO inbox (update_id, channel, payload, received_at, telegram_user_id, state,
            offered_again)
          VALUES
            (901, 'telegram', '{"update_id":901}', '2027-01-15 09:00:00.000', 7, 'done', 'credits'),
            (902, 'telegram', '{"update_id":902}', '2027-01-15 09:00:00.000', 7, 'pending', NULL);
          INSERT INTO outbox (update_id, channel, chat_id, purpose, text, preformatted_offset,
            preformatted_length, created_at)
          VALUES (901, 'telegram', 7, 'answer', 'Of old: x', 8, 1, '2027-01-15 09:00:00.000');
          """)
    }
    try queue.close()
    var database = try LedgerDatabase.openForBot(path: path)
    defer { try? database.close() }
    database.clock = { Self.later }
    try body(database)
  }

  @Test func looksUpNoCallOfBefore() throws {
    try migrated { database in
      let (due, limits) = try database.read { tx in
        (
          try tx.at(.distantFuture).corrections.due(),
          try Int.fetchOne(
            tx.db,
            sql: """
              SELECT count(*) FROM api_key_usage
              WHERE charge_limit_micro IS NOT NULL OR booked_cost_nanousd IS NOT NULL
                OR look_ups <> 0 OR look_up_after IS NOT NULL
              """)
        )
      }
      #expect(due == [] && limits == 0)
      let given = try database.write { tx in
        let id = try Int64.fetchOne(tx.db, sql: "SELECT id FROM api_key_usage WHERE is_estimate")
        return try tx.corrections.correct(
          try #require(id), with: TokenUsage(inputTokens: 1, outputTokens: 1))
      }
      #expect(given == nil)
    }
  }

  @Test func chargesAStoppedAnswerByTheRuleAndGivesBackWhatWasTooMuch() throws {
    let terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
    try migrated { database in
      let before = try database.read { try $0.users.account(telegramUserID: 7) }.balance
      let (settlement, usageID) = try database.write { tx in
        let hold = try tx.holds(terms).take(
          CreditHoldService.Request(
            userID: 1, projectID: nil, work: "upd903:chat", taskType: "chat",
            price: try #require(try tx.pricing.price(id: 7)), inputTokensBound: 1_000,
            inputTokensEstimate: 250,
            outputCap: 500, deadline: tx.now + 600))
        let settlement = try tx.holds(terms).settle(
          hold.id,
          with: MeteredCall(
            usage: TokenUsage(inputTokens: 400, outputTokens: 200), model: "m",
            keyIdentifier: "…abcd", requestID: "gen-1", responseMilliseconds: 1, isEstimate: true),
          payingFor: TokenUsage(inputTokens: 200, outputTokens: 100))
        try tx.corrections.schedule(holdID: hold.id)
        let id = try Int64.fetchOne(
          tx.db, sql: "SELECT id FROM api_key_usage WHERE hold_id = ?", arguments: [hold.id])
        return (settlement, try #require(id))
      }
      #expect(settlement.charge.micro == 46_500)
      let surplus = try database.write { tx in
        try tx.corrections.correct(
          usageID, with: TokenUsage(inputTokens: 100, outputTokens: 50))
      }
      #expect(surplus?.micro == 23_250)
      let after = try database.read { try $0.users.account(telegramUserID: 7) }.balance
      #expect(after.micro == before.micro - 23_250)
      let breaks = try database.read { try $0.verification.verify().breaks }
      #expect(breaks == ["hold upd109:chat:1 is still pending after its deadline"])
    }
  }

  @Test func knowsWhatWasSpentBefore() throws {
    try migrated { database in
      let spent = try database.read { tx in
        try (1...5).map { try tx.transactions.spent(by: $0, from: .distantPast).micro }
      }
      let summed = try database.read { tx in
        try (1...5).map { id in
          try Int64.fetchOne(
            tx.db,
            sql: """
              SELECT -total(credits_amount_micro) FROM credit_transactions
              WHERE user_id = ? AND hold_id IS NOT NULL
              """, arguments: [id]) ?? 0
        }
      }
      #expect(spent == summed && spent.contains { $0 > 0 })
    }
  }

  @Test func sendsWhatWaitedAndShowsWhatIsStillToBeAnswered() throws {
    try migrated { database in
      try database.write { tx in
        let queued = try #require(
          try Outbox(channel: .telegram).queued(after: 0, limit: 99, in: tx).last)
        #expect(queued.updateID == 901 && queued.previewPart == nil)
        guard case .message(let message)? = queued.content else {
          Issue.record("it is no message")
          return
        }
        #expect(message.text == "Of old: x" && message.entities == [.init(.pre, 8..<9)])
        let previews = tx.previews
        #expect(try previews.replace(ofUpdate: 901, channel: .telegram).isEmpty)
        let beginning = try previews.begin(0, ofUpdate: 902, chatID: 7, channel: .telegram)
        #expect(beginning == .new)
        #expect(try previews.begin(0, ofUpdate: 901, chatID: 7, channel: .telegram) == .over)
      }
    }
  }

  @Test func asksNobodyOfBeforeToChooseAnything() throws {
    try migrated { database in
      try database.write { tx in
        for user in 1...4 { #expect(try Preferences.of(Int64(user), in: tx) == Preferences()) }
        #expect(Preferences().streams && Preferences().showsCost)
        let asked = try Int64?.fetchAll(tx.db, sql: "SELECT asked_micro FROM inbox")
        #expect(asked.allSatisfy { $0 == nil } && asked.count >= 2)
        // What was offered again for want of credits may still be taken up.
        let offered = try String.fetchOne(
          tx.db, sql: "SELECT offered_again FROM inbox WHERE update_id = 901")
        #expect(offered == "credits")
      }
    }
  }
}
