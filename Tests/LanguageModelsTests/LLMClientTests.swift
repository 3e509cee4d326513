import LanguageModels
import Metering
import Testing
import TestSupport

@Suite("LLMClient")
struct LLMClientTests {
  @Test func asksTheProviderThatTheModelIDs() async throws {
    let gemini = try FakeGemini()
    let router = try FakeOpenRouter()
    gemini.answer.change { $0.text = "from Gemini" }
    router.answer.change { $0.text = "from OpenRouter" }
    let client = LLMClient([
      .google: ProviderCase.gemini.model(at: gemini.url),
      .openrouter: ProviderCase.openRouter.model(at: router.url), .demo: DemoModel(),
    ])
    let models = try ["google/g-1", "openrouter/v/n:free", "demo/echo-1"].map {
      try #require(ModelID(parsing: $0))
    }
    #expect(try await client.answer(question, model: models[0]).text == "from Gemini")
    #expect(try await client.answer(question, model: models[1]).text == "from OpenRouter")
    #expect(try await client.answer(question, model: models[2]).keyIdentifier == "demo")
    #expect(router.requests.value.first?.json["model"] as? String == "v/n:free")
    #expect(try await client.countTokens(question, model: models[0]) == 1000)
    #expect(try await client.countTokens(question, model: models[1]) == nil)
    #expect(try await client.usage(ofRequest: "x", provider: .openrouter)?.inputTokens == 1000)
    #expect(try await client.usage(ofRequest: "x", provider: .google) == nil)
  }

  @Test func knowsWhichProvidersAreSetUp() async throws {
    let client = LLMClient([.demo: DemoModel()])
    #expect(client.canCall(.demo))
    #expect(!client.canCall(.google))
    let model = try #require(ModelID(parsing: "google/gemini-3.8-flash"))
    await #expect {
      _ = try await client.answer(question, model: model)
    } throws: {
      ($0 as? LanguageModelError)?.reason == .modelUnknown
    }
  }
}
