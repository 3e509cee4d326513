package import Metering
import Synchronization

/// What comes of an answer, one after the other.
package indirect enum AnswerPiece: Sendable {
  /// The provider's id of the request, at most once for each id; OpenRouter's comes before the
  /// text. Nothing more is read of the answer until the next piece is asked for.
  case requestID(String)
  /// Goes on with the text. Nobody has waited for the reader, so it may be long.
  case text(String)
  /// What the provider says that it has come to so far; more may follow.
  case usage(TokenUsage)
  /// The end: its text is that of all pieces together.
  case whole(Answer)
}

/// An answer, piece by piece, for one reader: the model is asked once somebody reads.
///
/// A reader whose task is cancelled gets the error that its answer was cancelled, as where the
/// process stops; `stop()` is for a person who has read enough.
package struct AnswerStream: AsyncSequence, Sendable {
  package typealias Failure = LanguageModelError
  typealias Ask = @Sendable (AnswerFeed) async throws(LanguageModelError) -> Answer

  private let feed = AnswerFeed()
  private let ask: Ask

  /// - Parameter ask: Asks the model, and feeds what comes.
  init(_ ask: @escaping Ask) {
    self.ask = ask
  }

  /// Ends the call. If something visible was shown, it becomes an answer whose ending is `stopped`;
  /// else the sequence throws `stopped`. If the answer is at its end already, nothing happens.
  package func stop() {
    feed.stop()
  }

  package func makeAsyncIterator() -> AsyncIterator {
    let (feed, ask) = (feed, ask)
    let task = Task {
      do throws(LanguageModelError) {
        feed.end(.success(try await ask(feed)))
      } catch {
        feed.fail(error)
      }
    }
    feed.start(task)
    return AsyncIterator(Reader(feed))
  }

  package struct AsyncIterator: AsyncIteratorProtocol {
    private let reader: Reader

    fileprivate init(_ reader: Reader) {
      self.reader = reader
    }

    package mutating func next() async throws(LanguageModelError) -> AnswerPiece? {
      try await next(isolation: nil)
    }

    package mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(LanguageModelError) -> AnswerPiece? {
      try await reader.feed.next()
    }
  }

  /// Whoever reads no more ends the call.
  fileprivate final class Reader: Sendable {
    let feed: AnswerFeed

    init(_ feed: AnswerFeed) {
      self.feed = feed
    }

    deinit {
      feed.abandon()
    }
  }
}

/// Between the call and its reader. The call waits for the reader with ids alone; text that is not
/// read becomes one piece.
final class AnswerFeed: Sendable {
  private struct State {
    var task: Task<Void, Never>?
    /// In order. Two texts never follow each other.
    var waiting: [AnswerPiece] = []
    var result: Result<Answer, LanguageModelError>?
    var toldBytes = 0
    var isStopped = false
    var isCancelled = false
    var isAbandoned = false
    /// Whether the reader has an id, and has not come back for more.
    var isDealingWithID = false
    var reader: CheckedContinuation<Void, Never>?
    var teller: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  /// Whether a person wants no more of it.
  var isStopped: Bool { state.withLock { $0.isStopped } }
  /// Whether some text was told, so that no other may take its place.
  var hasToldText: Bool { state.withLock { $0.toldBytes > 0 } }

  // MARK: For the call

  /// Returns once the reader has dealt with it.
  func tell(requestID: String) async {
    await withCheckedContinuation { continuation in
      let reader = state.withLock { state -> CheckedContinuation<Void, Never>?? in
        guard !state.isAbandoned else { return nil }
        state.waiting.append(.requestID(requestID))
        state.teller = continuation
        return .some(state.reader.take())
      }
      guard let reader else { return continuation.resume() }
      reader?.resume()
    }
  }

  /// - Parameter text: Goes on with what was told before, and is not taken back.
  func tell(text: String) {
    guard !text.isEmpty else { return }
    tell { state in
      state.toldBytes += text.utf8.count
      if case .text(let earlier)? = state.waiting.last {
        state.waiting[state.waiting.count - 1] = .text(earlier + text)
      } else {
        state.waiting.append(.text(text))
      }
    }
  }

  func tell(usage: TokenUsage) {
    tell { state in
      if case .usage? = state.waiting.last { state.waiting.removeLast() }
      state.waiting.append(.usage(usage))
    }
  }

  fileprivate func end(_ result: Result<Answer, LanguageModelError>) {
    if case .success(let answer) = result {
      // What came in one piece, or lay half in one and half in another.
      tell(text: String(Substring(answer.text.utf8.dropFirst(state.withLock { $0.toldBytes }))))
    }
    tell { $0.result = result }
  }

  /// Has a frame of its own, as that of its caller is kept for as long as the call is under way.
  @inline(never)
  fileprivate func fail(_ error: LanguageModelError) {
    var failure = error
    if error.reason == .cancelled, isStopped { failure.reason = .stopped }
    end(.failure(failure))
  }

  private func tell(_ change: (inout State) -> Void) {
    state.withLock { state -> CheckedContinuation<Void, Never>? in
      change(&state)
      return state.reader.take()
    }?.resume()
  }

  // MARK: For the reader

  fileprivate func start(_ task: Task<Void, Never>) {
    let isOver = state.withLock { state in
      state.task = task
      return state.isStopped
    }
    if isOver { task.cancel() }
  }

  fileprivate func stop() {
    state.withLock { state -> Task<Void, Never>? in
      // Where the process stops, that is what ends the call.
      guard !state.isCancelled, state.result == nil else { return nil }
      state.isStopped = true
      return state.task
    }?.cancel()
  }

  fileprivate func next() async throws(LanguageModelError) -> AnswerPiece? {
    state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard state.isDealingWithID else { return nil }
      state.isDealingWithID = false
      return state.teller.take()
    }?.resume()
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          let isReady = !state.waiting.isEmpty || state.result != nil
          if !isReady { state.reader = continuation }
          return isReady
        }
        if isReady { continuation.resume() }
      }
    } onCancel: {
      cancel()
    }
    let (piece, failure) = state.withLock { state -> (AnswerPiece?, LanguageModelError?) in
      guard state.waiting.isEmpty else {
        let piece = state.waiting.removeFirst()
        if case .requestID = piece { state.isDealingWithID = true }
        return (piece, nil)
      }
      defer { state.result = state.result.map { _ in .failure(LanguageModelError(.cancelled)) } }
      return switch state.result {
      case .success(let answer): (.whole(answer), nil)
      case .failure(let failure): (nil, failure)
      case nil: (nil, nil)
      }
    }
    if let failure { throw failure }
    return piece
  }

  private func cancel() {
    state.withLock { state -> Task<Void, Never>? in
      if !state.isStopped { state.isCancelled = true }
      return state.task
    }?.cancel()
  }

  fileprivate func abandon() {
    let (task, teller) = state.withLock { state in
      state.isAbandoned = true
      return (state.task, state.teller.take())
    }
    task?.cancel()
    teller?.resume()
  }
}
