import Foundation
import Glibc
import Synchronization
import TestSupport

/// One of two machines: a folder, a network, the bot and Litestream, and what systemd does for
/// them.
final class Machine: Sendable {
  let name: String
  let folder: URL
  let network: Network
  let bucket: Line
  let telegram: Line
  let provider: Line
  /// How its programs have ended that nobody had ended, such as `aidevbot 75`.
  let endings = Watched<[String: Int]>([:])
  private let programs: [Service]
  private let isMounted: Bool
  /// How `aidevbot` is started in there, and with what.
  private let bot: [String]
  private let settings: [String: String]

  /// What all machines have in common.
  struct Parts: Sendable {
    var executable: URL
    var litestream: URL
    /// Litestream's configuration.
    var configuration: String
    var settings: [String: String]
    var bucket: UInt16
    var provider: UInt16
    /// Of each program's log.
    var logs: URL
  }

  /// - Parameters:
  ///   - telegram: A port of its own, by which Telegram knows who asks.
  ///   - isolated: Whether it has a network namespace and a small disk of its own.
  init(number: Int, in folder: URL, isolated: Bool, telegram: UInt16, of parts: Parts) throws {
    name = number == 0 ? "A" : "B"
    self.folder = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    isMounted = isolated
    if isolated {
      try Network.run(
        "/usr/bin/mount",
        ["-t", "tmpfs", "-o", "size=\(Self.diskMegabytes)m", "tmpfs", self.folder.path])
    }
    network = try Network(number: number, isolated: isolated)
    bucket = try Line(at: network.address, to: parts.bucket)
    self.telegram = try Line(at: network.address, to: telegram)
    provider = try Line(at: network.address, to: parts.provider)
    let path = self.folder.path
    let url = "s3://\(SharedBucket.name)/bot?endpoint=\(bucket.url)&region=us-east-1"
    let keys = ["LITESTREAM_ACCESS_KEY_ID": "key", "LITESTREAM_SECRET_ACCESS_KEY": "secret"]
    let common = ["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": path]
    settings = parts.settings.merging([
      "DATABASE_PATH": Self.databasePath(in: path), "TELEGRAM_API_BASE_URL": self.telegram.url,
      "GEMINI_BASE_URL": provider.url, "REPLICATION_LITESTREAM_SOCKET": "\(path)/socket",
      "STANDBY_BUCKET": "\(url)&forcePathStyle=true", "STANDBY_LITESTREAM": parts.litestream.path,
    ]) { $1 }.merging(keys) { $1 }.merging(common) { $1 }
    let inside = network.entry + ["/usr/bin/env", "-C", path]
    bot = inside + [parts.executable.path]
    let log = parts.logs.appendingPathComponent(name)
    programs = [
      try Service(
        "litestream",
        inside + [parts.litestream.path, "replicate", "-config", parts.configuration],
        common.merging(keys) { $1 }.merging(["RUNTIME_DIRECTORY": path]) { $1 },
        log: log.appendingPathExtension("litestream.log"), endings),
      try Service(
        "aidevbot", bot + ["run"], settings,
        log: log.appendingPathExtension("aidevbot.log"), endings),
    ]
  }

  private static let diskMegabytes = 192

  var databasePath: String { Self.databasePath(in: folder.path) }

  private static func databasePath(in folder: String) -> String { "\(folder)/aidevbot.sqlite" }

  /// Its name in the bucket; `nil` before its first start.
  var id: String? {
    let text = try? String(contentsOfFile: databasePath + ".machine", encoding: .utf8)
    return text?.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  // MARK: - What happens to it

  func start() throws {
    for program in programs { try program.start() }
  }

  /// As if its power had gone.
  func kill() async throws {
    for program in programs { program.kill() }
    for program in programs { try await program.waitUntilOver() }
  }

  /// Ends one of its programs, which is started again a second later.
  func killProgram(_ name: String) {
    for program in programs where program.name == name { program.signal(SIGKILL) }
  }

  /// Runs `aidevbot` there to its end, and returns its exit status.
  func run(_ arguments: [String]) async throws -> Int32? {
    let process = try SpawnedProcess(bot + arguments, environment: settings, output: 2, errors: 2)
    try await process.waitForEnd()
    return process.status.value
  }

  func freeze() {
    for program in programs { program.signal(SIGSTOP) }
  }

  func thaw() {
    for program in programs { program.signal(SIGCONT) }
  }

  /// As if its disk were a new one. It is off.
  func loseDisk() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    }
  }

  /// Leaves no room on its disk; returns what gives it back.
  func fillDisk() throws -> @Sendable () throws -> Void {
    let ballast = folder.appendingPathComponent("ballast")
    try Data().write(to: ballast)
    let file = try FileHandle(forWritingTo: ballast)
    defer { try? file.close() }
    let piece = Data(count: 4_096)
    // Until the disk is full; any other error shows in what the machine then does not do.
    while (try? file.write(contentsOf: piece)) != nil {}
    return { try FileManager.default.removeItem(at: ballast) }
  }

  var lines: [Line] { [bucket, telegram, provider] }

  /// Takes it away, with its disk.
  func remove() async throws {
    thaw()
    try await kill()
    for line in lines { line.stop() }
    try network.remove()
    if isMounted { try Network.run("/usr/bin/umount", ["-l", folder.path]) }
  }
}

/// A program that is started again a second after it has failed, as systemd does it.
private final class Service: Sendable {
  let name: String
  private let command: [String]
  private let environment: [String: String]
  private let log: Int32
  private let endings: Watched<[String: Int]>

  private struct State: Sendable {
    var isWanted = false
    var process: SpawnedProcess?
  }

  private let state = Watched(State())

  init(
    _ name: String, _ command: [String], _ environment: [String: String], log: URL,
    _ endings: Watched<[String: Int]>
  ) throws {
    (self.name, self.command, self.environment) = (name, command, environment)
    self.endings = endings
    self.log = open(log.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard self.log >= 0 else { throw SpawnedProcess.Failed(what: log.path, code: errno) }
  }

  deinit { close(log) }

  func start() throws {
    state.change { $0.isWanted = true }
    try spawn()
  }

  func signal(_ number: Int32) { state.value.process?.signalAll(number) }

  func kill() {
    state.change { $0.isWanted = false }
    signal(SIGKILL)
  }

  /// Once it has ended that nobody wants any more.
  func waitUntilOver() async throws {
    // One that is just being started is killed too.
    while let process = state.value.process {
      process.signalAll(SIGKILL)
      try await process.waitForEnd()
      state.change { state in
        if state.process === process { state.process = nil }
      }
    }
  }

  private func spawn() throws {
    let process = try SpawnedProcess(command, environment: environment, output: log, errors: log)
    let isWanted = state.change { state in
      if state.isWanted { state.process = process }
      return state.isWanted
    }
    guard isWanted else { return process.signalAll(SIGKILL) }
    Thread.detachNewThread { [self] in
      _ = process.status.block(within: .seconds(86_400)) { $0 != nil }
      guard state.value.isWanted, state.value.process === process else { return }
      endings.change { $0["\(name) \(process.status.value ?? 0)", default: 0] += 1 }
      sleep(1)
      guard state.value.isWanted else { return }
      do {
        try spawn()
      } catch {
        endings.change { $0["\(name): \(error)", default: 0] += 1 }
      }
    }
  }
}
