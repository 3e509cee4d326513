/// Looks into the outbox every minute: the command line queues replies, too, and has no other way
/// to say so.
package struct OutboxLook: PeriodicService {
  private let delivery: OutboxDelivery

  package init(_ delivery: OutboxDelivery) {
    self.delivery = delivery
  }

  package func round() async -> Duration {
    await delivery.load()
    return .seconds(60)
  }
}
