import LanguageModels
import Testing
import TestSupport

/// The fakes must refuse what the providers refuse, or the tests that use them prove little.
@Suite("FakeProvider")
struct FakeProviderTests {
  @Test(arguments: [
    Prompt(system: "", messages: [], maximumOutputTokens: 1),
    Prompt(system: "", messages: [.init(.assistant, "a")], maximumOutputTokens: 1),
    Prompt(system: "", messages: [.init(.user, "")], maximumOutputTokens: 1),
    Prompt(system: "", messages: [.init(.user, "a")], maximumOutputTokens: 0),
  ])
  func refusesAndRecordsWhatIsNotAsDocumented(prompt: Prompt) async throws {
    let gemini = try FakeGemini()
    let router = try FakeOpenRouter()
    let server = try FakeOpenAICompatible()
    let models = [
      ProviderCase.gemini.model(at: gemini.url), ProviderCase.openRouter.model(at: router.url),
      ProviderCase.openAICompatible.model(at: server.url),
    ]
    for model in models {
      #expect(await model.failure(prompt)?.reason == .refusedRequest(status: 400))
    }
    #expect(!gemini.violations.value.isEmpty)
    #expect(!router.violations.value.isEmpty)
    #expect(!server.violations.value.isEmpty)
  }
}
