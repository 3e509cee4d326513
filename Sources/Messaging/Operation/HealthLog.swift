package import Foundation
import Ledger
import Logging
package import Replication

/// Writes one line now and then that says how the bot is doing, and one at its end.
package struct HealthLog: PeriodicService {
  package static let pause = Duration.seconds(300)

  let health: Health
  let writer: LedgerWriter
  let replica: Replica?
  let more: @Sendable () -> [String: String]
  private var hasBegun = false

  /// - Parameter figures: What is known elsewhere, by name.
  package init(
    health: Health, writer: LedgerWriter, replica: Replica? = nil,
    figures: @escaping @Sendable () -> [String: String] = { [:] }
  ) {
    self.health = health
    self.writer = writer
    self.replica = replica
    more = figures
  }

  /// Not at the start: by then there is nothing to say.
  package mutating func round() async -> Duration {
    if hasBegun { write() }
    hasBegun = true
    return Self.pause
  }

  package func write(at now: Date = Date()) {
    let counters = health.counters
    var figures: Logger.Metadata = [
      "last_poll": "\(age(of: counters.lastPollAt, at: now))",
      "conflicts_409": "\(counters.conflicts)",
      "too_many_requests_429": "\(counters.tooManyRequests)",
      "failed_calls": "\(counters.failedCalls)",
      "newest_backup": "\(age(of: writer.database.newestBackupAt, at: now))",
      "up": "\(age(of: counters.startedAt, at: now))",
    ]
    if let replica {
      let outage = replica.outage
      figures["replica"] = outage.map { "\($0.reason)" } ?? "has everything"
      figures["replica_away"] = outage.map {
        "\($0.begunAt.duration(to: .now).components.seconds)s"
      }
    }
    for (name, value) in more() { figures[name] = "\(value)" }
    do {
      let load = try writer.read { try Health.load(in: $0) }
      figures["unanswered"] = "\(load.unansweredUpdates)"
      figures["oldest_unanswered"] = "\(age(of: load.oldestUnansweredAt, at: now))"
      figures["queued_replies"] = "\(load.queuedReplies)"
      figures["credits_today"] = "\(load.turnoverToday)"
    } catch {
      figures["database"] = "\(error)"
    }
    Logger.current.info("Health.", metadata: figures)
  }

  /// `12s`, or a hyphen if there is none.
  private func age(of date: Date?, at now: Date) -> String {
    date.map { "\(Int(max(0, now.timeIntervalSince($0))))s" } ?? "-"
  }
}
