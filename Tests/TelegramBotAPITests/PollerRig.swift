import InMemoryLogging
import Logging
import TelegramBotAPI
import Testing
import TestSupport

/// A poller between a fake Telegram and an inbox in memory. It never sleeps: it notes how long it
/// would have. However slow the machine is, no poll ends by itself while a test looks: one waits
/// for an hour, whatever it asks for.
struct PollerRig: Sendable {
  struct Inbox: Sendable {
    var nextOffset: Int64?
    var batches: [[ReceivedUpdate]] = []
    var failuresToCome = 0
    /// How many updates Telegram still kept whenever a batch was stored.
    var pendingAtStore: [Int] = []

    var ids: [Int64] { batches.joined().map(\.id) }
  }

  struct DiskFull: Error {}

  let fake: FakeTelegram
  let inbox: Watched<Inbox>
  let waits = Watched<[Duration]>([])
  let log: InMemoryLogHandler
  let logger: Logger
  let client: TelegramClient
  let poller: Poller

  init(
    nextOffset: Int64? = nil, pollTimeout: Int = 50,
    pollMargin: Duration = .seconds(7_200)
  ) throws {
    let fake = try FakeTelegram()
    fake.state.change { $0.lengthOfPolls = .seconds(3_600) }
    let inbox = Watched(Inbox(nextOffset: nextOffset))
    let client = TelegramClient(
      transport: .ofAllTests, baseURL: fake.url, token: fake.token, pollMargin: pollMargin,
      deadline: .seconds(3_600))
    let log = InMemoryLogHandler()
    var logger = Logger(label: "test") { _ in log }
    logger.logLevel = .trace
    self.log = log
    self.logger = logger
    self.fake = fake
    self.inbox = inbox
    self.client = client
    poller = Poller(
      client: client,
      storage: Poller.Storage(
        nextOffset: { inbox.value.nextOffset },
        store: { updates, nextOffset in
          let pending = fake.state.value.pendingCount
          let isStored = inbox.change { inbox in
            inbox.pendingAtStore.append(pending)
            inbox.failuresToCome -= 1
            guard inbox.failuresToCome < 0 else { return false }
            inbox.batches.append(updates)
            inbox.nextOffset = nextOffset
            return true
          }
          if !isStored { throw DiskFull() }
        }),
      pollTimeout: pollTimeout,
      sleep: { [waits] duration in
        waits.change { $0.append(duration) }
        try Task.checkCancellation()
      },
      jitter: { 1 }, logger: logger)
  }

  /// Polls while `body` runs, and holds the poller to what it must never do.
  func polling(_ body: (Task<Void, any Error>) async throws -> Void) async throws {
    let task = Task { try await poller.run() }
    defer { task.cancel() }
    try await body(task)
    #expect(fake.state.value.violations.isEmpty)
    #expect(!logged.contains(fake.token))
    #expect(!logged.contains(fake.url))
  }

  func waitForPoll() async throws {
    try await fake.state.wait(for: "a waiting poll") { $0.isPolled }
  }

  func waitForUpdates(_ ids: [Int64]) async throws {
    try await inbox.wait(for: "updates \(ids)") { $0.ids.count >= ids.count }
    #expect(inbox.value.ids == ids)
  }

  var logged: String {
    log.entries.map { "\($0.level) \($0.message) \($0.metadata)" }.joined(separator: "\n")
  }

  /// The offsets of all polls so far.
  var offsets: [Int64?] {
    fake.state.value.calls(of: "getUpdates").map { $0.parameters["offset"]?.integer }
  }
}
