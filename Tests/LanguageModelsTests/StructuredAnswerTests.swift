import Foundation
import LanguageModels
import Testing
import TestSupport

/// An answer follows a JSON Schema where the model takes one; no call fails for a schema.
@Suite("Answers by a schema")
struct StructuredAnswerTests {
  /// Its keys are in no order of the alphabet: the answer's come in that of the schema.
  private static let schema =
    #"{"type":"object","properties":{"title":{"type":"string"},"files":{"type":"array","items":"#
    + #"{"type":"string"}}},"required":["title","files"],"additionalProperties":false}"#

  /// Says what a careless replacement would take for the place of the schema.
  private var prompt: Prompt {
    var prompt = Prompt(
      system: #""responseJsonSchema":"""#, messages: [.init(.user, #""schema":"""#)],
      maximumOutputTokens: 777)
    prompt.schema = Self.schema
    return prompt
  }

  private static let listed = #"""
    {"data": [{"id": "a/takes", "supported_parameters": ["response_format", "structured_outputs"]},
    {"id": "a/json-alone", "supported_parameters": ["response_format"]}, {"id": "a/none"}]}
    """#

  @Test func areAskedOfGemini() async throws {
    let gemini = try FakeGemini()
    _ = try await ProviderCase.gemini.model(at: gemini.url).answer(prompt, model: "gemini-3-flash")
    #expect(gemini.violations.value == [])
    let body = String(decoding: try #require(gemini.requests.value.first).body, as: UTF8.self)
    #expect(
      body == #"{"contents":[{"parts":[{"text":"\"schema\":\"\""}],"role":"user"}],"#
        + #""generationConfig":{"maxOutputTokens":777,"responseJsonSchema":\#(Self.schema),"#
        + #""responseMimeType":"application/json"},"#
        + #""systemInstruction":{"parts":[{"text":"\"responseJsonSchema\":\"\""}]}}"#)
  }

  @Test func areAskedOfThoseThatOpenRouterListsForIt() async throws {
    let router = try FakeOpenRouter()
    router.answer.change { $0.modelList = Self.listed }
    let client = ProviderCase.openRouter.model(at: router.url)
    let models = ["a/takes", "a/json-alone", "a/none", "a/unlisted"]
    // Of what was not looked up, nothing is known.
    _ = try await client.answer(prompt, model: "a/takes")
    try await client.learn(about: models)
    for model in models { _ = try await client.answer(prompt, model: model) }
    let calls = router.requests.value.filter(OpenRouterDialect.asksForAnswer)
    #expect(
      calls.map { $0.json["response_format"] != nil } == [false, true, false, false, false])
    let body = String(decoding: try #require(calls.dropFirst().first).body, as: UTF8.self)
    #expect(
      body == #"{"max_completion_tokens":777,"messages":[{"content":"\"responseJsonSchema\":"#
        + #"\"\"","role":"system"},{"content":"\"schema\":\"\"","role":"user"}],"#
        + #""model":"a/takes","response_format":{"json_schema":{"name":"answer","#
        + #""schema":\#(Self.schema),"strict":true},"type":"json_schema"},"stream":true}"#)
    #expect(router.violations.value == [])
  }

  @Test func areNotAskedOfOtherServers() async throws {
    let server = try FakeOpenAICompatible()
    _ = try await ProviderCase.openAICompatible.model(at: server.url).answer(prompt, model: "m")
    #expect(server.violations.value == [])
  }

  /// Nothing need be said of the schema: "Request contains an invalid argument."
  @Test(arguments: [400, 422]) func areDoneWithoutOnceAModelRefuses(status: Int) async throws {
    let gemini = try FakeGemini()
    gemini.onCall { request in
      let config = request.json["generationConfig"] as? [String: Any]
      guard config?["responseJsonSchema"] != nil else { return nil }
      return .json(#"{"error": {"code": 400, "message": "invalid argument"}}"#, status: status)
    }
    let client = ProviderCase.gemini.model(at: gemini.url)
    for _ in 1...2 {
      #expect(try await client.answer(prompt, model: "gemini-3-flash").ending == .complete)
    }
    #expect(gemini.requests.value.count == 3)
    _ = try await client.answer(prompt, model: "gemini-2.5-pro")
    #expect(gemini.requests.value.count == 5)
  }

  @Test func areDoneWithoutWhereOpenRoutersProviderRefuses() async throws {
    let router = try FakeOpenRouter()
    router.answer.change { $0.modelList = Self.listed }
    router.onCall { request in
      request.json["response_format"] == nil
        ? nil : .json(#"{"error": {"message": "Provider returned error"}}"#, status: 400)
    }
    let client = ProviderCase.openRouter.model(at: router.url)
    try await client.learn(about: ["a/takes"])
    for _ in 1...2 { _ = try await client.answer(prompt, model: "a/takes") }
    #expect(router.requests.value.filter(OpenRouterDialect.asksForAnswer).count == 3)
  }

  /// What is refused without a schema too is refused for something else.
  @Test func areNotGivenUpForAnotherRefusal() async throws {
    let gemini = try FakeGemini()
    let refuses = Watched(true)
    gemini.onCall { _ in
      refuses.value ? .json(#"{"error": {"code": 400}}"#, status: 400) : nil
    }
    let client = ProviderCase.gemini.model(at: gemini.url)
    await #expect { try await client.answer(prompt, model: "gemini-3-flash") } throws: { error in
      (error as? LanguageModelError)?.reason == .refusedRequest(status: 400)
    }
    refuses.change { $0 = false }
    _ = try await client.answer(prompt, model: "gemini-3-flash")
    let config = gemini.requests.value.last?.json["generationConfig"] as? [String: Any]
    #expect(config?["responseJsonSchema"] != nil)
    // No other failure is repeated.
    gemini.onCall { _ in .json("{}", status: 500) }
    await #expect(throws: LanguageModelError.self) {
      _ = try await client.answer(prompt, model: "gemini-3-flash")
    }
    #expect(gemini.requests.value.count == 4)
  }

  @Test func countTowardsThePrompt() async throws {
    var plain = prompt
    plain.schema = nil
    let size = Self.schema.utf8.count + Prompt.tokensAroundSchema
    #expect(prompt.inputTokenBound == plain.inputTokenBound + size)
    #expect(prompt.inputTokenEstimate > plain.inputTokenEstimate)
    // Gemini counts what the model reads, and the schema may be more.
    let gemini = try FakeGemini()
    let client = ProviderCase.gemini.model(at: gemini.url)
    let counted = try await client.countTokens(plain, model: "gemini-3-flash")
    #expect(
      try await client.countTokens(prompt, model: "gemini-3-flash") == counted.map { $0 + size })
    #expect(gemini.violations.value == [])
  }
}
