package import Foundation
import Synchronization
import TestSupport

/// Two machines with a real Litestream, a bucket, a Telegram and a provider, and people who ask and
/// buy while things happen to them.
package final class Trial: Sendable {
  package struct Options: Sendable {
    package var executable: URL
    var litestream: URL
    /// Of the time for which a silent machine keeps the lease, in seconds.
    package var ttl = 5
    package var people = 6
    package var pause = Duration.milliseconds(150)
    package var seed: UInt64 = 1
    /// Whether machines have networks and disks of their own, which takes root.
    package var isIsolated = false
    /// Whether answers grow while they come.
    package var streams = false
    /// The built `JumpingClock.c`.
    package var clock: URL?
    /// How long is waited for what must happen.
    package var patience = Duration.seconds(600)

    /// - Throws: `InstalledProgram.NotInstalled`.
    package init(executable: URL) throws {
      self.executable = executable
      litestream = try InstalledProgram.litestream.find()
    }
  }

  let options: Options
  let telegram: FakeTelegram
  let gemini: FakeGemini
  let bucket: SharedBucket
  let people: People
  let machines: [Machine]
  let clocks: [JumpingClock]
  private let addresses: [LoopbackServer]
  package let folder: URL
  let chance: Mutex<Chance>

  package init(_ options: Options) throws {
    self.options = options
    folder = URL(fileURLWithPath: "/tmp/aidevbot-two-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    chance = Mutex(Chance(seed: options.seed))
    telegram = try FakeTelegram()
    gemini = try FakeGemini()
    bucket = try SharedBucket()
    people = People(options.people, at: telegram, pause: options.pause)
    let folder = folder
    addresses = try ["A", "B"].map { [people, telegram] name in
      try telegram.secondAddress { people.see($0, from: name) }
    }
    clocks =
      try options.clock.map { library in
        try ["A", "B"].map {
          try JumpingClock(folder.appendingPathComponent("\($0).clock"), library: library)
        }
      } ?? []
    let configuration = folder.appendingPathComponent("litestream.yml")
    try Data(Self.configuration.utf8).write(to: configuration)
    let providerPort = UInt16(URL(string: gemini.url)?.port ?? 0)
    var made: [Machine] = []
    for number in 0...1 {
      var settings = Self.settings(options, token: telegram.token)
      if !clocks.isEmpty { settings.merge(clocks[number].environment) { $1 } }
      made.append(
        try Machine(
          number: number, in: folder, isolated: options.isIsolated,
          telegram: addresses[number].port,
          of: Machine.Parts(
            executable: options.executable, litestream: options.litestream,
            configuration: configuration.path, settings: settings, bucket: bucket.port,
            provider: providerPort, logs: folder)))
    }
    machines = made
    gemini.onAnswer { request, answer in
      let contents = request.json["contents"] as? [[String: Any]] ?? []
      let parts = contents.last?["parts"] as? [[String: Any]] ?? []
      let text = parts.compactMap { $0["text"] as? String }.joined()
      let number = text.matches(of: /What is number ([0-9]+)\?/).last.flatMap { Int($0.1) }
      if let number { answer.text = People.answer(toQuestion: number) }
    }
  }

  /// As `systemd/litestream-standby.yml`, which names the runtime folder likewise.
  private static let configuration = """
    snapshot:
      interval: 24h
      retention: 192h
    socket:
      enabled: true
      path: ${RUNTIME_DIRECTORY}/socket
    """

  private static func settings(_ options: Options, token: String) -> [String: String] {
    [
      "TELEGRAM_BOT_TOKEN": token, "GEMINI_API_KEY": "AIzaFakeKey-0123456789",
      "TELEGRAM_SENDS_PER_SECOND": "0", "TELEGRAM_SENDS_PER_CHAT_PER_SECOND": "0",
      "ANSWERS_STREAMING": options.streams ? "edits" : "off", "WORKSHOP_SOCKET": "off",
      "BILLING_INITIAL_GRANT_CREDITS": "1000", "BILLING_ASK_ABOVE_SHARE": "0",
      "BILLING_LOW_BALANCE_CREDITS": "0", "STANDBY_TTL": "\(options.ttl)",
      "LIBDISPATCH_LOG": "NO",
    ]
  }

  /// Runs the rounds, one after the other, while people live; then takes everything away, but for
  /// the logs where something was found.
  ///
  /// - Parameter tell: Called with each round, once it is over.
  package func run(
    _ faults: [Fault], telling tell: @escaping @Sendable (Round) -> Void = { _ in }
  ) async throws -> Report {
    var report = Report()
    do {
      try await bucket.open()
      for machine in machines {
        try machine.start()
        try await waitForWork()
      }
      let rounds = try await withThrowingTaskGroup(of: [Round].self) { group in
        group.addTask { [people] in
          try await people.live()
          return []
        }
        group.addTask {
          defer { self.people.end() }
          return try await self.go(faults, tell)
        }
        return try await group.reduce([]) { $0 + $1 }
      }
      report.rounds = rounds
      report.findings += rounds.flatMap(\.findings)
    } catch {
      report.findings.append("\(error)")
    }
    report.findings += telegram.state.value.violations + gemini.violations.value
    report.findings += bucket.state.value.violations
    if !report.findings.isEmpty { try await keepEvidence() }
    try await end(keepingLogs: !report.findings.isEmpty)
    report.folder = folder
    return report
  }

  private func go(
    _ faults: [Fault], _ tell: @Sendable (Round) -> Void
  ) async throws -> [Round] {
    var rounds: [Round] = []
    for fault in faults {
      let round = try await run(fault)
      rounds.append(round)
      tell(round)
      // Where one thing is lost, all later rounds would say so.
      guard round.findings.isEmpty else { break }
    }
    return rounds
  }

  /// What there is on both machines, and in the bucket, path by path.
  private func keepEvidence() async throws {
    for machine in machines {
      machine.thaw()
      try await machine.kill()
      for line in machine.lines { line.set(.open) }
      let kept = folder.appendingPathComponent("\(machine.name)-kept")
      // A socket is nothing to be copied.
      try? FileManager.default.removeItem(at: machine.folder.appendingPathComponent("socket"))
      try FileManager.default.copyItem(at: machine.folder, to: kept)
    }
    let log = open(folder.appendingPathComponent("restores.log").path, O_WRONLY | O_CREAT, 0o600)
    defer { close(log) }
    for term in Set(bucket.state.value.leases.map(\.term)).sorted() {
      let url = "s3://\(SharedBucket.name)/bot/term-\(term)"
      let restore = try SpawnedProcess(
        [
          options.litestream.path, "restore", "-o",
          folder.appendingPathComponent("term-\(term).sqlite").path,
          "\(url)?endpoint=http://127.0.0.1:\(bucket.port)&region=us-east-1&forcePathStyle=true",
        ],
        environment: ["LITESTREAM_ACCESS_KEY_ID": "key", "LITESTREAM_SECRET_ACCESS_KEY": "secret"],
        output: log, errors: log)
      try await restore.waitForEnd()
    }
  }

  private func end(keepingLogs: Bool) async throws {
    for machine in machines { try await machine.remove() }
    telegram.stop()
    gemini.stop()
    bucket.stop()
    for address in addresses { address.stop() }
    if !keepingLogs { try FileManager.default.removeItem(at: folder) }
  }
}
