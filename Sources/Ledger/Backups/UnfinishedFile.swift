import Synchronization

/// A file that is being made, of which nothing is to stay where whoever makes it is told to end.
package final class UnfinishedFile: Sendable {
  private enum State {
    case notBegun
    case begun(path: String)
    case finished
  }

  private let state = Mutex(State.notBegun)

  package init() {}

  /// From here on it is removed by `abandon`, with what SQLite keeps beside it.
  func begin(_ path: String) {
    state.withLock { $0 = .begun(path: path) }
  }

  /// Gives it its name. From then on there is nothing to abandon.
  func finish(_ body: () throws -> Void) rethrows {
    try state.withLock { state in
      try body()
      state = .finished
    }
  }

  /// Removes it unless it is finished. Where it is being abandoned, that goes first.
  func end() {
    state.withLock { state in
      if case .begun(let path) = state { DatabaseFiles.remove(path) }
      state = .finished
    }
  }

  /// Removes what there is of it, and runs `end` before it could be finished; does nothing where it
  /// is.
  ///
  /// - Parameter end: Ends the process, for one.
  package func abandon(_ end: () -> Void) {
    state.withLock { state in
      if case .finished = state { return }
      if case .begun(let path) = state { DatabaseFiles.remove(path) }
      state = .notBegun
      end()
    }
  }
}
