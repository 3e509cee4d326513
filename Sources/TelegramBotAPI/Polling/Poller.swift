import KillPoints
package import Logging
import Synchronization

/// Fetches updates by long polling and hands them to a storage. Telegram is told that a batch has
/// arrived, by the offset of the next poll, only once that has stored it: what is lost on the
/// way is served again.
///
/// A class, because the poll that runs and the confirmation at the end share one fact.
package final class Poller: Sendable {
  /// Where updates go. What it throws is logged, so it must hold no message text; the poller tries
  /// again.
  package struct Storage: Sendable {
    /// The offset to go on from, as last stored.
    package var nextOffset: @Sendable () async throws -> Int64?
    /// Stores a batch and the offset that confirms it, durably, in one transaction. The same update
    /// can come again.
    package var store:
      @Sendable (_ updates: [ReceivedUpdate], _ nextOffset: Int64) async throws -> Void

    package init(
      nextOffset: @escaping @Sendable () async throws -> Int64?,
      store:
        @escaping @Sendable (_ updates: [ReceivedUpdate], _ nextOffset: Int64) async throws
        -> Void
    ) {
      self.nextOffset = nextOffset
      self.store = store
    }
  }

  /// What whoever watches over the poller is told.
  package struct Events: Sendable {
    /// A poll has gone out; it waits for updates from now on.
    package var pollSent: @Sendable () -> Void
    /// Telegram has answered it.
    package var pollCompleted: @Sendable () -> Void
    package var failed: @Sendable (TelegramError) -> Void

    package init(
      pollSent: @escaping @Sendable () -> Void = {},
      pollCompleted: @escaping @Sendable () -> Void = {},
      failed: @escaping @Sendable (TelegramError) -> Void = { _ in }
    ) {
      self.pollSent = pollSent
      self.pollCompleted = pollCompleted
      self.failed = failed
    }
  }

  /// Why polling cannot go on. All else is waited out.
  package enum Stop: Error, Sendable, Equatable {
    case unauthorized
    case notFound
    case conflictPersists
  }

  /// Seconds; the longest that the server waits. Bot API server, `LONG_POLL_MAX_TIMEOUT`.
  package static let maximumTimeout = 50
  /// Waits after the first, second, … conflict with another poller. Longer in the end than that
  /// one's poll, so that two of us settle on one.
  static let conflictWaits: [Duration] = [3, 5, 10, 20, 40, 60].map { .seconds($0) }
  /// Of waiting for another poller to go away.
  static let conflictPatience = Duration.seconds(600)
  /// After this the other one is no leftover of a restart: an operator has to do something.
  static let conflictIsUsual = Duration.seconds(90)

  private let client: TelegramClient
  private let storage: Storage
  private let pollTimeout: Int
  private let events: Events
  private let sleep: @Sendable (Duration) async throws -> Void
  private let jitter: @Sendable () -> Double
  private let logger: Logger
  /// Set while a batch is stored and no poll has told Telegram.
  private let unconfirmedOffset = Mutex<Int64?>(nil)

  /// - Parameters:
  ///   - pollTimeout: Seconds.
  ///   - sleep: Ends early, by throwing, when the task is cancelled.
  ///   - jitter: 0 to 1; see `Backoff`.
  package init(
    client: TelegramClient, storage: Storage, pollTimeout: Int = Poller.maximumTimeout,
    events: Events = Events(),
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) },
    logger: Logger
  ) {
    self.client = client
    self.storage = storage
    self.pollTimeout = pollTimeout
    self.events = events
    self.sleep = sleep
    self.jitter = jitter
    self.logger = logger
  }

  /// Removes a webhook, then polls until the task is cancelled; it returns then.
  package func run() async throws(Stop) {
    do {
      try await untilItSucceeds { try await removeWebhook() }
      var offset = try await untilItSucceeds { try await storage.nextOffset() }
      // Telegram keeps the list, but it may be another program's.
      var kinds: [String]? = Update.kindsAskedFor
      while true {
        offset = try await untilItSucceeds { try await poll(from: offset, kinds) }
        kinds = nil
      }
    } catch let stop as Stop {
      throw stop
    } catch {
      // Cancelled: nothing else gets past `untilItSucceeds`.
    }
  }

  /// At shutdown, once `run` has returned: tells Telegram of a batch that was stored after the last
  /// poll had begun. Should it fail, the batch comes again, and is known then.
  package func confirm() async {
    guard let offset = takeUnconfirmedOffset() else { return }
    _ = try? await client.getUpdates(offset: offset, limit: 1, timeout: 0)
  }
}

// MARK: - One step

