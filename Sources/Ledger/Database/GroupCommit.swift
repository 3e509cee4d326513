import Dispatch
package import GRDB
import Synchronization

/// Commits writes that come together in one transaction, so that they share one wait for the disk.
/// Each has a savepoint of its own: one that fails takes back nothing but itself.
///
/// A write is not a part of the task that asks for it: once asked for it happens, whether or not
/// that task is cancelled. GRDB's own async write would throw instead, and drop a charge.
package final class GroupCommit: Sendable {
  private struct State {
    var waiting: [any GroupedWrite] = []
    var isRunning = false
  }

  /// How many writes share a transaction; with more, the first would wait for too long.
  private static let mostTogether = 128

  private let database: LedgerDatabase
  private let queue = DispatchQueue(label: "aidevbot.commits")
  private let state = Mutex(State())

  package init(_ database: LedgerDatabase) {
    self.database = database
  }

  /// Returns once what `body` wrote is committed.
  ///
  /// - Throws: What `body` throws, and then nothing of what it wrote remains; errors of the database.
  package func write<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
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
      var failure: (any Error)?
      do {
        try database.write { db in
          for write in writes { try write.run(in: db, isAlone: writes.count == 1) }
        }
      } catch {
        failure = error
      }
      for write in writes { write.end(transactionFailure: failure) }
    }
  }

  private func takeWaiting() -> [any GroupedWrite]? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.isRunning = false
        return nil
      }
      let taken = Array(state.waiting.prefix(Self.mostTogether))
      state.waiting.removeFirst(taken.count)
      return taken
    }
  }
}

private protocol GroupedWrite: Sendable {
  /// - Throws: Only where the whole transaction is lost.
  func run(in db: Database, isAlone: Bool) throws
  func end(transactionFailure: (any Error)?)
}

private final class PendingWrite<Value: Sendable>: GroupedWrite {
  private let body: @Sendable (Database) throws -> Value
  private let continuation: CheckedContinuation<Value, any Error>
  private let outcome = Mutex<Result<Value, any Error>?>(nil)

  init(
    body: @escaping @Sendable (Database) throws -> Value,
    continuation: CheckedContinuation<Value, any Error>
  ) {
    self.body = body
    self.continuation = continuation
  }

  func run(in db: Database, isAlone: Bool) throws {
    do {
      if isAlone {
        let value = try body(db)
        outcome.withLock { $0 = .success(value) }
      } else {
        try db.run("SAVEPOINT one_of_a_group")
        let value = try body(db)
        outcome.withLock { $0 = .success(value) }
        try db.run("RELEASE one_of_a_group")
      }
    } catch {
      outcome.withLock { $0 = .failure(error) }
      // Alone, the transaction is its savepoint. A full or failing disk makes SQLite roll back the
      // whole transaction by itself: then the others must not go on as if they were in one.
      if isAlone || !db.isInsideTransaction { throw error }
      try db.run("ROLLBACK TO one_of_a_group")
      try db.run("RELEASE one_of_a_group")
    }
  }

  func end(transactionFailure: (any Error)?) {
    switch (outcome.withLock { $0 }, transactionFailure) {
    case (.failure(let error)?, _), (_, let error?): continuation.resume(throwing: error)
    case (.success(let value)?, nil): continuation.resume(returning: value)
    case (nil, nil): preconditionFailure("a write that was neither run nor failed")
    }
  }
}
