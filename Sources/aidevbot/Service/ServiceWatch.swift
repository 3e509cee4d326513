import Foundation
import GRDB
import Ledger
import Messaging
import Replication
import Synchronization
import TelegramBotAPI

/// Tells systemd how the bot is doing: that it is ready, once it polls; what `systemctl status`
/// shows; and that it is alive, only while polls complete and the database answers. Where what is
/// promised waits for a replica that is away, so do polls, and a restart would mend nothing.
final class ServiceWatch: Sendable {
  /// How old the last completed poll may be. The longest poll is only a part of that: the poller
  /// waits out a second one for ten minutes, and Telegram's bad spells as well, of which a restart
  /// would mend nothing. What hangs for longer than that does so here.
  static let patience: TimeInterval = 12 * 60
  /// How often the status is told.
  private static let defaultInterval = Duration.seconds(30)
  /// How much longer a start may take from each report on, while the replica is away.
  private static let startExtension = Duration.seconds(120)

  private let notifier: ServiceNotifier
  private let version: String
  let health: Health
  private let load: @Sendable (Date) throws -> Health.Load
  private let replica: Replica?
  private let isReady = Mutex(false)
  /// When the replica was last known to be away.
  private let awayAt = Mutex<Date?>(nil)

  /// - Parameters:
  ///   - version: Of the bot; it begins each status.
  ///   - load: Reads the database.
  init(
    notifier: ServiceNotifier, health: Health, version: String = Version.current.name,
    replica: Replica? = nil,
    load: @escaping @Sendable (Date) throws -> Health.Load
  ) {
    self.notifier = notifier
    self.version = version
    self.health = health
    self.replica = replica
    self.load = load
  }

  /// For the poller: the first poll that goes out makes the bot ready.
  var events: Poller.Events {
    Poller.Events(pollSent: {
      // `health` is told before us, so this is the first poll as long as none has completed.
      if self.health.counters.lastPollAt == nil { self.sendReport() }
    })
  }

  /// One report at a time, so that the first that knows of a poll says that the bot is ready.
  private func sendReport() {
    isReady.withLock { isReady in
      let isFirst = !isReady && health.counters.firstPollAt != nil
      isReady = isReady || isFirst
      notifier.send((isFirst ? ["READY=1"] : []) + report(at: Date()))
    }
  }

  /// Says that the bot is about to end.
  func stopping() {
    notifier.send(["STOPPING=1", status("finishing what is under way.")])
  }

  /// Says that the settings are being read again, or have been (sd_notify(3), RELOADING=1).
  func reloading(_ isUnderWay: Bool) {
    guard isUnderWay else {
      notifier.send(["READY=1"])
      return
    }
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    let microseconds = time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
    notifier.send(["RELOADING=1", "MONOTONIC_USEC=\(microseconds)"])
  }

  /// Runs `body`, and tells systemd how it is doing meanwhile.
  func accompany(_ body: () async throws -> Void) async throws {
    let telling = Task { await tell() }
    do {
      try await body()
    } catch {
      await end(telling)
      throw error
    }
    await end(telling)
  }

  /// The database is closed next, so nobody may be about to read it.
  private func end(_ telling: Task<Void, Never>) async {
    telling.cancel()
    await telling.value
  }

  private func tell() async {
    guard notifier.isListenedTo else { return }
    // Half of it leaves time for one that is late.
    let interval = min(
      notifier.watchdog.map { $0 / 2 } ?? Self.defaultInterval, Self.defaultInterval)
    while !Task.isCancelled {
      sendReport()
      try? await Task.sleep(for: interval)
    }
  }

  /// What systemd is told at a moment.
  func report(at now: Date) -> [String] {
    let counters = health.counters
    if let outage = replica?.outage {
      awayAt.withLock { $0 = now }
      return report(of: outage, isReady: counters.firstPollAt != nil)
    }
    guard let firstPollAt = counters.firstPollAt else {
      return [status("waiting for Telegram to answer.")]
    }
    let load: Health.Load
    do {
      load = try self.load(now)
    } catch {
      let reason = (error as? DatabaseError).map { "\(DatabaseFailure($0))" } ?? "\(error)"
      return [status("the database does not answer: \(reason)")]
    }
    // The poll that waited for the replica is a long one, too.
    let since = max(counters.lastPollAt ?? firstPollAt, awayAt.withLock { $0 } ?? .distantPast)
    let silence = now.timeIntervalSince(since)
    func age(of date: Date) -> String { Self.text(now.timeIntervalSince(date)) }
    let text = """
      up \(age(of: counters.startedAt)); last poll \
      \(counters.lastPollAt.map { "\(age(of: $0)) ago" } ?? "not yet answered"); waiting: \
      \(load.unansweredUpdates) updates, \(load.queuedReplies) replies; charged today: \
      \(load.turnoverToday.text) credits.
      """
    return [status(text)] + (silence < Self.patience ? ["WATCHDOG=1"] : [])
  }

  private func report(of outage: Replica.Outage, isReady: Bool) -> [String] {
    let age = Double(outage.begunAt.duration(to: .now).components.seconds)
    let text = "nothing has been promised for \(Self.text(age)): \(outage.reason)"
    let microseconds = Self.startExtension / .microseconds(1)
    return [status(text), "WATCHDOG=1"]
      + (isReady ? [] : ["EXTEND_TIMEOUT_USEC=\(Int(microseconds))"])
  }

  private static func text(_ interval: TimeInterval) -> String {
    let seconds = Int(max(interval, 0))
    return switch seconds {
    case ..<120: "\(seconds) s"
    case ..<7_200: "\(seconds / 60) min"
    case ..<172_800: "\(seconds / 3_600) h"
    default: "\(seconds / 86_400) days"
    }
  }

  /// An assignment ends with its line.
  private func status(_ text: String) -> String {
    "STATUS=\(version): " + text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
