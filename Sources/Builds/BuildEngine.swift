import Logging
package import Messaging
import Synchronization

/// Drives the builds of one channel: each by a task of its own, so many at a time.
package actor BuildEngine {
  /// Each has a call or a command under way. The others wait for their turn.
  package static let defaultAtOnce = 8

  private let channel: Channel
  private let writer: LedgerWriter
  private let atOnce: Int
  /// Whoever takes the next step. A struct, as a lock around a bare closure wraps it once more each
  /// time that it is read.
  private struct Source {
    var driver: @Sendable () -> BuildDriver
  }

  private nonisolated let source = Mutex<Source?>(nil)
  private var underWay: [String: Task<Void, Never>] = [:]
  private var isStarted = false
  private var logger = Logger.current
  private var isDraining = false
  private var idleWaiters: [CheckedContinuation<Void, Never>] = []

  package init(
    channel: Channel, writer: LedgerWriter, atOnce: Int = BuildEngine.defaultAtOnce
  ) {
    self.channel = channel
    self.writer = writer
    self.atOnce = atOnce
  }

  /// - Parameter driver: Asked before each step; what is under way goes on as it began.
  package nonisolated func use(_ driver: @escaping @Sendable () -> BuildDriver) {
    source.withLock { $0 = Source(driver: driver) }
  }

  /// Goes on with what an earlier life of the process has left, and then with whatever comes.
  package func start() async {
    isStarted = true
    logger = Logger.current
    await endCallsLeft()
    await wake()
  }

  /// What was stopped or paused in the middle of a call does not go on, but its hold ends here.
  private func endCallsLeft() async {
    do {
      let ids = try await writer.read(for: "looking for calls of builds", endlessly: true) {
        [channel] tx in try tx.builds.holding(on: channel)
      }
      for id in ids { drive(id) }
    } catch {
      writer.complain(of: error, doing: "looking for calls of builds", wait: .zero)
    }
  }

  /// Goes on with whatever can go on: to be called whenever builds have changed.
  package func wake() async {
    guard isStarted, !isDraining, underWay.count < atOnce else { return }
    let ids: [String]
    do {
      ids = try await writer.read(for: "looking for builds", endlessly: true) {
        [channel, atOnce] tx in try tx.builds.runnable(on: channel, limit: 2 * atOnce)
      }
    } catch {
      return writer.complain(of: error, doing: "looking for builds", wait: .zero)
    }
    for id in ids where underWay.count < atOnce { drive(id) }
    announceIdle()
  }

  private func drive(_ id: String) {
    guard !isDraining, underWay[id] == nil else { return }
    underWay[id] = Task {
      await withLogger(logger) { _ in
        await withLogger(mergingMetadata: ["build": "\(id)"]) { _ in await goOn(id) }
      }
      underWay[id] = nil
      await wake()
      announceIdle()
    }
  }

  private func goOn(_ id: String) async {
    var isFirst = true
    while !isDraining, let source = source.withLock({ $0 }),
      await source.driver().step(of: id, isFirst: isFirst)
    {
      isFirst = false
    }
  }

  /// Begins no further step, and returns when those under way have ended.
  package func drain() async {
    isDraining = true
    await becomeIdle()
  }

  /// Cancels what is under way: it is done again at the next start.
  package func cancel() {
    isDraining = true
    for task in underWay.values { task.cancel() }
  }

  /// Starts, and returns when all that is left waits for its person.
  package func finish() async {
    await start()
    await becomeIdle()
  }

  /// Returns when nothing is under way.
  package func becomeIdle() async {
    guard !underWay.isEmpty else { return }
    await withCheckedContinuation { idleWaiters.append($0) }
  }

  private func announceIdle() {
    guard underWay.isEmpty else { return }
    for waiter in idleWaiters { waiter.resume() }
    idleWaiters.removeAll()
  }
}
