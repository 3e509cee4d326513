import DequeModule
import TelegramBotAPI

/// Hands each update to the handler: those of one person one after the other, those of different
/// people side by side, and what is urgent at once.
package actor Dispatcher {
  /// How many people are served at the same time. A paid request waits for its model, so this
  /// bounds calls under way rather than work for the processor.
  private static let mostLanes = 256
  /// How many messages of one person may wait. Nobody types that many; a program does.
  package static let mostWaitingPerLane = 256
  /// Beyond this, waiting updates keep only their ids in memory; their content is in the file.
  private static let mostInMemory = 2_000

  /// For what comes from no person, as no id of Telegram's is 0.
  private static let nobodysLane: Int64 = 0
  /// Likewise none is this low.
  private static let cautionLane = Int64.min

  private struct Lane {
    var waiting: Deque<StoredUpdate> = []
    var isRunning = false
    var isTurningAway = false
  }

  /// Whoever handles the next update; what is under way goes on as it began.
  private let handler: @Sendable () -> UpdateHandler
  private var lanes: [Int64: Lane] = [:]
  /// Lanes that wait for a place among the running ones, in the order of their first update.
  private var ready: Deque<Int64> = []
  private var running = 0
  private var urgent = 0
  private var waiting = 0
  private var isDraining = false
  /// What is under way, so that it can be cancelled.
  private var tasks: [Int: Task<Void, Never>] = [:]
  private var lastTask = 0
  private var idleWaiters: [CheckedContinuation<Void, Never>] = []

  package init(handler: @escaping @Sendable () -> UpdateHandler) {
    self.handler = handler
  }

  /// Takes over updates that are safe in the inbox.
  package func enqueue(_ updates: [StoredUpdate]) {
    for update in updates { enqueue(update) }
  }

  /// Begins nothing new, and returns when what is under way has ended. What still waits stays in
  /// the inbox for the next start.
  package func drain() async {
    isDraining = true
    await becomeIdle()
  }

  /// Cancels what is under way: its calls end without an answer, and cost the person nothing.
  package func cancel() {
    isDraining = true
    for task in tasks.values { task.cancel() }
  }

  /// Returns when nothing is under way or waiting.
  package func becomeIdle() async {
    guard running + urgent > 0 else { return }
    await withCheckedContinuation { idleWaiters.append($0) }
  }

  private func enqueue(_ update: StoredUpdate) {
    guard !isDraining else { return }
    if let content = update.update, Route.isUrgent(content) {
      return runAside { [handler] in await handler().handle(update) }
    }
    let key = lane(of: update)
    var lane = lanes[key, default: Lane()]
    let isFull = lane.waiting.count >= Self.mostWaitingPerLane
    guard !isFull || update.attempts > 1 || key == Self.nobodysLane else {
      let isFirst = !lane.isTurningAway
      lanes[key]?.isTurningAway = true
      return runAside { [handler] in
        await handler().turnAway(update, limit: Self.mostWaitingPerLane, saysSo: isFirst)
      }
    }
    var kept = update
    if waiting >= Self.mostInMemory { kept.update = nil }
    lane.waiting.append(kept)
    waiting += 1
    let isNew = !lane.isRunning && lane.waiting.count == 1
    lanes[key] = lane
    if isNew { ready.append(key) }
    startReadyLanes()
  }

  /// Those that may have ended the process before are handled one at a time, so that the next end
  /// is blamed on the right one.
  private func lane(of update: StoredUpdate) -> Int64 {
    if update.attempts >= Inbox.attemptsBeforeCaution { return Self.cautionLane }
    return update.update.map(Route.lane) ?? Self.nobodysLane
  }

  private func startReadyLanes() {
    while running < Self.mostLanes, !isDraining, let key = ready.popFirst() {
      running += 1
      lanes[key]?.isRunning = true
      begin { await self.run(key) }
    }
  }

  private func run(_ key: Int64) async {
    while !isDraining, let update = lanes[key]?.waiting.popFirst() {
      waiting -= 1
      lanes[key]?.isTurningAway = false
      await handler().handle(update)
    }
    lanes[key] = nil
    running -= 1
    startReadyLanes()
    announceIdle()
  }

  private func runAside(_ body: @escaping @Sendable () async -> Void) {
    urgent += 1
    begin {
      await body()
      await self.endAside()
    }
  }

  private func endAside() {
    urgent -= 1
    announceIdle()
  }

  private func begin(_ body: @escaping @Sendable () async -> Void) {
    lastTask += 1
    let number = lastTask
    tasks[number] = Task {
      await body()
      tasks[number] = nil
    }
  }

  private func announceIdle() {
    guard running + urgent == 0 else { return }
    for waiter in idleWaiters { waiter.resume() }
    idleWaiters.removeAll()
  }
}
