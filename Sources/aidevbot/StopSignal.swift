import Glibc
import Synchronization

/// SIGTERM and SIGINT, as something to wait for. A second one ends the process at once, with status
/// 0: what is committed is safe, and the next start goes on with the rest.
struct StopSignal {
  private let received = AsyncStream<Void>.makeStream()

  init() {
    let received = received.continuation
    let hasCome = Atomic(false)
    Signals.handle([SIGTERM, SIGINT]) { _ in
      guard !hasCome.exchange(true, ordering: .relaxed) else { _exit(0) }
      received.yield()
    }
  }

  /// Returns at the first signal, or when the task is cancelled.
  func wait() async {
    for await _ in received.stream { return }
  }
}

/// SIGHUP, as something to wait for. Without a reader it does nothing, which is not its usual way.
struct ReloadSignal {
  let received: AsyncStream<Void>

  init() {
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    received = stream
    Signals.handle([SIGHUP]) { _ in continuation.yield() }
  }
}
