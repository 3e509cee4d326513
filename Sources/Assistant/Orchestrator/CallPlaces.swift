import DequeModule
import Synchronization

/// The calls to models that may be under way at the same time, whoever asks for them. A quarter is
/// for people who have paid: however many calls others make, they wait for none of those.
package final class CallPlaces: Sendable {
  /// Each call is a connection to a provider, of the unit's 4,096 open files, and less than 100 kB.
  package static let defaultCount = 1_536

  private struct Waiter {
    var number: Int
    var continuation: CheckedContinuation<CallPlace?, Never>
  }

  private struct State {
    let count: Int
    /// For people who have paid alone.
    var countForPayers: Int { count / 4 }
    var taken = 0
    var takenByOthers = 0
    /// By whether they have paid.
    var waiting: [Bool: Deque<Waiter>] = [:]
    var lastNumber = 0
    var isClosed = false

    func isFree(forPayer isPayer: Bool) -> Bool {
      taken < count && (isPayer || takenByOthers < count - countForPayers)
    }

    /// Whoever came first of those for whom a place is free; the place is theirs.
    mutating func next() -> (Waiter, isPayer: Bool)? {
      let first = [true, false].filter(isFree)
        .compactMap { kind in waiting[kind]?.first.map { ($0, isPayer: kind) } }
        .min { $0.0.number < $1.0.number }
      guard let first else { return nil }
      waiting[first.isPayer]?.removeFirst()
      take(forPayer: first.isPayer)
      return first
    }

    mutating func take(forPayer isPayer: Bool) {
      taken += 1
      if !isPayer { takenByOthers += 1 }
    }
  }

  private let state: Mutex<State>

  package init(count: Int = CallPlaces.defaultCount) {
    state = Mutex(State(count: count))
  }

  /// A place, if one is free and nobody waits for it.
  package func take(forPayer isPayer: Bool) -> CallPlace? {
    let isTaken = state.withLock { state in
      guard !state.isClosed, state.isFree(forPayer: isPayer),
        state.waiting[isPayer]?.isEmpty ?? true
      else { return false }
      state.take(forPayer: isPayer)
      return true
    }
    return isTaken ? CallPlace(self, isPayers: isPayer) : nil
  }

  /// Waits for a place. `nil` if none is given any more, or the task is cancelled.
  package func wait(forPayer isPayer: Bool) async -> CallPlace? {
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        state.withLock { state in
          state.waiting[isPayer, default: []].append(
            Waiter(number: number, continuation: continuation))
        }
        // Whoever is cancelled before that is not found by the handler.
        if Task.isCancelled { giveUp(number) }
        giveOut()
      }
    } onCancel: {
      giveUp(number)
    }
  }

  /// How many wait for a place.
  package var waitingCount: Int { state.withLock { $0.waiting.values.map(\.count).reduce(0, +) } }

  /// Gives no place any more, not even to those who wait.
  package func close() {
    state.withLock { $0.isClosed = true }
    giveOut()
  }

  fileprivate func giveBack(ofPayer isPayer: Bool) {
    state.withLock { state in
      state.taken -= 1
      if !isPayer { state.takenByOthers -= 1 }
    }
    giveOut()
  }

  private func giveOut() {
    let (served, turnedAway) = state.withLock { state -> ([(Waiter, isPayer: Bool)], [Waiter]) in
      guard !state.isClosed else {
        defer { state.waiting.removeAll() }
        return ([], state.waiting.values.flatMap { $0 })
      }
      var served: [(Waiter, isPayer: Bool)] = []
      while let next = state.next() { served.append(next) }
      return (served, [])
    }
    for (waiter, isPayer) in served {
      waiter.continuation.resume(returning: CallPlace(self, isPayers: isPayer))
    }
    for waiter in turnedAway { waiter.continuation.resume(returning: nil) }
  }

  private func giveUp(_ number: Int) {
    let waiter = state.withLock { state -> Waiter? in
      for kind in [true, false] {
        guard let index = state.waiting[kind]?.firstIndex(where: { $0.number == number })
        else { continue }
        return state.waiting[kind]?.remove(at: index)
      }
      return nil
    }
    waiter?.continuation.resume(returning: nil)
  }
}

/// A place among the calls under way; given back when nobody refers to it any more.
package final class CallPlace: Sendable {
  private let places: CallPlaces
  private let isPayers: Bool

  fileprivate init(_ places: CallPlaces, isPayers: Bool) {
    self.places = places
    self.isPayers = isPayers
  }

  deinit {
    places.giveBack(ofPayer: isPayers)
  }
}
