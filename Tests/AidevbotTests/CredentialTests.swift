import Foundation
import Testing
import TestSupport

/// The secrets that systemd hands over as files.
@Suite("Credentials")
struct CredentialTests {
  private static let secrets = ["TELEGRAM_BOT_TOKEN", "GEMINI_API_KEY", "OPENROUTER_API_KEY"]

  /// The environment of a bot that has its secrets in files and nowhere else.
  private func changes(_ world: World) -> [String: String?] {
    var changes: [String: String?] = ["CREDENTIALS_DIRECTORY": directory(world).path]
    for name in Self.secrets { changes[name] = .some(nil) }
    return changes
  }

  /// The token alone is left to the credentials.
  private func keysInTheEnvironment(_ world: World) -> [String: String?] {
    var changes = changes(world)
    changes["GEMINI_API_KEY"] = World.geminiKey
    changes["OPENROUTER_API_KEY"] = World.openRouterKey
    return changes
  }

  private func directory(_ world: World) -> URL {
    world.folder.appendingPathComponent("credentials")
  }

  private func write(_ text: String, to name: String, mode: Int = 0o400, _ world: World) throws {
    try FileManager.default.createDirectory(
      at: directory(world), withIntermediateDirectories: true)
    let path = directory(world).appendingPathComponent(name.lowercased()).path
    #expect(
      FileManager.default.createFile(
        atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: mode]))
  }

  private func writeAll(_ world: World) throws {
    for name in Self.secrets { try write("\(world.environment[name] ?? "")\n", to: name, world) }
  }

  @Test func theDaemonRunsOnCredentialsAlone() async throws {
    try await World.run { world in
      try writeAll(world)
      let daemon = try await world.startDaemon(changing: changes(world))
      try await world.ask("/start")
      #expect(try await world.ask("How do I begin?").contains("Cost: 0.39375"))
      #expect(try await world.ask("/code a loop").contains("Cost: 0.2325"))
      try await world.stop(daemon)
    }
  }

  @Test func theEnvironmentComesFirstAndTheFileLast() async throws {
    try await World.run { world in
      try writeAll(world)
      let file = world.folder.appendingPathComponent("aidevbot.yaml")
      try Data("telegram:\n  bot_token: not a token\n".utf8).write(to: file)
      // The credential hides the file's.
      let daemon = try world.start(["run", "--config", file.path], changing: changes(world))
      try await world.telegram.state.wait(for: "a poll") { !$0.calls(of: "getUpdates").isEmpty }
      try await world.stop(daemon)

      // The environment hides the credential's.
      var changes = changes(world)
      changes["TELEGRAM_BOT_TOKEN"] = "not a token"
      let ending = try await world.aidevbot("run", changing: changes)
      #expect(ending.status == 78)
      #expect(ending.errors.hasPrefix("aidevbot: TELEGRAM_BOT_TOKEN must be a token"))

      // An empty one is none.
      try FileManager.default.removeItem(at: directory(world))
      for name in Self.secrets { try write("\n", to: name, world) }
      changes = keysInTheEnvironment(world)
      let hidden = try await world.aidevbot("run", "--config", file.path, changing: changes)
      #expect(hidden.errors.hasPrefix("aidevbot: TELEGRAM_BOT_TOKEN must be a token"))
      let empty = try await world.aidevbot("run", changing: changes)
      #expect(empty.status == 78)
      #expect(empty.errors.hasPrefix("aidevbot: TELEGRAM_BOT_TOKEN is not set"))
    }
  }

  @Test(arguments: [0o404, 0o602, 0o644, 0o777])
  func oneThatAnybodyCanReadIsRefused(mode: Int) async throws {
    try await World.run { world in
      try write("AIzaCanary", to: "GEMINI_API_KEY", mode: mode, world)
      let ending = try await world.aidevbot(
        "run",
        changing: [
          "GEMINI_API_KEY": nil, "CREDENTIALS_DIRECTORY": directory(world).path,
        ])
      #expect(ending.status == 78)
      #expect(
        ending.errors == "aidevbot: GEMINI_API_KEY is in the credential "
          + "\(directory(world).path)/gemini_api_key, which anybody can read or change; "
          + "run chmod 600 on it\n")
    }
  }

  @Test func oneThatCannotBeReadIsNamed() async throws {
    try await World.run { world in
      let path = directory(world).appendingPathComponent("telegram_bot_token")
      try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
      let changes = keysInTheEnvironment(world)
      let folder = try await world.aidevbot("run", changing: changes)
      #expect(folder.status == 78)
      #expect(
        folder.errors == "aidevbot: TELEGRAM_BOT_TOKEN cannot be read from the credential "
          + "\(path.path): it is not a file\n")

      try FileManager.default.removeItem(at: path)
      try FileManager.default.createSymbolicLink(
        atPath: path.path, withDestinationPath: path.path)
      let loop = try await world.aidevbot("run", changing: changes)
      #expect(loop.status == 78)
      #expect(loop.errors.contains("\(path.path): Too many levels of symbolic links"))

      try FileManager.default.removeItem(at: path)
      try write(String(repeating: "a", count: 20_000), to: "TELEGRAM_BOT_TOKEN", world)
      let long = try await world.aidevbot("run", changing: changes)
      #expect(long.status == 78)
      #expect(long.errors.hasSuffix("telegram_bot_token: too long, or not text\n"))
    }
  }
}
