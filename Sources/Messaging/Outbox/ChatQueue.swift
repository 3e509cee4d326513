import DequeModule

/// What waits to be sent to one chat, in order.
struct ChatQueue {
  /// Telegram tolerates short bursts in a chat (Bot API FAQ, "My bot is hitting limits").
  private static let burst = 3
  /// How many are known; one chat that floods us leaves places for others.
  static let maximumKnown = 256
  /// How many of those are known with their content; one chat that floods us fills no memory, and
  /// holds up no other chat.
  private static let maximumWithContent = 16

  var waiting: Deque<Outbox.Queued> = []
  /// Whether more replies are left in the file, as too many wait already.
  var leavesMore = false
  /// The chat's id in the file, if the group has become a supergroup.
  var newID: Int64?
  var isBusy = false
  /// Whether nothing is sent now, since a rate or Telegram asks for patience.
  var isResting = false
  /// Whether what waits is left to the next start of the process.
  var isLeft = false
  var rate: SendRate
  var blockedUntil: ContinuousClock.Instant?
  /// Telegram has asked for patience with what is no reply.
  var noHintsUntil: ContinuousClock.Instant?

  init(_ rates: OutboxDelivery.Rates) {
    rate = Self.rate(rates)
  }

  /// Whether something of it is on its way to Telegram.
  var isAtWork: Bool { isBusy && !isResting && !isLeft }

  var isFull: Bool { leavesMore || waiting.count >= Self.maximumKnown }

  /// Whether nothing would be lost if it were forgotten.
  func isForgettable(at now: ContinuousClock.Instant) -> Bool {
    let waits = [blockedUntil, noHintsUntil].compactMap { $0 }
    return !isBusy && newID == nil && rate.isFresh(at: now) && waits.allSatisfy { $0 <= now }
  }

  mutating func keep(_ reply: Outbox.Queued) {
    var known = reply
    if waiting.count >= Self.maximumWithContent { known.content = nil }
    waiting.append(known)
  }

  mutating func change(to rates: OutboxDelivery.Rates) {
    rate = Self.rate(rates)
  }

  private static func rate(_ rates: OutboxDelivery.Rates) -> SendRate {
    SendRate(perSecond: rates.perChatPerSecond, burst: burst)
  }
}
