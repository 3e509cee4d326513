import DequeModule
import Foundation
import GRDB
import KillPoints
package import Ledger
import Logging
package import TelegramBotAPI

/// Sends what is in the outbox: in order within a chat, chats side by side, within the rates that
/// Telegram tolerates, again and again until Telegram has said yes or no.
package actor OutboxDelivery {
  private struct Chat {
    var waiting: Deque<Outbox.Queued> = []
    /// Whether replies up to `loadedUpTo` are left in the file, as too many wait already.
    var leavesMore = false
    /// The chat's id in the file, if the group has become a supergroup.
    var newID: Int64?
    var isBusy = false
    var rate: SendRate
    var blockedUntil: ContinuousClock.Instant?

    mutating func keep(_ reply: Outbox.Queued) {
      var known = reply
      if waiting.count >= OutboxDelivery.maximumWithContentPerChat { known.content = nil }
      waiting.append(known)
    }
  }

  /// Telegram tolerates short bursts in a chat (Bot API FAQ, "My bot is hitting limits").
  private static let burstPerChat = 3
  /// How many requests are made at the same time: enough for hundreds a second.
  private static let maximumConcurrentSends = 32
  /// How many replies are known at a time; the others wait in the file.
  private static let maximumKnown = 100_000
  private static let maximumLoadedAtOnce = 1_000
  /// How many of a chat are among them, so that one that floods us leaves places for others.
  private static let maximumKnownPerChat = 256
  /// How many of a chat are known with their content; one that floods us fills no memory, and holds
  /// up no other chat.
  private static let maximumWithContentPerChat = 16
  /// Idle chats are forgotten beyond this number.
  private static let maximumIdleChats = 1_000
  /// A repeated answer is better than a lost one, but not without end.
  private static let maximumCopies = 10

  private let outbox: Outbox
  private let client: TelegramClient
  private let writer: LedgerWriter
  private var rates: Rates
  private let ended: Ended
  private let health: Health
  private var globalRate: SendRate
  private var chats: [Int64: Chat] = [:]
  private var loadedUpTo: Int64 = 0
  private var loading = Retries()
  /// Whether it looks into the outbox again by itself, if that could not be read.
  private var willLoadAgain = false
  private var underway = 0
  private var sending = 0
  private var sendWaiters: Deque<CheckedContinuation<Void, Never>> = []
  private var unrecorded: [(reply: Outbox.Queued, ending: Outbox.Ending?)] = []
  private var isRecording = false
  private var idleWaiters: [CheckedContinuation<Void, Never>] = []
  private let wakeUps: AsyncStream<Void>
  private let (jobs, job) = AsyncStream<@Sendable () async -> Void>.makeStream()

  /// What is to be done about a reply that failed or has a purpose, in the transaction that records
  /// how it ended. Returns whether that made new replies.
  package typealias Ended =
    @Sendable (_ reply: Outbox.Queued, _ ending: Outbox.Ending, _ tx: LedgerTransaction) throws
    -> Bool

  package init(
    outbox: Outbox, client: TelegramClient, writer: LedgerWriter, rates: Rates,
    ended: @escaping Ended, wakeUps: AsyncStream<Void>, health: Health = Health()
  ) {
    self.health = health
    self.wakeUps = wakeUps
    self.ended = ended
    self.outbox = outbox
    self.client = client
    self.writer = writer
    self.rates = rates
    globalRate = SendRate(perSecond: rates.perSecond, burst: Int(rates.perSecond))
  }

  /// From the next message on; bursts begin anew.
  package func change(to new: Rates) {
    guard new != rates else { return }
    rates = new
    globalRate = SendRate(perSecond: rates.perSecond, burst: Int(rates.perSecond))
    for id in Array(chats.keys) {
      chats[id]?.rate = SendRate(perSecond: rates.perChatPerSecond, burst: Self.burstPerChat)
    }
  }

  /// Sends until the task is cancelled. Then it cancels what is under way, which stays queued for
  /// the next start, and returns when nothing of it runs any more.
  package func run() async {
    load()
    await withDiscardingTaskGroup { group in
      group.addTask { for await _ in self.wakeUps { await self.load() } }
      for await job in jobs { group.addTask(operation: job) }
    }
    await record()
    for waiter in idleWaiters { waiter.resume() }
    idleWaiters.removeAll()
  }

  /// Returns when everything in the outbox has been sent or given up, or `run` ends meanwhile.
  package func becomeIdle() async {
    load()
    guard underway > 0 || isRecording else { return }
    await withCheckedContinuation { idleWaiters.append($0) }
  }

  func load() {
    let room = min(Self.maximumKnown - underway, Self.maximumLoadedAtOnce)
    guard room > 0 else { return }  // Each one that ends loads again.
    do {
      let replies = try writer.read {
        try outbox.queued(after: loadedUpTo, limit: room, in: $0)
      }
      loading = Retries()
      for reply in replies { take(reply) }
      if replies.count == room { job.yield { await self.load() } }
    } catch {
      guard !willLoadAgain else { return }
      willLoadAgain = true
      let delay = loading.delay()
      writer.complain(of: error, doing: "reading the outbox", wait: delay)
      job.yield { await self.loadAgain(after: delay) }
    }
  }

  private func loadAgain(after delay: Duration) async {
    await writer.sleep(delay)
    willLoadAgain = false
    load()
  }

  private func take(_ reply: Outbox.Queued) {
    loadedUpTo = reply.id
    guard let chatID = reply.chatID else {
      underway += 1
      job.yield { await self.deliver(reply) }
      return
    }
    let new = Chat(
      rate: SendRate(perSecond: rates.perChatPerSecond, burst: Self.burstPerChat))
    let chat = chats[chatID, default: new]
    guard !chat.leavesMore, chat.waiting.count < Self.maximumKnownPerChat else {
      chats[chatID]?.leavesMore = true
      return
    }
    chats[chatID, default: new].keep(reply)
    underway += 1
    guard !chat.isBusy else { return }
    chats[chatID]?.isBusy = true
    job.yield { await self.work(off: chatID) }
  }

  private func work(off chatID: Int64) async {
    while !Task.isCancelled, let chat = chats[chatID], let last = chat.waiting.last {
      if chat.leavesMore, chat.waiting.count == 1 { await loadMore(of: chatID, after: last.id) }
      if let reply = chats[chatID]?.waiting.popFirst() { await deliver(reply) }
    }
    chats[chatID]?.isBusy = false
    let now = ContinuousClock.now
    if chats.count > Self.maximumIdleChats {
      chats = chats.filter { $0.value.isBusy || !$0.value.rate.isFresh(at: now) }
    } else if chats[chatID]?.rate.isFresh(at: now) == true {
      chats[chatID] = nil
    }
  }

  /// Takes up what was left in the file. What comes after `loadedUpTo` is loaded with all else.
  private func loadMore(of chatID: Int64, after id: Int64) async {
    var retries = Retries()
    while !Task.isCancelled {
      do {
        let replies = try writer.read {
          try outbox.queued(
            inChat: chats[chatID]?.newID ?? chatID, after: id, upTo: loadedUpTo,
            limit: Self.maximumKnownPerChat, in: $0)
        }
        for reply in replies { chats[chatID]?.keep(reply) }
        underway += replies.count
        chats[chatID]?.leavesMore = replies.count == Self.maximumKnownPerChat
        return
      } catch {
        await writer.wait(after: error, doing: "reading the outbox", &retries)
      }
    }
  }
}

