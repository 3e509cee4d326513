import Dispatch
import Glibc

/// SIGTERM and SIGINT, as something to wait for.
final class StopSignal: Sendable {
  private let received = AsyncStream<Void>.makeStream()
  /// They deliver for as long as they live.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  init() {
    let received = received.continuation
    sources = [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { received.yield() }
      source.activate()
      return source
    }
  }

  /// Returns at the first signal, or when the task is cancelled.
  func wait() async {
    for await _ in received.stream { return }
  }
}
