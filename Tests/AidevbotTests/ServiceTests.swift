@testable import aidevbot
import Foundation
import Glibc
import Ledger
@testable import Messaging
import TelegramBotAPI
import Replication
import Testing
import TestSupport

/// What systemd is told.
@Suite("Service")
struct ServiceTests {
  // MARK: The protocol

  @Test(arguments: [false, true])
  func aMessageArrivesWhole(isAbstract: Bool) async throws {
    let name = "aidevbot-notify-\(UUID().uuidString)"
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
    let socket = try NotifySocket(isAbstract ? "@\(name)" : path)
    defer {
      socket.close()
      unlink(path)
    }
    let notifier = ServiceNotifier(
      environment: ["NOTIFY_SOCKET": isAbstract ? "@\(name)" : path])
    #expect(notifier.isListenedTo)
    #expect(notifier.send(["READY=1", "STATUS=Grüße"]))
    try await socket.received.wait(for: "the message") { $0 == ["READY=1", "STATUS=Grüße"] }
  }

  @Test(arguments: ["", "vsock:2:1234", "relative/path", "/" + String(repeating: "p", count: 200)])
  func nothingIsSentWhereNobodyListens(socket: String) {
    let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": socket])
    #expect(!notifier.isListenedTo)
    #expect(!notifier.send(["READY=1"]))
    #expect(!ServiceNotifier(environment: [:]).isListenedTo)
  }

  @Test func aListenerThatIsGoneDoesNoHarm() {
    let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": "/proc/none/notify"])
    #expect(!notifier.send(["READY=1"]))
  }

  @Test func theWatchdogIsThisProcessesOwn() {
    func watchdog(_ environment: [String: String]) -> Duration? {
      ServiceNotifier(environment: environment).watchdog
    }
    #expect(watchdog(["WATCHDOG_USEC": "120000000"]) == .seconds(120))
    #expect(watchdog(["WATCHDOG_USEC": "1000", "WATCHDOG_PID": "\(getpid())"]) == .milliseconds(1))
    #expect(watchdog(["WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"]) == nil)
    for text in ["", "0", "-5", "soon"] { #expect(watchdog(["WATCHDOG_USEC": text]) == nil) }
    #expect(watchdog([:]) == nil)
  }

  // MARK: What is said

  private static let start = Date(timeIntervalSince1970: 1_800_000_000)

  private func watch(
    _ health: Health, _ replica: Replica? = nil,
    load: @escaping @Sendable (Date) throws -> Health.Load
  ) -> ServiceWatch {
    ServiceWatch(
      notifier: ServiceNotifier(environment: [:]), health: health, version: "1.2.3+4",
      replica: replica, load: load)
  }

  private static let someLoad = Health.Load(
    unansweredUpdates: 2, oldestUnansweredAt: nil, queuedReplies: 3,
    turnoverToday: Credits(micro: 12_340_000))

  @Test func itIsNotAliveBeforeItPolls() {
    let watch = watch(Health(startedAt: Self.start)) { _ in Self.someLoad }
    #expect(watch.report(at: Self.start) == ["STATUS=1.2.3+4: waiting for Telegram to answer."])
  }

  @Test func itIsAliveWhilePollsComplete() throws {
    let health = Health(startedAt: Date().addingTimeInterval(-3 * 3_600))
    let watch = watch(health) { _ in Self.someLoad }
    health.pollerEvents().pollSent()
    let sent = try #require(health.counters.firstPollAt)
    #expect(
      watch.report(at: sent) == [
        "STATUS=1.2.3+4: up 3 h; last poll not yet answered; waiting: 2 updates, 3 replies; "
          + "charged today: 12.34 credits.", "WATCHDOG=1",
      ])
    // One that never comes back is not waited for without end.
    #expect(watch.report(at: sent + ServiceWatch.patience).count == 1)

    health.pollerEvents().pollCompleted()
    let completed = try #require(health.counters.lastPollAt)
    let status = "STATUS=1.2.3+4: up 3 h; last poll 11 min ago; waiting: 2 updates, 3 replies; "
    let late = watch.report(at: completed + ServiceWatch.patience - 1)
    #expect(late.first?.hasPrefix(status) == true && late.last == "WATCHDOG=1")
    let tooLate = watch.report(at: completed + ServiceWatch.patience)
    #expect(tooLate.count == 1 && tooLate[0].contains("last poll 12 min ago"))
  }

