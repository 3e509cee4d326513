import Glibc

/// Where the lines of a conversation at the console come from.
protocol ConsoleInput: Sendable {
  /// The next lines, all that are there at once; `nil` at the end.
  func nextLines() async -> [String]?
  /// Keeps what was said for the arrow keys, if there are any.
  func remember(_ message: String) async
  /// Forgets all that was said.
  func forget() async
}

/// The messages that lines are, for as long as there are any.
struct ConsoleMessages: AsyncSequence {
  let input: any ConsoleInput
  /// Sorts lines that are there at once into messages.
  let messages: @Sendable ([String]) -> [String]

  struct AsyncIterator: AsyncIteratorProtocol {
    let input: any ConsoleInput
    let messages: @Sendable ([String]) -> [String]
    private var waiting: [String] = []

    init(_ sequence: ConsoleMessages) {
      input = sequence.input
      messages = sequence.messages
    }

    mutating func next() async -> String? {
      await next(isolation: nil)
    }

    mutating func next(isolation actor: isolated (any Actor)?) async -> String? {
      // A line that was refused leaves none.
      while waiting.isEmpty {
        guard let lines = await input.nextLines() else { return nil }
        waiting = messages(lines)
      }
      let message = waiting.removeFirst()
      await input.remember(message)
      return message
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}

/// How long after a line another one may begin that is there at once with it: those of a paste come
/// one right after the other, and through a network in packets.
let pauseWithinAPaste: Int32 = 50  // Milliseconds.

/// Whether the file has something to read, or is at its end.
///
/// - Parameter wait: In milliseconds.
func hasInput(_ file: Int32, within wait: Int32) -> Bool {
  var watched = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
  return poll(&watched, 1, wait) > 0
}
