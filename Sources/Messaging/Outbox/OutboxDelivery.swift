import DequeModule
import Foundation
import GRDB
import KillPoints
package import Ledger
import Logging
package import Replication
package import TelegramBotAPI

/// Sends what is in the outbox: in order within a chat, chats side by side, within the rates that
/// Telegram tolerates, again and again until Telegram has said yes or no.
package actor OutboxDelivery {
  /// How many messages are sent at the same time: enough for hundreds a second.
  private static let maximumConcurrentSends = 32
  /// A repeated answer is better than a lost one, but not without end.
  private static let maximumCopies = 10

  let outbox: Outbox
  let client: TelegramClient
  let writer: LedgerWriter
  /// Where what is committed has to be before anything is sent; `nil` if this machine is enough.
  let replica: Replica?
  var rates: Rates
  private let ended: Ended
  let health: Health
  var globalRate: SendRate
  var chats: [Int64: ChatQueue] = [:]
  var queries = QueryQueues()
  var loadedUpTo: Int64 = 0
  var loading = Retries()
  /// Whether it looks into the outbox again by itself, if that could not be read.
  var willLoadAgain = false
  var underway = 0
  private var sending = 0
  /// Whether a message could be sent without waiting for others.
  var hasFreePlace: Bool { sending < Self.maximumConcurrentSends }
  private var sendWaiters: Deque<CheckedContinuation<Void, Never>> = []
  private var unrecorded: [(reply: Outbox.Queued, ending: Outbox.Ending?)] = []
  private var isRecording = false
  /// How many answers came too late to be sent, since the last record.
  private var tooLate = 0
  private(set) var isStopping = false
  private var waiters: [(state: Idleness, waiter: CheckedContinuation<Void, Never>)] = []
  private let wakeUps: AsyncStream<Void>
  let (jobs, job) = AsyncStream<@Sendable () async -> Void>.makeStream()

  /// What is to be done about a reply that failed or has a purpose, in the transaction that records
  /// how it ended. Returns whether that made new replies.
  package typealias Ended =
    @Sendable (_ reply: Outbox.Queued, _ ending: Outbox.Ending, _ tx: LedgerTransaction) throws
    -> Bool

  package init(
    outbox: Outbox, client: TelegramClient, writer: LedgerWriter, rates: Rates,
    ended: @escaping Ended, wakeUps: AsyncStream<Void>, health: Health = Health(),
    replica: Replica? = nil
  ) {
    self.health = health
    self.replica = replica
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
    for id in Array(chats.keys) { chats[id]?.change(to: rates) }
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
    for (_, waiter) in waiters { waiter.resume() }
    waiters.removeAll()
  }

  /// Returns when everything in the outbox has been sent or given up, or `run` ends meanwhile.
  package func becomeIdle() async {
    load()
    await wait(for: .everything)
  }

  /// Returns when no query waits for its answer, or `run` ends meanwhile.
  package func answerQueries() async {
    load()
    await wait(for: .queries)
  }

  /// Sends what can go at once, and returns when the rest has to wait: for a rate, or for Telegram.
  /// That stays queued for the next start. It returns, too, if `run` ends meanwhile.
  package func finish() async {
    isStopping = true
    load()
    await wait(for: .whatCanGo)
  }

  /// What has ended.
  private enum Idleness {
    case everything
    case queries
    case whatCanGo
  }

  private func has(_ state: Idleness) -> Bool {
    switch state {
    case .everything: underway == 0 && !isRecording
    case .queries: !queries.hasAnswers && !isRecording
    case .whatCanGo: queries.isEmpty && !isRecording && !chats.values.contains(where: \.isAtWork)
    }
  }

  private func wait(for state: Idleness) async {
    guard !has(state) else { return }
    await withCheckedContinuation { waiters.append((state, $0)) }
  }

  func announceIdleness() {
    guard !waiters.isEmpty else { return }
    let met = waiters.filter { has($0.state) }
    waiters.removeAll { has($0.state) }
    for (_, waiter) in met { waiter.resume() }
  }
}

// MARK: - One reply

extension OutboxDelivery {
  func deliver(_ reply: Outbox.Queued) async {
    await withLogger(mergingMetadata: ["update": "\(reply.updateID ?? Outbox.noUpdate)"]) { _ in
      await send(reply)
    }
  }

