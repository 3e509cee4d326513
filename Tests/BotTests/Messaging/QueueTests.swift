import Foundation
import GRDB
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

@Suite("Inbox")
struct InboxTests {
  let rig: BotRig
  let inbox = Inbox(channel: .telegram)

  init() throws {
    rig = try BotRig()
  }

  private func store(
    _ ids: Int64..., nextOffset: Int64? = nil, at now: Date = Date()
  ) throws -> [Int64] {
    try rig.database.write(at: now) { tx in
      try inbox.store(
        ids.map { .update($0, "message", .message("/help")) }, nextOffset: nextOffset,
        in: tx
      ).map(\.id)
    }
  }

  private var offset: Int64? {
    get throws { try rig.database.read { try inbox.nextOffset(in: $0) } }
  }

  @Test func storesTheOffsetWithTheBatch() throws {
    #expect(try offset == nil)
    #expect(try store(7, 8, nextOffset: 9) == [7, 8])
    #expect(try offset == 9)
    #expect(throws: DatabaseError.self) {
      try rig.database.write { (tx: LedgerTransaction) throws in
        _ = try inbox.store([.update(9, "a", [:])], nextOffset: 10, in: tx)
        try tx.db.execute(sql: "no SQL")
      }
    }
    #expect(try offset == 9)
    #expect(try rig.inboxState(9) == nil)
  }

  @Test func knowsWhatItHasSeenAlsoWhereIDsStartAgainLower() throws {
    #expect(try store(1_000, 1_001, nextOffset: 1_002) == [1_000, 1_001])
    #expect(try store(5, 1_001, 6, 5, nextOffset: 7) == [5, 6])
    #expect(try offset == 7)
    #expect(try store(1_000, 6) == [])
    let (pending, _) = try rig.database.write { try inbox.resume(in: $0) }
    #expect(pending.map(\.id) == [1_000, 1_001, 5, 6])
    #expect(pending.map(\.attempts) == [2, 2, 2, 2])
  }

  @Test func forgetsWhatIsDoneAfterTwoDaysAndNothingElse() throws {
    let then = Date()
    _ = try store(1, 3, 4, at: then)
    _ = try store(2, at: then.addingTimeInterval(10))
    try rig.database.write(at: then) { (tx: LedgerTransaction) throws in
      try inbox.finish(1, in: tx)
      try inbox.finish(2, in: tx.at(then.addingTimeInterval(10)))
      try inbox.quarantine(3, failure: "test", in: tx)
      try inbox.prune(in: tx.at(then.addingTimeInterval(48 * 3_600 + 5)))
    }
    #expect(
      try [1, 2, 3, 4].map { try rig.inboxState($0) } == [nil, "done", "quarantined", "pending"])
  }

  @Test func forgetsWhatCouldNotBeHandledAfterThirtyDays() throws {
    let then = Date()
    let thirtyDays: TimeInterval = 30 * 24 * 3_600
    _ = try store(1, at: then)
    _ = try store(2, at: then.addingTimeInterval(10))
    try rig.database.write(at: then) { (tx: LedgerTransaction) throws in
      for id in [1, 2] as [Int64] { try inbox.quarantine(id, failure: "test", in: tx) }
      try inbox.prune(in: tx.at(then.addingTimeInterval(thirtyDays + 5)))
    }
    #expect(try [1, 2].map { try rig.inboxState($0) } == [nil, "quarantined"])
  }

  @Test func forgetsSoManyAtOnce() throws {
    let then = Date()
    _ = try store(1, 2, 3, 4, at: then)
    try rig.database.write(at: then) { (tx: LedgerTransaction) throws in
      for id in [1, 2, 4] { try inbox.finish(Int64(id), in: tx) }
      try inbox.prune(atMost: 2, in: tx.at(then.addingTimeInterval(72 * 3_600)))
    }
    #expect(try [1, 2, 3, 4].map { try rig.inboxState($0) } == [nil, nil, "pending", "done"])
  }

  @Test(arguments: [false, true])
  func finishesAnUpdateOnceAndRollsBackWhatWasDoneForItAgain(asQuarantined: Bool) throws {
    _ = try store(1)
    try rig.database.write { try inbox.finish(1, in: $0) }
    #expect(throws: Inbox.AlreadyFinished.self) {
      try rig.database.write { (tx: LedgerTransaction) throws in
        try Outbox(channel: .telegram).queue("again", chatID: 42, updateID: 1, in: tx)
        if asQuarantined {
          try inbox.quarantine(1, failure: "test", in: tx)
        } else {
          try inbox.finish(1, in: tx)
        }
      }
    }
    #expect(try rig.replies().isEmpty)
    #expect(try rig.inboxState(1) == "done")
  }
}

@Suite("Outbox")
struct OutboxTests {
  let rig: BotRig
  let outbox = Outbox(channel: .telegram)

  init() throws {
    rig = try BotRig()
  }

  private func queue(
    _ texts: String..., to chatID: Int64 = 42, in outbox: Outbox? = nil, at time: Date = Date()
  ) throws {
    try rig.database.write(at: time) { tx in
      for text in texts {
        try (outbox ?? self.outbox).queue(text, chatID: chatID, updateID: 1, in: tx)
      }
    }
  }

  @Test func returnsWhatIsQueuedInOrderAndOfItsChannelAlone() throws {
    try queue("one", "two", "three")
    try queue("other", in: Outbox(channel: .console))
    try rig.database.write { (tx: LedgerTransaction) throws in
      let first = try outbox.queued(after: 0, limit: 2, in: tx)
      #expect(first.map(\.id) == [1, 2])
      #expect(first.map(\.chatID) == [42, 42])
      #expect(try outbox.queued(after: 2, limit: 9, in: tx).map(\.id) == [3])
      try outbox.end(2, .sent(messageID: 7), in: tx)
      try outbox.end(3, .failed("test"), in: tx)
      #expect(try outbox.queued(after: 0, limit: 9, in: tx).map(\.id) == [1])
    }
  }

  @Test func movesWhatIsQueuedForAGroupToItsNewID() throws {
    try queue("one", "two", to: -5)
    try queue("other", to: -6)
    try rig.database.write { (tx: LedgerTransaction) throws in
      try outbox.end(1, .sent(messageID: 7), in: tx)
      try outbox.moveChat(from: -5, to: -100, in: tx)
    }
    #expect(try rig.replies().map(\.chatID) == [-5, -100, -6])
    #expect(try rig.replies()[1].parameters["chat_id"] == -100)
  }

  @Test func forgetsWhatHasEndedAfterTwoDays() throws {
    let then = Date()
    try queue("one", at: then)
    try queue("two", "three", at: then.addingTimeInterval(10))
    try rig.database.write(at: then) { (tx: LedgerTransaction) throws in
      try outbox.end(1, .sent(messageID: nil), in: tx)
      try outbox.end(2, .failed("test"), in: tx.at(then.addingTimeInterval(10)))
      try outbox.prune(in: tx.at(then.addingTimeInterval(48 * 3_600 + 5)))
    }
    #expect(try rig.texts() == ["two", "three"])
  }

  @Test func forgetsSoManyAtOnce() throws {
    let then = Date()
    try queue("one", "two", "three", "four", at: then)
    try rig.database.write(at: then) { (tx: LedgerTransaction) throws in
      for id in [1, 2, 4] { try outbox.end(Int64(id), .sent(messageID: nil), in: tx) }
      try outbox.prune(atMost: 2, in: tx.at(then.addingTimeInterval(72 * 3_600)))
    }
    #expect(try rig.texts() == ["three", "four"])
  }
}