// MARK: - One reply

extension OutboxDelivery {
  private func deliver(_ reply: Outbox.Queued) async {
    await withLogger(mergingMetadata: ["update": "\(reply.updateID ?? Outbox.noUpdate)"]) { _ in
      await send(reply)
    }
  }

  private func send(_ reply: Outbox.Queued) async {
    var reply = reply
    var retries = Retries()
    while !Task.isCancelled {
      await waitForPlace(reply.chatID)
      let content: Outbox.Content
      do {
        guard let found = try self.content(of: reply) else { return end(reply, nil) }
        content = found
      } catch {
        await writer.wait(after: error, doing: "reading a reply", &retries)
        continue
      }
      reply.content = content
      do throws(TelegramError) {
        let chatID = reply.chatID.map { chats[$0]?.newID ?? $0 }
        let request = try content.request(to: chatID)
        let result = try await perform(request, atOnce: reply.chatID == nil)
        Logger.current.debug("A reply is sent.", metadata: ["reply": "\(reply.id)"])
        KillPoint.replySent.passed()
        return end(reply, .sent(messageID: result.messageID, text: result.text))
      } catch {
        if let ending = await ending(of: &reply, after: error, &retries) {
          return end(reply, ending)
        }
      }
    }
  }

  private func content(of reply: Outbox.Queued) throws -> Outbox.Content? {
    // An answer to a query is sent at once, and nobody withdraws it.
    guard let content = reply.content, reply.chatID != nil else {
      return try reply.content ?? writer.read { try outbox.content(of: reply.id, in: $0) }
    }
    return try writer.read { try outbox.isQueued(reply.id, in: $0) } ? content : nil
  }

