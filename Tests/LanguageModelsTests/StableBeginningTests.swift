import Foundation
import LanguageModels
import Testing
import TestSupport

/// The beginning of a message that several calls have in common is told from its rest, where that
/// makes it cheaper.
@Suite("Stable beginnings")
struct StableBeginningTests {
  private var prompt: Prompt {
    Prompt(
      system: "Rules.", messages: [.init(.user, stable: "The plan.\n\n", "Step: 1")],
      maximumOutputTokens: 777)
  }

  private func openRouterMessages(
    _ prompt: Prompt, _ model: String
  ) async throws -> String {
    let router = try FakeOpenRouter()
    _ = try await ProviderCase.openRouter.model(at: router.url).answer(prompt, model: model)
    #expect(router.violations.value == [])
    return jsonText(router.requests.value.first?.json["messages"] ?? [])
  }

  private static let mark = ["type": "ephemeral"]

  @Test func arePartsOfTheirOwnForGemini() async throws {
    let gemini = try FakeGemini()
    let client = ProviderCase.gemini.model(at: gemini.url)
    _ = try await client.answer(prompt, model: "gemini-3-flash")
    _ = try await client.countTokens(prompt, model: "gemini-3-flash")
    #expect(gemini.violations.value == [])
    let contents = try gemini.requests.value.map { request in
      let inner = request.json["generateContentRequest"] as? [String: Any] ?? request.json
      return jsonText(try #require(inner["contents"]))
    }
    let parts = [["text": "The plan.\n\n"], ["text": "Step: 1"]]
    let expected = jsonText([["role": "user", "parts": parts] as [String: Any]])
    #expect(contents == [expected, expected])
  }

  @Test func areMarkedForAnthropicsModels() async throws {
    #expect(
      try await openRouterMessages(prompt, "anthropic/claude-sonnet-5.5")
        == jsonText(
          [
            [
              "role": "system",
              "content": [["type": "text", "text": "Rules.", "cache_control": Self.mark]],
            ],
            [
              "role": "user",
              "content": [
                ["type": "text", "text": "The plan.\n\n", "cache_control": Self.mark],
                ["type": "text", "text": "Step: 1"],
              ],
            ],
          ] as [[String: Any]]))
  }

  @Test(arguments: ["google/gemini-3-flash", "openai/gpt-5", "an/anthropic"])
  func areTextForOthers(model: String) async throws {
    let messages = jsonText([
      ["role": "system", "content": "Rules."],
      ["role": "user", "content": "The plan.\n\nStep: 1"],
    ])
    #expect(try await openRouterMessages(prompt, model) == messages)
    let server = try FakeOpenAICompatible()
    _ = try await ProviderCase.openAICompatible.model(at: server.url).answer(prompt, model: model)
    #expect(jsonText(server.requests.value.first?.json["messages"] ?? []) == messages)
    #expect(server.violations.value == [])
  }

  /// Keeping costs more than reading once, so an ordinary question asks for nothing.
  @Test func areNotAskedForWhereThereIsNone() async throws {
    var plain = prompt
    plain.messages = [.init(.user, "Hello")]
    #expect(
      try await openRouterMessages(plain, "anthropic/claude-sonnet-5.5")
        == jsonText([
          ["role": "system", "content": "Rules."], ["role": "user", "content": "Hello"],
        ]))
  }

  @Test func areMarkedInFourPlacesAtMostTheLastOnesFirst() async throws {
    var long = prompt
    long.messages = (1...9).map { number in
      number % 2 == 0 ? .init(.assistant, "Yes") : .init(.user, stable: "\(number)", "")
    }
    let messages = try await openRouterMessages(long, "anthropic/claude-sonnet-5.5")
    #expect(messages.components(separatedBy: "cache_control").count - 1 == 4)
    #expect(messages.contains(#""content":"3""#) && !messages.contains(#""content":"5""#))
    long.system = ""
    let withoutSystem = try await openRouterMessages(long, "anthropic/claude-sonnet-5.5")
    #expect(withoutSystem.components(separatedBy: "cache_control").count - 1 == 3)
  }

  @Test func countAsTheRestDoes() {
    var whole = prompt
    whole.messages = [.init(.user, "The plan.\n\nStep: 1")]
    #expect(prompt.messages.map(\.text) == whole.messages.map(\.text))
    #expect(prompt.inputTokenBound == whole.inputTokenBound)
    #expect(prompt.inputTokenEstimate == whole.inputTokenEstimate)
  }
}
