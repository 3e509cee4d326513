import Foundation
import Synchronization
import Testing
import TestSupport

/// The built executable, Telegram and the providers on the loopback interface, and a database: all
/// of it gone with the test.
final class World: Sendable {
  let telegram: FakeTelegram
  let gemini: FakeGemini
  let openRouter: FakeOpenRouter
  let folder: URL
  /// A key of each provider, to be found nowhere but in requests to it.
  static let geminiKey = "AIzaFakeKeyOfGemini-0123456789"
  static let openRouterKey = "sk-or-v1-FakeKeyOfOpenRouter-0123456789"
  private let children = Mutex<[ChildProcess]>([])

  /// Many daemons wait out a fault; more of them would wait for each other's processor time.
  private static let places = Watched(12)

  private init() throws {
    telegram = try FakeTelegram()
    gemini = try FakeGemini()
    openRouter = try FakeOpenRouter()
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("aidevbot-e2e-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// Runs `body` in a world of its own; nobody in it may have misbehaved by the end.
  @discardableResult
  static func run<Value>(_ body: (World) async throws -> Value) async throws -> Value {
    while !takePlace() {
      try await places.wait(for: "a place", within: .seconds(3_600)) { $0 > 0 }
    }
    defer { places.change { $0 += 1 } }
    let world = try World()
    defer { world.end() }
    let value = try await body(world)
    #expect(world.telegram.state.value.violations.isEmpty)
    #expect(world.gemini.violations.value.isEmpty)
    #expect(world.openRouter.violations.value.isEmpty)
    return value
  }

  private static func takePlace() -> Bool {
    places.change { free in
      guard free > 0 else { return false }
      free -= 1
      return true
    }
  }

  private func end() {
    for child in children.withLock({ $0 }) { child.signal(SIGKILL) }
    telegram.stop()
    gemini.stop()
    openRouter.stop()
    try? FileManager.default.removeItem(at: folder)
  }
}

// MARK: - Programs

extension World {
  var databasePath: String { folder.appendingPathComponent("aidevbot.sqlite").path }

  /// The settings of a bot that finds all its servers here, and sends as fast as it can.
  var environment: [String: String] {
    [
      "TELEGRAM_BOT_TOKEN": telegram.token, "TELEGRAM_API_BASE_URL": telegram.url,
      "GEMINI_API_KEY": Self.geminiKey, "GEMINI_BASE_URL": gemini.url,
      "OPENROUTER_API_KEY": Self.openRouterKey, "OPENROUTER_BASE_URL": openRouter.url,
      "DATABASE_PATH": databasePath, "TELEGRAM_SENDS_PER_SECOND": "0",
      "TELEGRAM_SENDS_PER_CHAT_PER_SECOND": "0", "LIBDISPATCH_LOG": "NO",
      // However slow a test is to go on, what it holds up is not given up meanwhile.
      "AIDEVBOT_PATIENCE": "7200",
      // What Telegram gets does not depend on how fast an answer comes.
      "ANSWERS_STREAMING": "off",
      // Trying to get out of one takes a second of the processor, each time.
      "WORKSHOP_SOCKET": "off",
    ]
  }

  /// Starts `aidevbot` in the folder of this world.
  ///
  /// - Parameters:
  ///   - changes: To the environment; `nil` takes a variable away.
  ///   - script: Of the shell, which becomes the program by `exec "$0" "$@"`.
  func start(
    _ arguments: [String], changing changes: [String: String?] = [:], input: String = "",
    by script: String? = nil
  ) throws -> ChildProcess {
    let program = try Self.built("aidevbot")
    guard let script else {
      return try start(program, arguments, changing: changes, input: input)
    }
    return try start(
      URL(fileURLWithPath: "/bin/sh"), ["-c", script, program.path] + arguments, changing: changes,
      input: input)
  }

  func start(
    _ program: URL, _ arguments: [String], changing changes: [String: String?] = [:],
    input: String = ""
  ) throws -> ChildProcess {
    let child = try ChildProcess(
      program, arguments, environment: environment.changed(by: changes), folder: folder,
      input: input)
    children.withLock { $0.append(child) }
    return child
  }

  /// Starts a program at a terminal, which is closed here; see `ChildProcess`.
  func start(
    _ program: URL, _ arguments: [String], changing changes: [String: String?], device: Int32,
    screen: Int32
  ) throws -> ChildProcess {
    let child = try ChildProcess(
      program, arguments, environment: environment.changed(by: changes), folder: folder,
      device: device, screen: screen)
    children.withLock { $0.append(child) }
    return child
  }

  /// Runs `aidevbot` to its end.
  func aidevbot(
    _ arguments: String..., changing changes: [String: String?] = [:], input: String = ""
  ) async throws -> ChildProcess.Ending {
    try await start(arguments, changing: changes, input: input).waitForExit()
  }

  /// Starts the daemon and waits until it polls.
  func startDaemon(
    _ options: [String] = [], changing changes: [String: String?] = [:]
  ) async throws -> ChildProcess {
    let polls = telegram.state.value.calls(of: "getUpdates").count
    let daemon = try start(["run"] + options, changing: changes)
    try await telegram.state.wait(for: "a poll") { $0.calls(of: "getUpdates").count > polls }
    return daemon
  }

  /// Writes the file that the daemon finds by itself.
  func configure(_ text: String) throws {
    let file = folder.appendingPathComponent("config/aidevbot.yaml")
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file, options: .atomic)
  }

  /// Ends the daemon as systemd does.
  @discardableResult
  func stop(_ daemon: ChildProcess) async throws -> ChildProcess.Ending {
    daemon.signal(SIGTERM)
    let ending = try await daemon.waitForExit()
    #expect(ending.status == 0, "\(ending.errors)")
    return ending
  }

  /// Ends the daemon as the kernel does when memory runs out.
  func kill(_ daemon: ChildProcess) async throws {
    daemon.signal(SIGKILL)
    #expect(try await daemon.waitForExit().status == -SIGKILL)
  }

  /// What was built stands beside the bundle of the tests.
  static func built(_ name: String) throws -> URL {
    let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent(name)
  }
}

// MARK: - People

extension World {
  /// Waits for that many messages to the user, and returns all there are.
  @discardableResult
  func replies(_ count: Int, to user: Int64) async throws -> [String] {
    try await telegram.state.wait(for: "\(count) messages to \(user)") {
      $0.sent(to: user).count >= count
    }.sent(to: user)
  }