  @Test func itIsNotAliveWhereTheDatabaseDoesNotAnswer() {
    struct Broken: Error, CustomStringConvertible {
      var description: String { "a\nWATCHDOG=1" }
    }
    let health = Health(startedAt: Self.start)
    let watch = watch(health) { _ in throw Broken() }
    health.pollerEvents().pollSent()
    #expect(
      watch.report(at: Date()) == ["STATUS=1.2.3+4: the database does not answer: a WATCHDOG=1"])
  }

  /// No restart would bring it back, also none of a bot that has yet to poll.
  @Test func itIsAliveWhileTheReplicaIsAway() async throws {
    struct Away: Error {}
    let isThere = Watched(false)
    let (attempts, asked) = (Watched(0), Watched(0))
    let replica = Replica(
      sync: {
        attempts.change { $0 += 1 }
        guard isThere.value else { throw Away() }
      },
      sleep: { _ in try await asked.wait(for: "an end of the wait") { $0 > 0 } })
    let health = Health(startedAt: Self.start)
    let watch = watch(health, replica) { _ in Self.someLoad }
    let waiting = Task { await replica.has() }
    try await attempts.wait(for: "an attempt") { $0 == 1 }
    while replica.outage == nil { await Task.yield() }
    let away = watch.report(at: Self.start)
    #expect(away[0].hasPrefix("STATUS=1.2.3+4: nothing has been promised for "))
    #expect(away[0].hasSuffix(": Away()"))
    #expect(away.dropFirst() == ["WATCHDOG=1", "EXTEND_TIMEOUT_USEC=120000000"])
    health.pollerEvents().pollSent()
    let sent = try #require(health.counters.firstPollAt)
    let late = sent + ServiceWatch.patience * 5
    #expect(watch.report(at: late).dropFirst() == ["WATCHDOG=1"])
    isThere.change { $0 = true }
    asked.change { $0 = 1 }
    #expect(await waiting.value)
    // The next poll may be as long as any.
    #expect(watch.report(at: late + ServiceWatch.patience - 1).last == "WATCHDOG=1")
    #expect(watch.report(at: late + ServiceWatch.patience).count == 1)
  }

  // MARK: The daemon

  @Test func theDaemonIsReadyOnceItPollsAndSaysHowItIs() async throws {
    try await World.run { world in
      let path = world.folder.appendingPathComponent("notify").path
      let socket = try NotifySocket(path)
      defer { socket.close() }
      world.telegram.fail("getMe", with: .htmlBadGateway)
      let daemon = try world.start(
        ["run"], changing: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"])
      let early = try await socket.received.wait(for: "a sign of life") { !$0.isEmpty }
      #expect(early[0] == "STATUS=\(Version.current.name): waiting for Telegram to answer.")
      let ready = try await socket.received.wait(for: "READY") { $0.contains("READY=1") }
      #expect(world.telegram.state.value.calls(of: "getMe").count == 2)
      let beforeReady = ready.prefix { $0 != "READY=1" }
      #expect(beforeReady.allSatisfy { $0 == early[0] })
      #expect(ready.contains { $0.contains("last poll not yet answered; waiting: 0 updates") })

      // Only a poll that comes back counts as one.
      try await world.ask("/start")
      let alive = try await socket.received.wait(for: "the status of a bot at work") {
        $0.last == "WATCHDOG=1" && $0.dropLast().last?.contains(" ago; waiting: ") == true
      }
      #expect(alive.contains { $0.hasSuffix("charged today: 0.00 credits.") })
      try await world.stop(daemon)
      let end = try await socket.received.wait(for: "STOPPING") { $0.contains("STOPPING=1") }
      #expect(end.count { $0 == "READY=1" } == 1)
    }
  }
}
