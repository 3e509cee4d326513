package import Assistant
import DequeModule
package import Messaging
import TelegramBotAPI

/// Hands each update to the handler: those of one person one after the other, those of different
/// people side by side, what is said of money beside all else, and what is urgent at once. Whoever
/// waits for a model keeps nobody else from anything.
package actor Dispatcher {
  /// How many people's updates are answered from local data at the same time. Calls to models are
  /// not among them: `CallPlaces` bounds those.
  private static let maximumRunning = 256
  /// How many messages of one person may wait. Nobody types that many; a program does.
  package static let maximumWaitingPerLane = 256
  /// Beyond this, waiting updates keep only their ids in memory; their content is in the file.
  private static let maximumInMemory = 2_000

  /// What is handled one after the other.
  private enum LaneKey: Hashable {
    case person(Int64)
    /// What only reads, while a model works for the person.
    case reading(ofPerson: Int64)
    /// What is said of the person's money: it needs no call to a model and waits for none.
    case money(ofPerson: Int64)
    case caution
    /// For what comes from no person, as no id of Telegram's is 0.
    static let nobody = LaneKey.person(0)

    var isMoney: Bool {
      if case .money = self { true } else { false }
    }
  }

  private struct Waiting {
    var update: StoredUpdate
    var person: Int64
    var isReading: Bool
    var changesProject: Bool
    var part: MessagePart?
  }

  private struct Lane {
    var waiting: Deque<Waiting> = []
    var isTurningAway = false
    /// Whether a model works, or is to work, on what came last.
    var isInCall = false
    /// Set while it waits for what may go on with its messages.
    var rest: Int?
    /// Whether it has waited for that long enough.
    var isRested = false
  }

  /// Whoever handles the next update; what is under way goes on as it began.
  private let handler: @Sendable () -> UpdateHandler
  private let places: CallPlaces
  private let presses: RateOfPerson
  private let sleep: @Sendable (Duration) async -> Void
  private let waits: @Sendable (WaitingMessage) -> Void
  /// Those with something that waits or is under way.
  private var lanes: [LaneKey: Lane] = [:]
  /// Lanes that wait to run, in the order of their first update.
  private var ready: Deque<LaneKey> = []
  private var running = 0
  /// What runs beside those, calls to models included.
  private var aside = 0
  private var waiting = 0
  /// How many unfinished messages of a person may change which project is active.
  private var projectChanges: [Int64: Int] = [:]
  private var isDraining = false
  /// What is under way, so that it can be cancelled.
  private var tasks: [Int: Task<Void, Never>] = [:]
  private var lastTask = 0
  private var lastRest = 0
  private var idleWaiters: [CheckedContinuation<Void, Never>] = []

  /// - Parameters:
  ///   - places: None is given any more once the dispatcher drains.
  ///   - presses: How often a person's presses are answered.
  ///   - sleep: Ends early when the task is cancelled.
  ///   - waits: Told of messages that wait behind a call to a model.
  package init(
    places: CallPlaces, presses: RateOfPerson,
    sleep: @escaping @Sendable (Duration) async -> Void,
    waits: @escaping @Sendable (WaitingMessage) -> Void = { _ in },
    handler: @escaping @Sendable () -> UpdateHandler
  ) {
    self.places = places
    self.presses = presses
    self.sleep = sleep
    self.waits = waits
    self.handler = handler
  }

  /// Two a second for ten seconds: nobody presses faster, but a program does. In the terminal,
  /// lines may come from a file.
  package static func pressesOfPerson(
    on channel: Channel, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) -> RateOfPerson {
    RateOfPerson(atMost: channel == .telegram ? 20 : .max, in: .seconds(10), now: now)
  }

  /// Those whose active project may be another once what they have sent is handled.
  package var peopleWhoChangeProjects: Set<Int64> { Set(projectChanges.keys) }

  /// Takes over updates that are safe in the inbox.
  package func enqueue(_ updates: [StoredUpdate]) {
    for update in updates { enqueue(update) }
  }

  /// Sets an update apart that is not to be handled, beside all else.
  package func setApart(_ update: StoredUpdate, because reason: String) {
    let handler = handler()
    runAside { await handler.quarantine(update, because: reason) }
  }

  /// Begins nothing new, and returns when what is under way has ended. What still waits, for its
  /// turn or for a call, stays in the inbox for the next start.
  package func drain() async {
    isDraining = true
    places.close()
    await becomeIdle()
  }

  /// Cancels what is under way: its calls end without an answer, and cost the person nothing.
  package func cancel() {
    isDraining = true
    places.close()
    for task in tasks.values { task.cancel() }
  }

  /// Returns when nothing is under way or waiting.
  package func becomeIdle() async {
    guard running + aside > 0 else { return }
    await withCheckedContinuation { idleWaiters.append($0) }
  }
}

