/// How long to wait before another attempt: twice as long after each failure, up to a bound.
package struct Backoff: Sendable {
  package var first = Duration.seconds(1)
  package var longest = Duration.seconds(30)

  package init() {}

  /// - Parameters:
  ///   - failures: In a row; at least 1.
  ///   - jitter: 0 to 1. It places the wait between half of the step and all of it, so that those
  ///     who failed together do not come back together.
  package func delay(afterFailures failures: Int, jitter: Double) -> Duration {
    // Doubling twenty times passes any bound worth setting.
    let step = min(first * (1 << min(max(failures - 1, 0), 20)), longest)
    return step * (0.5 + jitter / 2)
  }
}
