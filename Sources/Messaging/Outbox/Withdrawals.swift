import Synchronization

/// How often messages that waited to be sent were taken out of the outbox. Whoever knows one in
/// memory looks for its row again only if any was withdrawn since it was read.
final class Withdrawals: Sendable {
  private let number = Atomic(0)

  var count: Int { number.load(ordering: .sequentiallyConsistent) }

  func note() {
    number.add(1, ordering: .sequentiallyConsistent)
  }
}