// MARK: - In

extension Dispatcher {
  private func enqueue(_ update: StoredUpdate) {
    guard !isDraining else { return }
    let handler = handler()
    let turn = update.isAskedAgain ? .inOrder : update.update.map(handler.turn) ?? .inOrder
    let person = update.update.map(Route.lane) ?? 0
    switch turn {
    case .atOnce: runAside { _ = await handler.handle(update) }
    case .press:
      guard presses.allows(person) else { return runAside { await handler.drop(update) } }
      runAside {
        if let again = await handler.handle(update) { await self.enqueue([again]) }
      }
    case .money, .reading, .inOrder:
      let part = handler.part(of: update)
      // What begins a paste passes nothing: the rest of it would not pass with it.
      let waiting = Waiting(
        update: update, person: person, isReading: turn == .reading && part?.begins != true,
        changesProject: update.update.map(handler.changesActiveProject) ?? false, part: part)
      enqueue(waiting, in: lane(of: waiting, turn), handler)
    }
  }

  private func enqueue(_ new: Waiting, in key: LaneKey, _ handler: UpdateHandler) {
    let isFull = lanes[key, default: Lane()].waiting.count >= Self.maximumWaitingPerLane
    let isKnown = new.update.attempts > 1 || new.update.isAskedAgain
    guard !isFull || key.isMoney || isKnown || key == .nobody else {
      let isFirst = lanes[key]?.isTurningAway != true
      lanes[key]?.isTurningAway = true
      return runAside {
        await handler.turnAway(new.update, limit: Self.maximumWaitingPerLane, saysSo: isFirst)
      }
    }
    if new.changesProject { projectChanges[new.person, default: 0] += 1 }
    append(new, to: key)
    if lanes[key]?.isInCall == true { handler.waitingMessage(new.update).map(waits) }
  }

  private func append(_ new: Waiting, to key: LaneKey) {
    var kept = new
    if waiting >= Self.maximumInMemory { kept.update.update = nil }
    waiting += 1
    let isNew = lanes[key] == nil
    lanes[key, default: Lane()].waiting.append(kept)
    guard isNew else { return lanes[key]?.rest == nil ? () : goOn(key) }
    guard !key.isMoney else { return runAside { await self.workOffAside(key) } }
    ready.append(key)
    startReadyLanes()
  }

  /// Of the others, those that may have ended the process before are handled one at a time, so that
  /// the next end is blamed on the right one, with what goes on with them.
  private func lane(of new: Waiting, _ turn: Route.Turn) -> LaneKey {
    if turn == .money { return .money(ofPerson: new.person) }
    let before = lanes[.caution]?.waiting.last { $0.person == new.person }?.part
    let goesOnThere = before.flatMap { new.part?.goesOn(with: $0) } ?? false
    guard !goesOnThere, new.update.attempts < Inbox.attemptsBeforeCaution else { return .caution }
    let isInCall = lanes[.person(new.person)]?.isInCall == true
    return new.isReading && isInCall ? .reading(ofPerson: new.person) : .person(new.person)
  }
}

// MARK: - Messages that are one

extension Dispatcher {
  /// The first, and those of the same person that go on with it.
  private func partsOfFirst(of waiting: Deque<Waiting>) -> [Int] {
    guard let first = waiting.first, var last = first.part, last.begins else { return [0] }
    var parts = [0]
    for (index, next) in waiting.enumerated().dropFirst() where next.person == first.person {
      guard parts.count < last.mostParts, let part = next.part, part.goesOn(with: last) else {
        break
      }
      parts.append(index)
      last = part
    }
    return parts
  }

