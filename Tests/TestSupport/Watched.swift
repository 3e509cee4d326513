import Dispatch
import Synchronization

/// A value that a test can wait on: shared by the threads of a loopback server and the test, and
/// each change wakes those who wait for something to become true.
package final class Watched<Value: Sendable>: Sendable {
  private struct Waiter: Sendable {
    var id: Int
    var condition: @Sendable (Value) -> Bool
    var wake: @Sendable (Value?) -> Void
  }

  private struct State: Sendable {
    var value: Value
    var waiters: [Waiter] = []
    var lastWaiter = 0
  }

  private let state: Mutex<State>

  package init(_ value: Value) {
    state = Mutex(State(value: value))
  }

  package var value: Value {
    state.withLock { $0.value }
  }

  @discardableResult
  package func change<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
    let (result, woken, value) = state.withLock { state -> (Result, [Waiter], Value?) in
      let result = body(&state.value)
      let woken = state.waiters.filter { $0.condition(state.value) }
      // A copy that outlives the lock makes the next change copy all of a large value.
      guard !woken.isEmpty else { return (result, [], nil) }
      state.waiters.removeAll { waiter in woken.contains { $0.id == waiter.id } }
      return (result, woken, state.value)
    }
    for waiter in woken { waiter.wake(value) }
    return result
  }

  /// Waits without holding a thread, for much longer than anything takes on a busy machine.
  ///
  /// - Throws: `WaitFailed`, which names `what`, after `limit`.
  @discardableResult
  package func wait(
    for what: String,
    within limit: Duration = .seconds(600),
    until condition: @escaping @Sendable (Value) -> Bool
  ) async throws -> Value {
    let value = await withCheckedContinuation { continuation in
      enlist(limit, condition) { continuation.resume(returning: $0) }
    }
    guard let value else { throw WaitFailed(what: what) }
    return value
  }

  /// Waits on the thread that calls it, for the threads of a loopback server: for longer than a
  /// slow test takes to release what it holds.
  package func block(
    within limit: Duration = .seconds(7_200), until condition: @escaping @Sendable (Value) -> Bool
  ) -> Bool {
    let done = DispatchSemaphore(value: 0)
    let met = Mutex(false)
    enlist(limit, condition) { value in
      met.withLock { $0 = value != nil }
      done.signal()
    }
    done.wait()
    return met.withLock { $0 }
  }

  private func enlist(
    _ limit: Duration,
    _ condition: @escaping @Sendable (Value) -> Bool,
    wake: @escaping @Sendable (Value?) -> Void
  ) {
    let already: (Value?, Int) = state.withLock { state in
      if condition(state.value) { return (state.value, 0) }
      state.lastWaiter += 1
      state.waiters.append(Waiter(id: state.lastWaiter, condition: condition, wake: wake))
      return (nil, state.lastWaiter)
    }
    if let value = already.0 { return wake(value) }
    let seconds = Double(limit.components.seconds) + Double(limit.components.attoseconds) / 1e18
    DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [weak self] in
      self?.giveUp(already.1)
    }
  }

  private func giveUp(_ id: Int) {
    let late = state.withLock { state in
      let late = state.waiters.filter { $0.id == id }
      state.waiters.removeAll { $0.id == id }
      return late
    }
    for waiter in late { waiter.wake(nil) }
  }
}

package struct WaitFailed: Error, CustomStringConvertible {
  package var what: String

  package init(what: String) { self.what = what }

  package var description: String { "waited in vain for \(what)" }
}

/// A stream that brings nothing ends with its task.
package func untilCancelled() async {
  let (nothing, source) = AsyncStream<Void>.makeStream()
  for await _ in nothing {}
  source.finish()
}
