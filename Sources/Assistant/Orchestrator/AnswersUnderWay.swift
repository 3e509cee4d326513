import Synchronization

/// The answers that are being made, each of which whoever asked may stop.
package final class AnswersUnderWay: Sendable {
  private struct Answer {
    var person: Int64
    var chatID: Int64
    var isStopped = false
    var end: (@Sendable () -> Void)?
  }

  package enum Outcome: Sendable {
    case stopped
    /// Somebody else has asked for it.
    case isOthers
    case isNotUnderWay
  }

  private let answers = Mutex<[Int64: Answer]>([:])

  package init() {}

  /// - Parameter person: The Telegram user id of whoever asks.
  func begin(_ updateID: Int64, ofPerson person: Int64, inChat chatID: Int64) {
    answers.withLock { $0[updateID] = Answer(person: person, chatID: chatID) }
  }

  func end(_ updateID: Int64) {
    answers.withLock { $0[updateID] = nil }
  }

  func isStopped(_ updateID: Int64) -> Bool {
    answers.withLock { $0[updateID]?.isStopped ?? false }
  }

  /// What a stop ends from now on; at once, if it was stopped before.
  func onStop(of updateID: Int64, _ end: @escaping @Sendable () -> Void) {
    let isStopped = answers.withLock { answers in
      answers[updateID]?.end = end
      return answers[updateID]?.isStopped ?? false
    }
    if isStopped { end() }
  }

  /// Does that, until it is stopped: then the task is cancelled.
  func untilStopped<Value: Sendable>(
    _ updateID: Int64, _ body: @escaping @Sendable () async -> Value
  ) async -> Value {
    let task = Task { await body() }
    onStop(of: updateID) { task.cancel() }
    return await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
  }

  /// Stops the answer to that update. Twice is the same as once.
  package func stop(_ updateID: Int64, by person: Int64) -> Outcome {
    let (outcome, end) = answers.withLock { answers -> (Outcome, (@Sendable () -> Void)?) in
      guard let answer = answers[updateID] else { return (.isNotUnderWay, nil) }
      guard answer.person == person else { return (.isOthers, nil) }
      answers[updateID]?.isStopped = true
      return (.stopped, answer.end)
    }
    end?()
    return outcome
  }

  package func isWorking(for person: Int64) -> Bool {
    answers.withLock { answers in answers.contains { $1.person == person } }
  }

  /// Stops whatever is being made for the person. Returns whether there was anything.
  ///
  /// - Parameter chatID: Only there; `nil` for anywhere.
  package func stopAll(of person: Int64, inChat chatID: Int64?) -> Bool {
    let ids = answers.withLock { answers in
      answers.filter { $1.person == person && (chatID == nil || $1.chatID == chatID) }.map(\.key)
    }
    for id in ids { _ = stop(id, by: person) }
    return !ids.isEmpty
  }
}