  /// - Parameter atOnce: For answers to queries, which do not wait for others: Telegram gives up a
  ///   payment that is not answered within ten seconds.
  private func perform(
    _ request: BotRequest, atOnce: Bool
  ) async throws(TelegramError) -> TelegramResult {
    guard !atOnce else { return try await client.perform(request) }
    if sending < Self.maximumConcurrentSends {
      sending += 1
    } else {
      await withCheckedContinuation { sendWaiters.append($0) }
    }
    defer {
      if let next = sendWaiters.popFirst() { next.resume() } else { sending -= 1 }
    }
    return try await client.perform(request)
  }

  /// Waits as the rates ask. Answers to queries belong to no chat and do not count as messages.
  private func waitForPlace(_ chatID: Int64?) async {
    guard let chatID else { return }
    let now = ContinuousClock.now
    var wait = globalRate.take(at: now)
    wait = max(wait, chats[chatID]?.rate.take(at: now) ?? .zero)
    if let blockedUntil = chats[chatID]?.blockedUntil {
      wait = max(wait, now.duration(to: blockedUntil))
    }
    if wait > .zero { await writer.sleep(wait) }
  }

  /// What an error means for the reply: how it ended, or `nil` if it is to be sent again, after
  /// the wait that the error asks for.
  private func ending(
    of reply: inout Outbox.Queued, after error: TelegramError, _ retries: inout Retries
  ) async -> Outbox.Ending? {
    guard reply.lifetime.map({ Date().timeIntervalSince(reply.createdAt) < $0 }) ?? true else {
      return .failed("too late: \(error)")
    }
    switch error {
    case .badRequest where error.isMessageNotModified: return .sent(messageID: nil)
    case .badRequest where error.isThreadMissing:
      guard case .message(var message)? = reply.content, message.threadID != nil else {
        return .failed(String(describing: error))
      }
      // To the chat itself, as its topic was deleted.
      message.threadID = nil
      reply.content = .message(message)
    case .badRequest where error.isQueryTooOld: return .failed("too late")
    case .badRequest where error.isAlreadyRefunded: return .sent(messageID: nil)
    case .badRequest, .invalidRequest: return .failed(String(describing: error))
    case .forbidden: return .failed(String(describing: error), isForbidden: true)
    case .chatMigrated(let new): return await move(&reply, to: new)
    case .tooManyRequests(let retryAfter):
      health.note(error)
      Logger.current.warning(
        "Telegram asks for patience.", metadata: ["wait": "\(retryAfter)"])
      if let chatID = reply.chatID { chats[chatID]?.blockedUntil = .now + retryAfter }
      await writer.sleep(retryAfter)
    case .unauthorized, .conflict, .serverFailed, .unreachable, .answerMalformed:
      if error.mayBeALostAnswer {
        guard reply.lostAnswers < Self.maximumCopies || reply.lifetime == nil else {
          return .failed("never confirmed")
        }
        reply.lostAnswers += 1
        await countLostAnswer(reply)
      }
      let delay = retries.delay()
      Logger.current.warning(
        "A reply could not be sent; trying again.",
        metadata: ["reply": "\(reply.id)", "error": "\(error)", "wait": "\(delay)"])
      await writer.sleep(delay)
    }
    return nil
  }

