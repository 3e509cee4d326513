import Foundation
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

@Suite("Health")
struct HealthTests {
  @Test func countsPollsAndWhatTelegramRefuses() {
    let health = Health(startedAt: Date(timeIntervalSince1970: 0))
    let others = Watched(0)
    let events = health.pollerEvents(also: Poller.Events(pollSent: { others.change { $0 += 1 } }))
    #expect(health.counters == Health.Counters(startedAt: Date(timeIntervalSince1970: 0)))
    events.pollSent()
    let first = health.counters.firstPollAt
    #expect(first != nil && health.counters.lastPollAt == nil)
    events.pollCompleted()
    events.pollSent()
    #expect(health.counters.firstPollAt == first && health.counters.lastPollAt != nil)
    for error in [
      TelegramError.conflict(webhook: false), .tooManyRequests(retryAfter: .seconds(1)),
      .tooManyRequests(retryAfter: .seconds(1)), .unauthorized,
    ] {
      events.failed(error)
    }
    #expect(health.counters.conflicts == 1 && health.counters.tooManyRequests == 2)
    #expect(others.value == 2)
  }

  @Test func readsWhatWaitsAndWhatTheDayBrought() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    try await rig.say("How do I sort?")
    let load = try rig.database.read { try Health.load(in: $0) }
    #expect(load.unansweredUpdates == 0 && load.oldestUnansweredAt == nil)
    #expect(load.queuedReplies == 2)
    #expect(load.turnoverToday.micro == 232_500)
    _ = try rig.work()
    let later = try rig.database.read {
      try Health.load(in: $0.at(Date().addingTimeInterval(24 * 3_600)))
    }
    #expect(later.unansweredUpdates == 1 && later.oldestUnansweredAt != nil)
    #expect(later.turnoverToday == .zero)
  }
}
