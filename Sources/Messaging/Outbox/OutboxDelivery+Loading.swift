import DequeModule
import Ledger
import TelegramBotAPI

/// What is in the outbox becomes known, up to a bound, and begins to be sent.
extension OutboxDelivery {
  /// How many replies are known at a time; the others wait in the file.
  static let maximumKnown = 100_000
  private static let maximumLoadedAtOnce = 1_000
  /// Idle chats are forgotten beyond this number.
  private static let maximumIdleChats = 1_000

  func load() {
    let room = min(Self.maximumKnown - underway, Self.maximumLoadedAtOnce)
    guard room > 0 else { return }  // Each one that ends loads again.
    do {
      let replies = try read { try outbox.queued(after: loadedUpTo, limit: room, in: $0) }
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

  private func read(
    _ body: (LedgerTransaction) throws -> [Outbox.Queued]
  ) throws -> [Outbox.Queued] {
    // Counted before, so that a withdrawal in between is noticed.
    let withdrawals = outbox.withdrawals.count
    return try writer.read(body).map { reply in
      var reply = reply
      reply.withdrawals = withdrawals
      return reply
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
      let kind = QueryQueues.Kind(reply)
      if queries.add(reply, kind) { job.yield { await self.workOff(kind) } }
      return
    }
    let new = ChatQueue(rates)
    let chat = chats[chatID, default: new]
    guard !chat.isFull else {
      chats[chatID]?.leavesMore = true
      return
    }
    chats[chatID, default: new].keep(reply)
    underway += 1
    guard !chat.isBusy else { return }
    chats[chatID]?.isBusy = true
    job.yield { await self.work(off: chatID) }
  }

  private func workOff(_ kind: QueryQueues.Kind) async {
    while !Task.isCancelled, let reply = queries.next(kind) { await deliver(reply) }
    announceIdleness()
  }

  private func work(off chatID: Int64) async {
    while !Task.isCancelled, let chat = chats[chatID], !chat.isLeft, let last = chat.waiting.last {
      if chat.leavesMore, chat.waiting.count == 1 { await loadMore(of: chatID, after: last.id) }
      if let reply = chats[chatID]?.waiting.popFirst() { await deliver(reply) }
    }
    defer { announceIdleness() }
    // What is left stays in its order: nobody else begins with the chat.
    guard chats[chatID]?.isLeft != true else { return }
    chats[chatID]?.isBusy = false
    let now = ContinuousClock.now
    if chats.count > Self.maximumIdleChats {
      chats = chats.filter { !$0.value.isForgettable(at: now) }
    } else if chats[chatID]?.isForgettable(at: now) == true {
      chats[chatID] = nil
    }
  }

  /// Sends what has come while a frame was on its way to the chat.
  func goOn(_ chatID: Int64) {
    job.yield { await self.work(off: chatID) }
  }

  /// Takes up what was left in the file. What comes after `loadedUpTo` is loaded with all else.
  private func loadMore(of chatID: Int64, after id: Int64) async {
    var retries = Retries()
    while !Task.isCancelled {
      do {
        let replies = try read {
          try outbox.queued(
            inChat: chats[chatID]?.newID ?? chatID, after: id, upTo: loadedUpTo,
            limit: ChatQueue.maximumKnown, in: $0)
        }
        for reply in replies { chats[chatID]?.keep(reply) }
        underway += replies.count
        chats[chatID]?.leavesMore = replies.count == ChatQueue.maximumKnown
        return
      } catch {
        await writer.wait(after: error, doing: "reading the outbox", &retries)
      }
    }
  }
}
