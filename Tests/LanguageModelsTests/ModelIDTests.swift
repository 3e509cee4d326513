import LanguageModels
import Metering
import Testing

@Suite("ModelID")
struct ModelIDTests {
  @Test(arguments: [
    ("google/gemini-3.8-flash", ModelProvider.google, "gemini-3.8-flash"),
    ("openrouter/anthropic/claude-sonnet-5.5", .openrouter, "anthropic/claude-sonnet-5.5"),
    ("openrouter/vendor/name:free", .openrouter, "vendor/name:free"),
    ("openai-compatible/llama3.2:3b", .openAICompatible, "llama3.2:3b"),
    ("openai-compatible/hf.co/meta/Llama-3:Q4_K_M", .openAICompatible, "hf.co/meta/Llama-3:Q4_K_M"),
    ("demo/echo-1", .demo, "echo-1"),
  ])
  func readsAndWritesTheSameText(text: String, provider: ModelProvider, name: String) throws {
    let model = try #require(ModelID(parsing: text))
    #expect(model.provider == provider)
    #expect(model.name == name)
    #expect(model.description == text)
    #expect(model == ModelID(provider, name: name))
  }

  /// Gemini's own list writes `models/NAME`, and answers to no such name in a path.
  @Test func takesANameFromTheProvidersOwnListForTheModels() {
    #expect(ModelID(parsing: "google/models/gemini-3.8-flash")?.name == "gemini-3.8-flash")
    #expect(ModelID(parsing: "openai-compatible/models/x")?.name == "models/x")
    #expect(ModelID(parsing: "google/models/") == nil)
    #expect(ModelID(parsing: "google/google/gemini-3.8-flash") == nil)
    #expect(ModelID(parsing: "google/tunedModels/mine") == nil)
  }

  @Test(arguments: [
    "", "/", "google", "google/", "/gemini", "Google/gemini", "anthropic/claude",
    "google/ge mini", "google/gemini\n", "google/gem\u{0}ini", "google/gem\u{200B}ini",
    "google/gemini?key=1", "google/gemini#x", "google/gemini%2F", "google/gémini", "google/..",
    "google/../files", "openrouter/a//b", "openrouter/a", "openrouter/a/", "openrouter//a",
    "openrouter/a/./b", "openai-compatible", "openai-compatible/", "openai-compatible/a//b",
    "openai-compatible/ä", "openai_compatible/a",
    "google/" + String(repeating: "a", count: 161),
  ])
  func refusesWhatNamesNoModelOrIsUnsafeInAPath(text: String) {
    #expect(ModelID(parsing: text) == nil)
  }

  @Test(arguments: [
    ("gemini-2.5-flash-image", true), ("gemini-3-pro-image-preview", true), ("imagen-4", true),
    ("openai/gpt-5-image-mini", true), ("gpt-image-1", true), ("dall-e-3", true),
    ("gemini-2.5-flash", false), ("vendor/imagine-1", false), ("vendor/reimage", false),
  ])
  func tellsByItsNameThatAModelMakesImages(name: String, makesImages: Bool) {
    #expect(ModelID(provider: "any", name: name).isNamedForImages == makesImages)
  }
}
