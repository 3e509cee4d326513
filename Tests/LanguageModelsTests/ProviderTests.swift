import HTTPTransport
import LanguageModels
import Metering
import Testing
import TestSupport

@Suite("Provider")
struct ProviderTests {
  @Test func isDescribedOnceAndInOrder() {
    #expect(Provider.all.map(\.id) == [.google, .openrouter, .openAICompatible])
    #expect(
      Provider.modelForms == "google/NAME, openrouter/VENDOR/NAME or openai-compatible/NAME")
    #expect(
      Provider.all.map(\.essentialSetting)
        == ["GEMINI_API_KEY", "OPENROUTER_API_KEY", "OPENAI_COMPATIBLE_BASE_URL"])
    #expect(Provider.with(.demo) == nil)
  }

  /// Each must be known by the forms that it is written in.
  @Test(arguments: Provider.all)
  func takesItsOwnForm(provider: Provider) throws {
    let model = try #require(ModelID(parsing: provider.modelForm))
    #expect(model.provider == provider.id)
    #expect((ModelID(provider.id, name: "name") == nil) == provider.needsVendor)
  }

  @Test(arguments: Provider.all)
  func callsTheAddressWithTheKey(provider: Provider) async throws {
    let server = try LoopbackServer { request in
      request.headers.values.contains { $0.hasSuffix(key("abcd")) }
        ? .json("{}", status: 402) : .json("{}", status: 404)
    }
    defer { server.stop() }
    let model = provider.connect(.ofAllTests, server.url, KeyRing([key("abcd")]), CallLimits())
    #expect(await model.failure()?.reason == .providerOutOfFunds)
  }
}

/// What `aidevbot doctor` asks of each key.
@Suite("KeyCheck")
struct KeyCheckTests {
  private func check(
    _ provider: ProviderCase, _ keys: KeyRing, status: Int, body: String = "{}"
  ) async throws -> [KeyCheck] {
    let server = try LoopbackServer { _ in .json(body, status: status) }
    defer { server.stop() }
    return await provider.model(at: server.url, keys: keys).checkKeys()
  }

  @Test(arguments: ProviderCase.allCases)
  func isMadeOnceForEachKey(provider: ProviderCase) async throws {
    let (first, second) = (key("aaaa"), key("bbbb"))
    let accepted = try await check(
      provider, KeyRing([first, second]), status: 200, body: #"{"data": {"limit": null}}"#)
    #expect(accepted.map(\.keyIdentifier) == ["…aaaa", "…bbbb"])
    for check in accepted {
      guard case .accepted = check.outcome else { Issue.record("\(check)"); continue }
    }
    let rejected = try await check(provider, KeyRing([first]), status: 401)
    guard case .failed(let error) = rejected.first?.outcome else {
      Issue.record("\(rejected)")
      return
    }
    #expect(error.reason == .keyRejected)
  }

  @Test func isMadeWithoutAKeyWhereNoneIsNeeded() async throws {
    let server = try FakeOpenAICompatible()
    defer { server.stop() }
    let checks = await ProviderCase.openAICompatible.model(
      at: server.url, keys: KeyRing([], mayBeEmpty: true)
    ).checkKeys()
    #expect(checks.count == 1)
    #expect(checks.first?.keyIdentifier == nil)
    #expect(server.requests.value.map(\.target) == ["/models"])
    #expect(server.violations.value == [])
  }

  @Test func isNoFailureWhereTheServerHasNoListOfModels() async throws {
    let checks = try await check(.openAICompatible, KeyRing([key("aaaa")]), status: 404)
    guard case .notOffered = checks.first?.outcome else {
      Issue.record("\(checks)")
      return
    }
  }

  @Test func isNotMadeOfTheDemo() async {
    #expect(await DemoModel().checkKeys().isEmpty)
  }
}
