import DequeModule
package import Messaging
import TelegramBotAPI

/// Hands each update to the handler: those of one person one after the other, those of different
/// people side by side, what is said of money beside all else, and what is urgent at once.
package actor Dispatcher {
  /// How many people are served at the same time. A paid request waits for its model, so this
  /// bounds calls under way rather than work for the processor.
  package static let maximumLanes = 256
  /// How many messages of one person may wait. Nobody types that many; a program does.
  package static let maximumWaitingPerLane = 256
  /// Beyond this, waiting updates keep only their ids in memory; their content is in the file.
  private static let maximumInMemory = 2_000

  /// What is handled one after the other.
  private enum LaneKey: Hashable {
    case person(Int64)
    /// What is said of the person's money: it needs no call to a model and waits for none.
    case money(ofPerson: Int64)
    case caution
    /// For what comes from no person, as no id of Telegram's is 0.
    static let nobody = LaneKey.person(0)
  }

  private struct Lane {
    var waiting: Deque<StoredUpdate> = []
    var isTurningAway = false
  }

  /// Whoever handles the next update; what is under way goes on as it began.
  private let handler: @Sendable () -> UpdateHandler
  /// Those with something that waits or is under way.
  private var lanes: [LaneKey: Lane] = [:]
  /// Lanes that wait for a place among the running ones, in the order of their first update.
  private var ready: Deque<LaneKey> = []
  private var running = 0
  /// What runs beside those: it waits for no place among them.
  private var aside = 0
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
    guard running + aside > 0 else { return }
    await withCheckedContinuation { idleWaiters.append($0) }
  }

  private func enqueue(_ update: StoredUpdate) {
    guard !isDraining else { return }
    let turn = update.update.map(Route.turn) ?? .inOrder
    guard turn != .atOnce else {
      return runAside { [handler] in await handler().handle(update) }
    }
    let key = lane(of: update, turn)
    let isNew = lanes[key] == nil
    var lane = lanes[key, default: Lane()]
    let isFull = lane.waiting.count >= Self.maximumWaitingPerLane
    guard !isFull || turn == .money || update.attempts > 1 || key == .nobody else {
      let isFirst = !lane.isTurningAway
      lanes[key]?.isTurningAway = true
      return runAside { [handler] in
        await handler().turnAway(update, limit: Self.maximumWaitingPerLane, saysSo: isFirst)
      }
    }
    var kept = update
    if waiting >= Self.maximumInMemory { kept.update = nil }
    lane.waiting.append(kept)
    waiting += 1
    lanes[key] = lane
    guard isNew else { return }
    guard turn != .money else { return runAside { await self.workOff(key) } }
    ready.append(key)
    startReadyLanes()
  }

  /// Of the others, those that may have ended the process before are handled one at a time, so that
  /// the next end is blamed on the right one.
  private func lane(of update: StoredUpdate, _ turn: Route.Turn) -> LaneKey {
    let person = update.update.map(Route.lane) ?? 0
    if turn == .money { return .money(ofPerson: person) }
    return update.attempts >= Inbox.attemptsBeforeCaution ? .caution : .person(person)
  }

  private func startReadyLanes() {
    while running < Self.maximumLanes, !isDraining, let key = ready.popFirst() {
      running += 1
      begin {
        await self.workOff(key)
        await self.endLane()
      }
    }
  }

  private func endLane() {
    running -= 1
    startReadyLanes()
    announceIdle()
  }

  private func workOff(_ key: LaneKey) async {
    while !isDraining, let update = lanes[key]?.waiting.popFirst() {
      waiting -= 1
      lanes[key]?.isTurningAway = false
      await handler().handle(update)
    }
    lanes[key] = nil
  }

  private func runAside(_ body: @escaping @Sendable () async -> Void) {
    aside += 1
    begin {
      await body()
      await self.endAside()
    }
  }

  private func endAside() {
    aside -= 1
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
    guard running + aside == 0 else { return }
    for waiter in idleWaiters { waiter.resume() }
    idleWaiters.removeAll()
  }
}
