import Foundation
import LanguageModels
import Testing
import TestSupport

@Suite("OpenRouterCatalog")
struct OpenRouterCatalogTests {
  private let server: FakeOpenRouter

  init() throws {
    server = try FakeOpenRouter()
  }

  private func models(timeout: Duration = .seconds(600)) async throws -> Data {
    try await OpenRouterCatalog(
      transport: .ofAllTests, baseURL: server.url, timeout: timeout
    ).models()
  }

  @Test func bringsTheListAsItIsAndShowsNoKey() async throws {
    let list = #"{"data": [{"id": "a/b", "pricing": {"prompt": "8.3e-8"}}]}"#
    server.answer.change { $0.modelList = list }
    #expect(try await models() == Data(list.utf8))
    #expect(server.violations.value.isEmpty)
  }

  @Test(arguments: [
    (LoopbackReply.json("{}", status: 503), LanguageModelError.Reason.providerOverloaded),
    (.json("{}", status: 404), .modelUnknown), (.reset, .connectionLost),
    (.cut("{}", after: 1), .connectionLost),
  ])
  func saysWhyThereIsNoList(
    reply: LoopbackReply, reason: LanguageModelError.Reason
  ) async throws {
    server.onCall { _ in reply }
    await #expect { try await models() } throws: { error in
      (error as? LanguageModelError)?.reason == reason
    }
  }

  @Test func waitsNoLongerThanItIsTold() async throws {
    server.onCall { _ in .hang }
    await #expect { try await models(timeout: .seconds(15)) } throws: { error in
      (error as? LanguageModelError)?.reason == .timedOut
    }
  }
}
