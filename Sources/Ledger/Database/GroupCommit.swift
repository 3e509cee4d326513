import Dispatch
import Synchronization

/// Commits writes that come together in one transaction, so that they share one wait for the disk.
/// If one of them fails, all are rolled back and run again, each in a transaction of its own, so
/// that it takes back nothing but itself. (A savepoint for each would copy every page it touches.)
///
/// A write is not a part of the task that asks for it: once asked for it happens, whether or not
/// that task is cancelled. GRDB's own async write would throw instead, and drop a charge.
package final class GroupCommit: Sendable {
  private struct State {
    var waiting: [any GroupedWrite] = []
    var isRunning = false
  }

  /// How many writes share a transaction; with more, the first would wait for too long.
  private static let maximumTogether = 128

  private let database: LedgerDatabase
  private let queue = DispatchQueue(label: "aidevbot.commits")
  private let state = Mutex(State())

  package init(_ database: LedgerDatabase) {
    self.database = database
  }

  /// Returns once what `body` wrote is committed. `body` may be run more than once, and its writes
  /// remain from the last time alone.
  ///
  /// - Throws: What `body` throws, and then nothing of what it wrote remains; errors of the
  ///   database.
  package func write<Value: Sendable>(
    _ body: @escaping @Sendable (LedgerTransaction) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let write = PendingWrite(body: body, continuation: continuation)
      let isFirst = state.withLock { state in
        state.waiting.append(write)
        defer { state.isRunning = true }
        return !state.isRunning
      }
      if isFirst { queue.async { self.commitWaiting() } }
    }
  }

  private func commitWaiting() {
    while let writes = takeWaiting() {
      if writes.count > 1, (try? commit(writes)) != nil { continue }
      // Alone, each reports its own failure, or that of its transaction.
      for write in writes {
        do { try commit([write]) } catch { write.fail(error) }
      }
    }
  }

  private func commit(_ writes: [any GroupedWrite]) throws {
    try database.write { tx in for write in writes { try write.run(in: tx) } }
    for write in writes { write.succeed() }
  }

  private func takeWaiting() -> [any GroupedWrite]? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.isRunning = false
        return nil
      }
      let taken = Array(state.waiting.prefix(Self.maximumTogether))
      state.waiting.removeFirst(taken.count)
      return taken
    }
  }
}

private protocol GroupedWrite: Sendable {
  /// May be called again after the transaction was rolled back.
  func run(in tx: LedgerTransaction) throws
  func succeed()
  func fail(_ error: any Error)
}

private final class PendingWrite<Value: Sendable>: GroupedWrite {
  private let body: @Sendable (LedgerTransaction) throws -> Value
  private let continuation: CheckedContinuation<Value, any Error>
  private let value = Mutex<Value?>(nil)

  init(
    body: @escaping @Sendable (LedgerTransaction) throws -> Value,
    continuation: CheckedContinuation<Value, any Error>
  ) {
    self.body = body
    self.continuation = continuation
  }

  func run(in tx: LedgerTransaction) throws {
    let new = try body(tx)
    value.withLock { $0 = new }
  }

  func succeed() {
    guard let value = value.withLock({ $0 }) else {
      preconditionFailure("a write that was committed without having run")
    }
    continuation.resume(returning: value)
  }

  func fail(_ error: any Error) {
    continuation.resume(throwing: error)
  }
}
