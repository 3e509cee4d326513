package import Foundation
import GRDB
package import Ledger
import Synchronization
package import TelegramBotAPI

/// How the daemon is doing: counted while it runs, and read out of the file when somebody asks.
package final class Health: Sendable {
  /// Since the start of the process.
  package struct Counters: Sendable, Equatable {
    package var startedAt: Date
    /// When a poll went out for the first time: the bot is at work from then on.
    package var firstPollAt: Date?
    /// When Telegram last answered a poll.
    package var lastPollAt: Date?
    /// 409: another program polls with the same token.
    package var conflicts = 0
    /// 429, of polls and sends.
    package var tooManyRequests = 0
    package var failedCalls = 0
  }

  /// What waits, and what the day has brought.
  package struct Load: Sendable, Equatable {
    package var unansweredUpdates: Int
    package var oldestUnansweredAt: Date?
    package var queuedReplies: Int
    /// What calls were charged since midnight, UTC.
    package var turnoverToday: Credits
  }

  private let counted: Mutex<Counters>

  package init(startedAt: Date = Date()) {
    counted = Mutex(Counters(startedAt: startedAt))
  }

  package var counters: Counters { counted.withLock { $0 } }

  /// - Throws: Errors of the database.
  package static func load(in tx: LedgerTransaction) throws -> Load {
    let inbox = try Row.fetchOne(
      tx.db,
      sql: """
        SELECT count(*) AS count, min(received_at) AS oldest FROM inbox
        WHERE channel = 'telegram' AND state = 'pending'
        """)
    return Load(
      unansweredUpdates: inbox?["count"] ?? 0, oldestUnansweredAt: inbox?["oldest"],
      queuedReplies: try Int.fetchOne(
        tx.db,
        sql: "SELECT count(*) FROM outbox WHERE channel = 'telegram' AND state = 'queued'") ?? 0,
      turnoverToday: try Credits.fetchOne(
        tx.db,
        sql: """
          SELECT -coalesce(sum(credits_amount_micro), 0) FROM credit_transactions
          WHERE transaction_type = 'usage_deduction' AND created_at >= ?
          """,
        arguments: [tx.now.startOfUTCDay.databaseText]) ?? .zero)
  }

  /// - Parameter also: Told, too, what the poller does.
  package func pollerEvents(also other: Poller.Events = Poller.Events()) -> Poller.Events {
    Poller.Events(
      pollSent: {
        self.counted.withLock { $0.firstPollAt = $0.firstPollAt ?? Date() }
        other.pollSent()
      },
      pollCompleted: {
        self.counted.withLock { $0.lastPollAt = Date() }
        other.pollCompleted()
      },
      failed: { error in
        self.note(error)
        other.failed(error)
      })
  }

  package func note(_ error: TelegramError) {
    counted.withLock { counters in
      switch error {
      case .conflict: counters.conflicts += 1
      case .tooManyRequests: counters.tooManyRequests += 1
      default: break
      }
    }
  }

  package func noteFailedCall() {
    counted.withLock { $0.failedCalls += 1 }
  }
}