  private func send(_ reply: Outbox.Queued) async {
    var reply = reply
    var retries = Retries()
    var isReplicated = false
    while !Task.isCancelled {
      let content: Outbox.Content
      do {
        guard !reply.isForgotten(at: writer.now) else { return drop(reply) }
        if !isReplicated { isReplicated = try await waitForReplica(&reply) }
        guard isReplicated else { continue }
        guard await waitForPlace(reply.chatID) else { return }
        guard let found = try self.content(of: reply) else { return end(reply, nil) }
        reply.previewMessageID = try previewMessageID(of: reply)
        content = found
      } catch {
        await writer.wait(after: error, doing: "reading a reply", &retries)
        continue
      }
      reply.content = content
      if reply.isDeletion, reply.previewMessageID == nil {
        return end(reply, .sent(messageID: nil))
      }
      do throws(TelegramError) {
        let chatID = reply.chatID.map { chats[$0]?.newID ?? $0 }
        let request = try content.request(to: chatID, inPlaceOf: reply.previewMessageID)
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

  func content(of reply: Outbox.Queued) throws -> Outbox.Content? {
    // An answer to a query is sent at once, and nobody withdraws it.
    guard let content = reply.content, reply.chatID != nil else {
      return try reply.content ?? writer.read { try outbox.content(of: reply.id, in: $0) }
    }
    guard reply.withdrawals != outbox.withdrawals.count else { return content }
    return try writer.read { try outbox.isQueued(reply.id, in: $0) } ? content : nil
  }

  /// The message whose place it takes, if that is known.
  private func previewMessageID(of reply: Outbox.Queued) throws -> Int64? {
    guard let part = reply.previewPart, let updateID = reply.updateID else { return nil }
    return try writer.read { try $0.previews.messageID(of: part, ofUpdate: updateID) }
  }

  /// - Parameter atOnce: For answers to queries, which do not wait for others: Telegram gives up a
  ///   payment that is not answered within ten seconds.
  func perform(
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
  /// Returns whether it may be sent now, and is not left to the next start.
  private func waitForPlace(_ chatID: Int64?) async -> Bool {
    guard let chatID else { return true }
    guard chats[chatID]?.isLeft != true else { return false }
    let now = ContinuousClock.now
    var wait = globalRate.take(at: now)
    wait = max(wait, chats[chatID]?.rate.take(at: now) ?? .zero)
    if let blockedUntil = chats[chatID]?.blockedUntil {
      wait = max(wait, now.duration(to: blockedUntil))
    }
    if wait > .zero { await rest(chatID, for: wait) }
    return chats[chatID]?.isLeft != true
  }

  /// Waits before the next attempt; an answer to a query no longer than somebody waits for it.
  private func rest(_ reply: Outbox.Queued, for wait: Duration) async {
    if let chatID = reply.chatID { return await rest(chatID, for: wait) }
    let life = reply.remainingLife(at: writer.now).map { min(wait, $0) }
    await writer.sleep(life ?? wait)
  }

  /// Waits. A stop does not: what waits for a chat is left to the next start then.
  private func rest(_ chatID: Int64, for wait: Duration) async {
    if !isStopping {
      chats[chatID]?.isResting = true
      await writer.sleep(wait)
      chats[chatID]?.isResting = false
    }
    if isStopping { chats[chatID]?.isLeft = true }
  }

  /// What an error means for the reply: how it ended, or `nil` if it is to be sent again, after
  /// the wait that the error asks for.
  private func ending(
    of reply: inout Outbox.Queued, after error: TelegramError, _ retries: inout Retries
  ) async -> Outbox.Ending? {
    guard reply.lifetime.map({ writer.now.timeIntervalSince(reply.createdAt) < $0 }) ?? true
    else {
      return .failed("too late: \(error)")
    }
    switch error {
    case .badRequest where error.isMessageNotModified:
      return .sent(messageID: reply.previewMessageID)
    // It is gone, or Telegram leaves it there.
    case .badRequest where reply.isRemoval: return .sent(messageID: nil)
    case .badRequest where reply.previewMessageID != nil && error.isEditImpossible:
      await sendAnew(&reply)
    case .badRequest where reply.leaveOutWhatIsMissing(after: error): break
    case .badRequest where error.isQueryTooOld: return .failed("too late")
    case .badRequest where error.isAlreadyRefunded: return .sent(messageID: nil)
    case _ where reply.isRich && error.refusesBlocks:
      return .failed(String(describing: error), .blocks)
    case .badRequest, .forbidden, .invalidRequest:
      return .failed(String(describing: error), Outbox.Refusal(error))
    case .chatMigrated(let new): return await move(&reply, to: new)
    case .tooManyRequests(let retryAfter):
      health.note(error)
      Logger.current.warning(
        "Telegram asks for patience.", metadata: ["wait": "\(retryAfter)"])
      if let chatID = reply.chatID { chats[chatID]?.blockedUntil = .now + retryAfter }
      await rest(reply, for: retryAfter)
    case .unauthorized, .notFound, .conflict, .serverFailed, .unreachable, .answerMalformed:
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
      await rest(reply, for: delay)
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
      try await moveChat(from: old, to: new)
      return nil
    } catch {
      return .failed(String(describing: error))
    }
  }

  func moveChat(from old: Int64, to new: Int64) async throws {
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
  }

  private func end(_ reply: Outbox.Queued, _ ending: Outbox.Ending?) {
    if case .failed(let reason, let refusal)? = ending {
      Logger.current.log(
        level: reply.level(ofFailure: refusal),
        "A reply cannot be delivered.", metadata: ["reply": "\(reply.id)", "reason": "\(reason)"])
    }
    note(reply, ending)
  }

  /// Nobody waits for it any more: Telegram has forgotten what it answers.
  private func drop(_ reply: Outbox.Queued) {
    tooLate += 1
    note(reply, .failed("too late"))
  }

  private func note(_ reply: Outbox.Queued, _ ending: Outbox.Ending?) {
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
      if tooLate > 0 {
        Logger.current.warning(
          "Answers to queries came too late and were not sent.",
          metadata: ["count": "\(tooLate)"])
        tooLate = 0
      }
      do {
        let hasMore = try await writer.write(for: "recording sent replies") { tx in
          let ended = batch.compactMap { reply, ending in ending.map { (reply, $0) } }
          for (reply, ending) in ended { try self.outbox.end(reply.id, ending, in: tx) }
          return try ended.filter { reply, ending in
            // Nothing is charged for what answers a query.
            guard ending.isFailure && reply.chatID != nil || reply.purpose != nil else {
              return false
            }
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
    announceIdleness()
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
