import Foundation
import Metering
@testable import Settings
import Testing

@Suite("The setting of offered models")
struct OfferedModelsSettingTests {
  private static let (flash, sonnet) = (
    "google/gemini-3.8-flash", "openrouter/anthropic/claude-sonnet-5.5"
  )

  private func models(yaml: String? = nil, variable: String? = nil) async throws -> [String]? {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("aidevbot-offered-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try (yaml.map { "models:\n  coding: \($0)\n" } ?? "# nothing\n")
      .write(to: file, atomically: true, encoding: .utf8)
    let environment = variable.map { ["MODELS_CODING": $0] } ?? [:]
    let source = try await SettingsSource(file: file.path, environment: environment)
    return try Settings.declared.modelsCoding.value(in: source)?.map(\.description)
  }

  @Test func isOneModelOrAList() async throws {
    let both = [Self.flash, Self.sonnet]
    #expect(try await models(yaml: Self.flash) == [Self.flash])
    #expect(try await models(yaml: "[\(Self.flash), \(Self.sonnet)]") == both)
    #expect(try await models(yaml: "\n    - \(Self.flash)\n    - \(Self.sonnet)") == both)
    #expect(try await models(variable: "\(Self.flash), \(Self.sonnet)") == both)
    #expect(try await models() == nil)
  }

  @Test(arguments: [
    "[google/gemini-3.8-flash, google/gemini-3.8-flash]", "[google/gemini-3.8-flash, x]",
    "[google/a, google/b, google/c, google/d, google/e, google/f, google/g, google/h, google/i]",
    "[demo/demo]",
  ])
  func isNothingElse(yaml: String) async throws {
    await #expect(throws: SettingsError.self) { try await models(yaml: yaml) }
  }
}