  private func countLostAnswer(_ reply: Outbox.Queued) async {
    do {
      try await writer.write(for: "counting a lost answer") {
        try self.outbox.countLostAnswer(reply.id, in: $0)
      }
    } catch {
      Logger.current.error(
        "A lost answer could not be counted.", metadata: ["error": "\(error)"])
    }
  }

  /// A group has become a supergroup: what waits for it goes to its new id.
  private func move(_ reply: inout Outbox.Queued, to new: Int64) async -> Outbox.Ending? {
    guard let old = reply.chatID else { return .failed("moved to another chat") }
    do {
      reply.content = try reply.content?.addressed(to: new)
      try await writer.write(for: "moving a chat") {
        try self.outbox.moveChat(from: old, to: new, in: $0)
      }
      // Computed first: the assignment below holds `chats` while it evaluates its right side.
      let moved = try (chats[old]?.waiting ?? []).map { waiting in
        var moved = waiting
        moved.content = try waiting.content?.addressed(to: new)
        return moved
      }
      chats[old]?.waiting = Deque(moved)
      chats[old]?.newID = new
      return nil
    } catch {
      return .failed(String(describing: error))
    }
  }

  private func end(_ reply: Outbox.Queued, _ ending: Outbox.Ending?) {
    if case .failed(let reason, _)? = ending {
      Logger.current.error(
        "A reply cannot be delivered.", metadata: ["reply": "\(reply.id)", "reason": "\(reason)"])
    }
    unrecorded.append((reply, ending))
    guard !isRecording else { return }
    isRecording = true
    job.yield { await self.record() }
  }

  /// Writes down how replies ended, if they were not withdrawn; those that end meanwhile come next.
  private func record() async {
    while !unrecorded.isEmpty {
      let batch = unrecorded
      unrecorded.removeAll(keepingCapacity: true)
      do {
        let hasMore = try await writer.write(for: "recording sent replies") { tx in
          let ended = batch.compactMap { reply, ending in ending.map { (reply, $0) } }
          for (reply, ending) in ended { try self.outbox.end(reply.id, ending, in: tx) }
          return try ended.filter { reply, ending in
            guard ending.isFailure || reply.purpose != nil else { return false }
            return try self.ended(reply, ending, tx)
          }.isEmpty == false
        }
        if hasMore { load() }
        KillPoint.replyMarked.passed()
      } catch {
        // They stay queued, and the next start sends them again.
        Logger.current.critical("Sent replies cannot be recorded.", metadata: ["error": "\(error)"])
      }
      let wasFull = underway >= Self.maximumKnown
      underway -= batch.count
      if wasFull { load() }
    }
    isRecording = false
    guard underway == 0 else { return }
    for waiter in idleWaiters { waiter.resume() }
    idleWaiters.removeAll()
  }
}

extension TelegramError {
  /// Whether the message may be in the chat. A server that answers with its own failure has hardly
  /// sent it.
  fileprivate var mayBeALostAnswer: Bool {
    if case .serverFailed = self { return false }
    return requestMayHaveTakenEffect
  }
}
