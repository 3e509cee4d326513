import Foundation
import Glibc

/// Tells a thread that waits for descriptors that nobody wants the result any more.
final class Interruption: Sendable {
  /// Can be read from once it is told.
  let descriptor: Int32
  private let end: Int32

  init() throws(WorkshopError) {
    (descriptor, end) = try Descriptors.pipe()
  }

  func interrupt() {
    var byte: UInt8 = 1
    _ = write(end, &byte, 1)
  }

  deinit {
    close(descriptor)
    close(end)
  }
}

/// Runs `body`, which blocks, on a thread of its own, and interrupts it where the task is
/// cancelled.
///
/// What it starts dies with this thread, so it is no thread of a pool.
func onOwnThread<Value: Sendable>(
  _ body: @escaping @Sendable (Interruption) throws(WorkshopError) -> Value
) async throws(WorkshopError) -> Value {
  let interruption = try Interruption()
  let result: Result<Value, WorkshopError> = await withTaskCancellationHandler {
    await withCheckedContinuation { continuation in
      let thread = Thread {
        let result: Result<Value, WorkshopError>
        do throws(WorkshopError) {
          result = .success(try body(interruption))
        } catch {
          result = .failure(error)
        }
        continuation.resume(returning: result)
      }
      thread.name = "workshop"
      thread.start()
    }
  } onCancel: {
    interruption.interrupt()
  }
  return try result.get()
}