  /// Whether what waits first may go on with what is still to come. What may have ended the process
  /// before waits for nothing.
  private func mayGoOn(_ key: LaneKey) -> Bool {
    guard key != .caution, let lane = lanes[key], !lane.isRested, let first = lane.waiting.first,
      let part = first.part, part.begins
    else { return false }
    let count = partsOfFirst(of: lane.waiting).count
    return count == lane.waiting.count && count < part.mostParts
  }

  /// Waits for what may come. Nobody else waits for that, and no place is taken.
  private func rest(_ key: LaneKey) {
    lastRest += 1
    let number = lastRest
    lanes[key]?.rest = number
    let isNew = lanes[key]?.waiting.last?.update.attempts == 1
    runAside {
      await self.sleep(isNew ? MessagePart.wait : MessagePart.waitAfterStart)
      await self.endRest(number, of: key)
    }
  }

  private func endRest(_ number: Int, of key: LaneKey) {
    guard lanes[key]?.rest == number else { return }
    lanes[key]?.isRested = true
    goOn(key)
  }

  /// Ends the rest, or begins it anew with the part that has come.
  private func goOn(_ key: LaneKey) {
    lanes[key]?.rest = nil
    guard !mayGoOn(key) else { return rest(key) }
    ready.append(key)
    startReadyLanes()
  }
}

// MARK: - Under way

extension Dispatcher {
  private func startReadyLanes() {
    while running < Self.maximumRunning, !isDraining, let key = ready.popFirst() {
      running += 1
      begin { await self.workOff(key) }
    }
  }

  private func workOff(_ key: LaneKey) async {
    var call: (@Sendable () async -> Void)?
    while call == nil, !isDraining, !mayGoOn(key), let next = takeNext(of: key) {
      if case .call(let made)? = await handler().begin(next.update) { call = made }
      if next.changesProject { noteProjectChange(by: next.person) }
    }
    if let call {
      runAside { await self.make(call, for: key) }
    } else if !isDraining, mayGoOn(key) {
      rest(key)
    } else {
      lanes[key] = nil
    }
    running -= 1
    startReadyLanes()
    announceIdle()
  }

  /// Has a model work for a lane, which waits for it; then the lane goes on.
  private func make(_ call: @Sendable () async -> Void, for key: LaneKey) async {
    beginWait(of: key)
    await call()
    endWait(of: key)
  }

  /// Not a part of `make`, whose frame would hold all that is used here for as long as the model
  /// works.
  @inline(never)
  private func beginWait(of key: LaneKey) {
    lanes[key]?.isInCall = true
    letReadingPass(key)
    lanes[key]?.waiting.map(\.update).compactMap(handler().waitingMessage).forEach(waits)
  }

  @inline(never)
  private func endWait(of key: LaneKey) {
    lanes[key]?.isInCall = false
    guard !isDraining, lanes[key]?.waiting.isEmpty == false else {
      lanes[key] = nil
      return
    }
    ready.append(key)
    startReadyLanes()
  }

  /// What only reads does not wait for a model.
  private func letReadingPass(_ key: LaneKey) {
    guard case .person(let person) = key, let all = lanes[key]?.waiting else { return }
    let reading = all.filter(\.isReading)
    guard !reading.isEmpty else { return }
    lanes[key]?.waiting = all.filter { !$0.isReading }
    waiting -= reading.count
    for one in reading { append(one, to: .reading(ofPerson: person)) }
  }

  private func workOffAside(_ key: LaneKey) async {
    while !isDraining, let next = takeNext(of: key) { _ = await handler().handle(next.update) }
    lanes[key] = nil
  }

  /// With it, it takes what goes on with it.
  private func takeNext(of key: LaneKey) -> Waiting? {
    guard var all = lanes[key]?.waiting, !all.isEmpty else { return nil }
    let parts = partsOfFirst(of: all)
    var next = all[0]
    if parts.count > 1 {
      next.update.parts = parts.dropFirst().map { all[$0].update.id }
      // Together they are read from the file.
      next.update.update = nil
    }
    for index in parts.reversed() { all.remove(at: index) }
    waiting -= parts.count
    lanes[key]?.waiting = all
    lanes[key]?.isTurningAway = false
    lanes[key]?.isRested = false
    return next
  }

  private func noteProjectChange(by person: Int64) {
    let left = projectChanges[person, default: 1] - 1
    projectChanges[person] = left > 0 ? left : nil
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
