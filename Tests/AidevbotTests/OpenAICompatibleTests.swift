import Foundation
import GRDB
import Testing
import TestSupport

/// Models of a server of the operator's own choice.
@Suite("An OpenAI-compatible server")
struct OpenAICompatibleTests {
  private static let model = "openai-compatible/some/name"

  /// A world with such a server, whose model costs 0.30 and 2.50 dollars a million tokens.
  private func withServer(
    _ body: (World, FakeOpenAICompatible, _ changes: [String: String?]) async throws -> Void
  ) async throws {
    try await World.run { world in
      let server = try FakeOpenAICompatible()
      defer { server.stop() }
      let price = try await world.aidevbot(
        "pricing", "set", "openai-compatible", "some/name", "--input", "0.30", "--output", "2.50")
      #expect(price.status == 0, "\(price.errors)")
      try await body(
        world, server,
        [
          "MODELS_CHAT": Self.model, "OPENAI_COMPATIBLE_BASE_URL": server.url + "/",
          "GEMINI_API_KEY": nil, "MODELS_PLANNING": Self.model, "MODELS_VERIFICATION": Self.model,
        ])
      #expect(server.violations.value.isEmpty)
    }
  }

  @Test func answersForThePriceInTheTable() async throws {
    try await withServer { world, server, changes in
      let daemon = try await world.startDaemon(changing: changes)
      try await world.ask("/start")
      // (1,000 × 0.30 + 500 × 2.50) ÷ 1,000,000 dollars, × 1.5 ÷ 0.01.
      #expect(
        try await world.ask("How do I begin?").hasSuffix(
          "Cost: 0.2325 credits · Left: 99.7675 credits"))
      try await world.stop(daemon)
      #expect(try world.balance() == 100_000_000 - 232_500)
      #expect(try world.usage().map(\.provider) == ["openai-compatible"])
      #expect(
        try world.read { db in
          try String.fetchAll(db, sql: "SELECT api_key_identifier FROM api_key_usage")
        } == ["none"])
      #expect(server.requests.value.map { $0.headers["authorization"] } == [nil])
      try await world.expectNothingLeft()
    }
  }

  @Test func takesItsKeyFromACredential() async throws {
    try await withServer { world, server, changes in
      let folder = world.folder.appendingPathComponent("credentials")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      #expect(
        FileManager.default.createFile(
          atPath: folder.appendingPathComponent("openai_compatible_api_key").path,
          contents: Data("key-of-a-server-0001\n".utf8), attributes: [.posixPermissions: 0o400]))
      let daemon = try await world.startDaemon(
        changing: changes.merging(["CREDENTIALS_DIRECTORY": folder.path]) { $1 })
      try await world.ask("/start")
      try await world.ask("How do I begin?")
      let log = try await world.stop(daemon).errors
      #expect(
        server.requests.value.map { $0.headers["authorization"] } == ["Bearer key-of-a-server-0001"]
      )
      #expect(!log.contains("key-of-a-server"))
    }
  }

  @Test func hasToHaveAnAddress() async throws {
    try await withServer { world, _, changes in
      let unset = changes.merging(["OPENAI_COMPATIBLE_BASE_URL": nil]) { $1 }
      let sentence =
        "OPENAI_COMPATIBLE_BASE_URL is not set, but MODELS_CHAT is \(Self.model); set the address, "
        + "or choose a model of another provider"
      let ending = try await world.aidevbot("run", changing: unset)
      #expect(ending.status == 78)
      #expect(ending.errors == "aidevbot: \(sentence)\n")
      let check = try await world.aidevbot("check-config", changing: unset)
      #expect(check.status == 78)
      #expect(check.outputLines.count { $0.hasPrefix("FAILED") } == 1, "\(check.output)")
      #expect(check.output.contains(sentence))
      let wrong = try await world.aidevbot(
        "run", changing: changes.merging(["OPENAI_COMPATIBLE_BASE_URL": "canary"]) { $1 })
      #expect(
        wrong.errors == "aidevbot: OPENAI_COMPATIBLE_BASE_URL must be an address such as "
          + "http://localhost:11434/v1\n")
    }
  }

  @Test func isLookedAtByTheDoctor() async throws {
    try await withServer { world, server, changes in
      func line(_ more: [String: String?] = [:]) async throws -> String? {
        try await world.aidevbot("doctor", changing: changes.merging(more) { $1 }).outputLines
          .first { $0.contains("openai_compatible") }.map(String.init)
      }
      let key = ["OPENAI_COMPATIBLE_API_KEY": "key-of-a-server-0001"]
      #expect(try await line() == "ok      openai_compatible  answers without a key")
      #expect(try await line(key) == "ok      openai_compatible  takes the key …0001")
      server.onCall { _ in .json("{}", status: 401) }
      #expect(
        try await line() == "FAILED  openai_compatible  takes no call without a key → set "
          + "OPENAI_COMPATIBLE_API_KEY")
      #expect(
        try await line(key) == "FAILED  openai_compatible  rejects the key …0001 → make a new one")
      server.onCall { _ in .json("{}", status: 404) }
      let ending = try await world.aidevbot("doctor", changing: changes)
      #expect(ending.status == 0, "\(ending.output)")
      #expect(ending.output.contains("note    openai_compatible  cannot be checked"))
    }
  }

  /// The address takes a restart, so that a model of the server's cannot come before it.
  @Test func comesIntoUseWithARestartWhereItHadNoAddress() async throws {
    try await withServer { world, server, changes in
      let daemon = try await world.startDaemon()
      try world.configure(
        "openai_compatible:\n  base_url: \(server.url)\nmodels:\n  chat: \(Self.model)\n")
      let line = try await daemon.reload()
      #expect(line.contains(" error The settings are not reloaded; everything stays as it was."))
      #expect(
        line.contains("OPENAI_COMPATIBLE_BASE_URL was not set at the start; it takes a restart"),
        "\(line)")
      try await world.openAccount()
      try await world.ask("How do I begin?")
      #expect(world.callCount(.gemini) == 1)
      try await world.stop(daemon)
      let next = try await world.startDaemon()
      try await world.ask("How do I begin?")
      try await world.stop(next)
      #expect(server.requests.value.count == 1)
    }
  }
}
