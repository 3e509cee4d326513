import Synchronization

/// The calls of builds that are under way, or about to be, each of which its person may stop.
package final class StepsUnderWay: Sendable {
  private struct Step {
    var isStopped = false
    var end: (@Sendable () -> Void)?
  }

  private let steps = Mutex<[String: Step]>([:])

  package init() {}

  /// From now on it can be stopped.
  func begin(_ buildID: String) {
    steps.withLock { $0[buildID] = Step() }
  }

  func end(_ buildID: String) {
    steps.withLock { $0[buildID] = nil }
  }

  /// What a stop ends from now on; at once, if it was stopped before.
  func onStop(of buildID: String, _ end: @escaping @Sendable () -> Void) {
    let isStopped = steps.withLock { steps in
      steps[buildID]?.end = end
      return steps[buildID]?.isStopped ?? false
    }
    if isStopped { end() }
  }

  /// Ends the call, if there is one. What the model has written until then is charged for by the
  /// rule of stopped answers.
  func stop(_ buildID: String) {
    let step = steps.withLock { steps in
      steps[buildID]?.isStopped = true
      return steps[buildID]
    }
    step?.end?()
  }
}
