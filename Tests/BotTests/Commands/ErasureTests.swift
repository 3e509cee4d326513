@testable import Bot
import Commands
import Foundation
import GRDB
@testable import Ledger
@testable import Messaging
@testable import Sales
import TelegramBotAPI
import Testing
import TestSupport

/// What `/deletemydata` leaves in the file, and in the log beside it.
@Suite("An erasure")
struct ErasureTests {
  private static let administrator: Int64 = 1
  private let rig: BotRig

  init() async throws {
    rig = try BotRig(administrators: [Self.administrator])
    try await rig.say("/start")
    try await rig.say("/new canary plans")
    try await rig.say("My canary is yellow")
    try await rig.say("/paysupport canary help")
    try await rig.deliver(
      "message", .message("@devbot what of my canary?", chat: -100))
    await rig.engine.dispatcher.becomeIdle()
  }

  /// As if Telegram had taken all that waits.
  private func send() throws {
    try rig.execute(
      "UPDATE outbox SET state = 'sent', finished_at = created_at WHERE state = 'queued'")
  }

  private func erase() async throws { _ = try await rig.press("deletemydata:yes") }

  private func bytes(_ suffix: String) throws -> Data {
    let path = rig.folder.appendingPathComponent("test.sqlite" + suffix)
    return try Data(contentsOf: path)
  }

  private func holdsCanary(_ suffix: String) throws -> Bool {
    try bytes(suffix).range(of: Data("canary".utf8)) != nil
  }

  @Test func leavesNoWordsInTheFileNorInItsLog() async throws {
    try send()
    #expect(try holdsCanary("-wal"))
    try await erase()
    #expect(try bytes("-wal").isEmpty)
    #expect(try !holdsCanary(""))
    let left = try rig.database.read { tx in
      try Row.fetchAll(tx.db, sql: "SELECT * FROM inbox UNION ALL SELECT * FROM inbox")
        .filter { "\($0)".contains("Ada") }.count
    }
    #expect(left == 0)
    #expect(try rig.count("inbox") == 6)
  }

  @Test func emptiesWhatWasSetApart() async throws {
    let id = try await rig.deliver("message", .message("/help"))
    await rig.engine.dispatcher.becomeIdle()
    try rig.execute("UPDATE inbox SET state = 'quarantined' WHERE update_id = \(id)")
    try await erase()
    let payload = try rig.database.read {
      try String.fetchOne($0.db, sql: "SELECT payload FROM inbox WHERE update_id = \(id)")
    }
    #expect(payload == "")
  }

  @Test func leavesOthersAlone() async throws {
    try await rig.say("/start", from: 43)
    try await rig.say("My horse is brown", from: 43)
    let before = try rig.replies().filter { $0.chatID == 43 }.map(\.text)
    try await erase()
    #expect(try rig.replies().filter { $0.chatID == 43 }.map(\.text) == before)
    let kept = try rig.database.read {
      try Int.fetchOne(
        $0.db,
        sql: """
          SELECT count(*) FROM inbox WHERE telegram_user_id = 43 AND payload LIKE '%"text"%'
          """)
    }
    #expect(kept == 2)
  }

  @Test func withdrawsWhatWaitsApartFromTheConfirmation() async throws {
    #expect(try rig.replies().contains { $0.chatID == -100 && $0.state == "queued" })
    #expect(try rig.replies().contains { $0.chatID == Self.administrator })
    try await erase()
    #expect(
      try rig.replies().map(\.text) == [
        "Your data is erased.", "Your account and your data are erased. Take care!",
      ])
  }

  @Test func lets0rdersToTelegramAndUpdatesThatWaitAlone() async throws {
    try rig.database.write { tx in
      try rig.engine.outbox.queue(
        [
          .request(
            try .refundStarPayment(userID: 42, chargeID: "stx"), chat: nil, .refund(7)),
          .message(Reply("⚠️ A payment of user 42 fits no order."), to: Self.administrator),
        ], updateID: 101, in: tx)
      _ = try rig.engine.inbox.store(
        [.update(9_999, "message", .message("/help"))], nextOffset: nil, in: tx)
    }
    try await erase()
    #expect(try rig.replies().contains { $0.method == "refundStarPayment" && $0.state == "queued" })
    #expect(try rig.replies().contains { $0.text.hasPrefix("⚠️ A payment of user 42") })
    let waiting = try rig.database.read { tx in
      try rig.engine.inbox.load(StoredUpdate(id: 9_999, receivedAt: Date(), attempts: 1), in: tx)
    }
    #expect(waiting.update != nil)
  }

  @Test func letsABroadcastComeToItsEnd() async throws {
    try send()
    try await rig.say("/start", from: Self.administrator)
    try await rig.say("/broadcast News", from: Self.administrator)
    _ = try await rig.press("broadcast:send 1", from: Self.administrator)
    try await erase()
    let others = try rig.database.read { tx in
      try rig.engine.outbox.queued(after: 0, limit: 99, in: tx).filter { $0.purpose != nil }
    }
    #expect(others.map(\.chatID) == [Self.administrator])
    for reply in others {
      try rig.database.write { tx in
        try rig.engine.outbox.end(reply.id, .sent(messageID: 1), in: tx)
        _ = try rig.engine.afterDelivery.follow(reply, .sent(messageID: 1), in: tx)
      }
    }
    let broadcast = try rig.database.read {
      try BroadcastService(outbox: rig.engine.outbox).find(1, in: $0)
    }
    #expect(broadcast?.state == .done && broadcast?.sent == 1 && broadcast?.failed == 1)
  }

  @Test func waitsWithTheLogWhileSomebodyReadsIt() async throws {
    try send()
    let reader = try DatabaseQueue(path: rig.folder.appendingPathComponent("test.sqlite").path)
    let isRead = try await reader.read { try $0.tableExists("users") }
    #expect(isRead)
    try reader.inDatabase { db in
      try db.inTransaction(.deferred) {
        _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM users")
        try rig.database.write { tx in
          try tx.db.execute(sql: "UPDATE users SET first_name = 'canary' WHERE id = 1")
        }
        try rig.database.truncateLog()
        #expect(rig.database.mayLogHoldErasedWords)
        #expect(try !bytes("-wal").isEmpty)
        return .commit
      }
    }
    try await rig.engine.housekeeping.round(1)
    #expect(try bytes("-wal").isEmpty)
    #expect(!rig.database.mayLogHoldErasedWords)
    try reader.close()
  }

  @Test func leavesTheLogToLitestream() async throws {
    try send()
    try FileManager.default.createDirectory(
      at: rig.folder.appendingPathComponent(".test.sqlite-litestream"),
      withIntermediateDirectories: true)
    try await erase()
    #expect(try !bytes("-wal").isEmpty)
    #expect(!rig.database.mayLogHoldErasedWords)
  }
}