extension Poller {
  private struct UnreadableBatch: Error, CustomStringConvertible {
    var count: Int
    var description: String { "none of \(count) updates has a readable update_id" }
  }

  private func removeWebhook() async throws {
    let webhook = try await client.getWebhookInfo()
    logger.info(
      "updates wait at Telegram", metadata: ["pending": "\(webhook.pendingUpdateCount)"])
    guard !webhook.url.isEmpty else { return }
    try await client.deleteWebhook()
    logger.warning("removed the bot's webhook, because this program polls")
  }

  /// - Returns: The offset to poll from next.
  private func poll(from offset: Int64?, _ kinds: [String]?) async throws -> Int64? {
    let batch = try await fetch(from: offset, kinds)
    guard let nextOffset = batch.nextOffset else {
      guard batch.unreadableCount == 0 else {
        throw UnreadableBatch(count: batch.unreadableCount)
      }
      return offset
    }
    if batch.unreadableCount > 0 {
      logger.error(
        "skipped updates without a readable update_id",
        metadata: ["count": "\(batch.unreadableCount)", "next_offset": "\(nextOffset)"])
    }
    try await storage.store(batch.updates, nextOffset)
    unconfirmedOffset.withLock { $0 = nextOffset }
    return nextOffset
  }

  /// A poll confirms as soon as it arrives, whether its answer does or not.
  private func fetch(from offset: Int64?, _ kinds: [String]?) async throws(TelegramError)
    -> UpdateBatch
  {
    let unconfirmed = takeUnconfirmedOffset()
    do {
      events.pollSent()
      let batch = try await client.getUpdates(
        offset: offset, timeout: pollTimeout, allowedUpdates: kinds)
      events.pollCompleted()
      if unconfirmed != nil { KillPoint.offsetSent.passed() }
      return batch
    } catch {
      events.failed(error)
      if !error.requestMayHaveTakenEffect { unconfirmedOffset.withLock { $0 = unconfirmed } }
      throw error
    }
  }

  private func takeUnconfirmedOffset() -> Int64? {
    unconfirmedOffset.withLock { offset in
      defer { offset = nil }
      return offset
    }
  }
}

// MARK: - After a failure

extension Poller {
  /// What has failed since the last success.
  private struct Streak {
    var failures = 0
    var conflicts = 0
    var conflictWait = Duration.zero
  }

  /// - Throws: `Stop`, or `CancellationError`, and nothing else.
  private func untilItSucceeds<Value>(_ step: () async throws -> Value) async throws -> Value {
    var streak = Streak()
    while true {
      do {
        return try await step()
      } catch {
        try Task.checkCancellation()
        try await recover(from: error, &streak)
      }
    }
  }

  private func recover(from error: any Error, _ streak: inout Streak) async throws {
    switch error {
    case TelegramError.unauthorized: throw Stop.unauthorized
    case TelegramError.notFound: throw Stop.notFound
    case TelegramError.tooManyRequests(let retryAfter): try await wait(retryAfter, error)
    case TelegramError.conflict(webhook: true):
      // Somebody set it while we polled. Once, that is mended at once.
      let isMended = (try? await client.deleteWebhook()) != nil
      logger.warning("a webhook took the updates", metadata: ["removed": "\(isMended)"])
      streak.failures += 1
      if !isMended || streak.failures > 1 { try await backOff(error, streak) }
    case TelegramError.conflict(webhook: false):
      let wait = Self.conflictWaits[min(streak.conflicts, Self.conflictWaits.count - 1)]
      guard streak.conflictWait < Self.conflictPatience else { throw Stop.conflictPersists }
      streak.conflicts += 1
      streak.conflictWait += wait
      try await self.wait(
        wait, error, isForTheOperator: streak.conflictWait >= Self.conflictIsUsual)
    default:
      streak.failures += 1
      try await backOff(error, streak)
    }
  }

  private func backOff(_ error: any Error, _ streak: Streak) async throws {
    let delay = Backoff().delay(afterFailures: streak.failures, jitter: jitter())
    try await wait(delay, error)
  }

  private func wait(
    _ duration: Duration, _ error: any Error, isForTheOperator: Bool = false
  ) async throws {
    // Telegram's failures come and go; the storage's and an unreadable batch are for the operator.
    logger.log(
      level: error is TelegramError && !isForTheOperator ? .warning : .error,
      "no updates now; trying again",
      metadata: ["reason": "\(error)", "wait": "\(duration)"])
    try await sleep(duration)
  }
}

extension Poller.Stop: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unauthorized: "\(TelegramError.unauthorized)"
    case .notFound: "\(TelegramError.notFound)"
    case .conflictPersists: "\(TelegramError.conflict(webhook: false))"
    }
  }
}
