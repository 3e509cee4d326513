/// How a command ended and what it printed: the words of a program that nobody has checked.
package struct WorkshopResult: Sendable, Equatable {
  package enum Ending: Sendable, Equatable {
    case exited(Int32)
    /// By this signal. 9 without the time being up is the end of what used up the memory; 25 that
    /// of what wrote too large a file, or too much output. (A shell's status above 128 says the
    /// same.)
    case signalled(Int32)
    case timedOut
  }

  package var ending: Ending
  /// Standard output and error as they came, without control characters but line feeds and tabs; of
  /// a long one the beginning and the end, with a line "…" between. At most `maximumOutputBytes`.
  package var output: String
  package var milliseconds: Int

  package init(ending: Ending, output: String, milliseconds: Int) {
    self.ending = ending
    self.output = output
    self.milliseconds = milliseconds
  }

  package var passed: Bool { ending == .exited(0) }

  /// In UTF-8. Repairing invalid bytes makes them longer, up to threefold.
  package static let maximumOutputBytes = 3 * (2 * BoundedOutput.keptBytes) + 16
}