  /// The same, but a repeat of a message counts as one with the first.
  func distinctReplies(_ count: Int, to user: Int64) async throws -> [String] {
    let state = try await telegram.state.wait(for: "\(count) different messages to \(user)") {
      Set($0.sent(to: user)).count >= count
    }
    return state.sent(to: user).reduce(into: []) { distinct, text in
      if !distinct.contains(text) { distinct.append(text) }
    }
  }

  /// Opens an account, with 100 credits by default, and waits until the welcome is known to have
  /// arrived: a kill after that does not repeat it.
  func openAccount(of user: Int64 = 42) async throws {
    try await ask("/start", from: user)
    try await wait(
      for: "the welcome's end",
      untilThereIs: """
        SELECT count(*) FROM outbox WHERE chat_id = \(user) AND state = 'sent'
        """)
  }

  /// Says something and waits for the next message to the user.
  @discardableResult
  func ask(_ text: String, from user: Int64 = 42) async throws -> String {
    let count = telegram.state.value.sent(to: user).count
    telegram.message(text, from: user)
    return try await replies(count + 1, to: user)[count]
  }
}

extension [String: String] {
  /// - Parameter changes: `nil` takes a variable away.
  fileprivate func changed(by changes: [String: String?]) -> Self {
    changes.reduce(into: self) { $0[$1.key] = $1.value }
  }
}
