import LanguageModels
import Metering
import Testing
import TestSupport

/// A model that thinks is told how much, if its provider says that it takes that.
@Suite("A budget for thinking")
struct ThinkingTests {
  private var prompt: Prompt {
    var prompt = question
    prompt.maximumOutputTokens = 2_048
    prompt.thinkingBudget = 1_024
    return prompt
  }

  private func config(of gemini: FakeGemini) -> String {
    let config = gemini.requests.value.last?.json["generationConfig"] as? [String: Any]
    return jsonText(config?["thinkingConfig"] ?? [:])
  }

  @Test(arguments: [
    ("gemini-2.5-flash", #"{"thinkingBudget":1024}"#),
    ("gemini-2.5-pro", #"{"thinkingBudget":1024}"#),
    ("gemini-3-flash-preview", #"{"thinkingLevel":"LOW"}"#),
    ("gemini-3.1-pro-preview", #"{"thinkingLevel":"LOW"}"#),
    ("gemini-4-flash", #"{"thinkingLevel":"LOW"}"#),
    ("gemini-2.0-flash", "{}"), ("gemini-flash-latest", "{}"), ("gemma-3-27b", "{}"),
  ])
  func takesTheFormOfGeminisGeneration(model: String, config: String) async throws {
    let gemini = try FakeGemini()
    gemini.answer.change { $0.takesThinkingBudget = true }
    let client = ProviderCase.gemini.model(at: gemini.url)
    try await client.learn(about: [model])
    #expect(client.takesThinkingBudget(model) == (config != "{}"))
    _ = try await client.answer(prompt, model: model)
    #expect(self.config(of: gemini) == config)
    #expect(gemini.requests.value.map(\.method) == ["GET", "POST"])
    #expect(gemini.requests.value.first?.target == "/v1beta/models/\(model)")
    #expect(gemini.violations.value == [])
  }

  @Test(arguments: [true, false])
  func isNotSentToAModelOfWhichNothingIsKnown(isAsked: Bool) async throws {
    let gemini = try FakeGemini()
    let client = ProviderCase.gemini.model(at: gemini.url)
    if isAsked { try await client.learn(about: ["gemini-2.5-flash"]) }
    #expect(!client.takesThinkingBudget("gemini-2.5-flash"))
    _ = try await client.answer(prompt, model: "gemini-2.5-flash")
    #expect(config(of: gemini) == "{}")
  }

  @Test func isNotSentWhereTheListCannotBeRead() async throws {
    let gemini = try FakeGemini()
    gemini.onCall { $0.method == "GET" ? .json("{}", status: 503) : nil }
    let client = ProviderCase.gemini.model(at: gemini.url)
    await #expect(throws: LanguageModelError.self) {
      try await client.learn(about: ["gemini-2.5-flash"])
    }
    #expect(!client.takesThinkingBudget("gemini-2.5-flash"))
  }

  @Test func isSentToThoseThatOpenRouterListsForIt() async throws {
    let router = try FakeOpenRouter()
    router.answer.change {
      $0.modelList = #"""
        {"data": [{"id": "a/thinks", "supported_parameters": ["max_tokens", "reasoning"]},
        {"id": "a/does-not", "supported_parameters": ["max_tokens"]}, {"id": "a/odd",
        "supported_parameters": null}, {"id": "a/thinks-on-demand", "supported_parameters":
        ["reasoning"], "reasoning": {"default_enabled": false}}, {}]}
        """#
    }
    let client = ProviderCase.openRouter.model(at: router.url)
    let models = ["a/thinks", "a/does-not", "a/odd", "a/unlisted", "a/thinks-on-demand"]
    try await client.learn(about: models)
    try await client.learn(about: models)
    #expect(models.map(client.takesThinkingBudget) == [true, false, false, false, false])
    for model in models { _ = try await client.answer(prompt, model: model) }
    let calls = router.requests.value.filter(OpenRouterDialect.asksForAnswer)
    #expect(
      calls.map { jsonText($0.json["reasoning"] ?? [:]) }
        == [#"{"max_tokens":1024}"#, "{}", "{}", "{}", "{}"])
    #expect(router.requests.value.count { $0.path == "/models" } == 1)
    #expect(router.violations.value == [])
  }

  @Test func isNotSentWhereAServerInBetweenHasNoList() async throws {
    let gemini = try FakeGemini()
    gemini.onCall { $0.method == "GET" ? .html("Not here", status: 404) : nil }
    let client = ProviderCase.gemini.model(at: gemini.url)
    for _ in 1...2 { try await client.learn(about: ["gemini-2.5-flash"]) }
    #expect(!client.takesThinkingBudget("gemini-2.5-flash"))
    #expect(gemini.requests.value.count == 1)
  }

  @Test func isLeftOutOnceAModelRefusesIt() async throws {
    let gemini = try FakeGemini()
    gemini.answer.change { $0.takesThinkingBudget = true }
    gemini.onCall { request in
      let config = request.json["generationConfig"] as? [String: Any]
      guard config?["thinkingConfig"] != nil else { return nil }
      return .json(
        #"{"error": {"code": 400, "message": "Thinking_budget is not supported", "status": "x"}}"#,
        status: 400)
    }
    let client = ProviderCase.gemini.model(at: gemini.url)
    try await client.learn(about: ["gemini-2.5-flash"])
    for _ in 1...2 { _ = try await client.answer(prompt, model: "gemini-2.5-flash") }
    #expect(!client.takesThinkingBudget("gemini-2.5-flash"))
    // The list, the refusal, and each answer.
    #expect(gemini.requests.value.count == 4)
  }

  @Test func isLeftOutOnceAModelOfOpenRoutersRefusesIt() async throws {
    let router = try FakeOpenRouter()
    router.answer.change {
      $0.modelList = #"{"data": [{"id": "a/b", "supported_parameters": ["reasoning"]}]}"#
    }
    router.onCall { request in
      request.json["reasoning"] == nil
        ? nil : .json(#"{"error": {"message": "reasoning.max_tokens: unknown"}}"#, status: 400)
    }
    let client = ProviderCase.openRouter.model(at: router.url)
    try await client.learn(about: ["a/b"])
    for _ in 1...2 { _ = try await client.answer(prompt, model: "a/b") }
    #expect(!client.takesThinkingBudget("a/b"))
    #expect(router.requests.value.filter(OpenRouterDialect.asksForAnswer).count == 3)
  }

  /// Any other refusal is one.
  @Test func isNotBlamedForAnotherRefusal() async throws {
    let gemini = try FakeGemini()
    gemini.answer.change { $0.takesThinkingBudget = true }
    gemini.onCall { $0.method == "GET" ? nil : .json(#"{"error": {"code": 400}}"#, status: 400) }
    let client = ProviderCase.gemini.model(at: gemini.url)
    try await client.learn(about: ["gemini-2.5-flash"])
    await #expect(throws: LanguageModelError.self) {
      _ = try await client.answer(prompt, model: "gemini-2.5-flash")
    }
    #expect(client.takesThinkingBudget("gemini-2.5-flash"))
    #expect(gemini.requests.value.count == 2)
  }
}
