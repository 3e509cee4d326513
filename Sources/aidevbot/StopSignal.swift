import Dispatch
import Glibc
import Synchronization

/// SIGTERM and SIGINT, as something to wait for. A second one ends the process at once, with status
/// 0: what is committed is safe, and the next start goes on with the rest.
final class StopSignal: Sendable {
  private let received = AsyncStream<Void>.makeStream()
  /// They deliver for as long as they live.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  init() {
    let received = received.continuation
    let count = Counter()
    sources = [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        guard count.next() == 1 else { _exit(0) }
        received.yield()
      }
      source.activate()
      return source
    }
  }

  /// Returns at the first signal, or when the task is cancelled.
  func wait() async {
    for await _ in received.stream { return }
  }

  private final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
      count.withLock { count in
        count += 1
        return count
      }
    }
  }
}

/// SIGHUP, as something to wait for. Without a reader it does nothing, which is not its usual way.
final class ReloadSignal: Sendable {
  let received: AsyncStream<Void>
  private nonisolated(unsafe) let source: any DispatchSourceSignal

  init() {
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    received = stream
    signal(SIGHUP, SIG_IGN)
    source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
    source.setEventHandler { continuation.yield() }
    source.activate()
  }
}
