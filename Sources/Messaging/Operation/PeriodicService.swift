/// What is done every so often, beside the answers to people.
package protocol PeriodicService: Sendable {
  /// Does what is due, and returns after how long something is due again. What fails is logged: it
  /// ends neither this service nor another.
  mutating func round() async -> Duration
}

extension PeriodicService {
  /// Goes round until the task is cancelled.
  ///
  /// - Parameter sleep: Ends early when the task is cancelled.
  package func run(sleep: @Sendable (Duration) async -> Void) async {
    var service = self
    while !Task.isCancelled {
      let pause = await service.round()
      await sleep(pause)
    }
  }
}
