import Foundation
import LanguageModels
import Metering
import Testing
import TestSupport

@Suite("OpenRouterModel")
struct OpenRouterModelTests {
  @Test func sendsThePromptAndReturnsTheAnswerWithItsUsageAndCost() async throws {
    let router = try FakeOpenRouter()
    router.answer.change {
      $0.text = "Vier"
      $0.cachedInputTokens = 200
      $0.cacheWriteTokens = 300
      $0.reasoningTokens = 100
      $0.cost = "7.1e-05"
    }
    let prompt = Prompt(
      system: "Sei knapp.",
      messages: [.init(.user, "Grüße"), .init(.assistant, "Ja?"), .init(.user, "2+2?")],
      maximumOutputTokens: 777, priceCeiling: .init(input: "0.30", output: "2.50"))

    let answer = try await ProviderCase.openRouter.model(at: router.url)
      .answer(prompt, model: "vendor/name:free")

    #expect(router.violations.value == [])
    #expect(answer.text == "Vier")
    #expect(
      answer.usage
        == TokenUsage(
          inputTokens: 1000, cachedInputTokens: 200, cacheWriteTokens: 300, outputTokens: 500,
          reasoningTokens: 100, reportedCostUSD: "0.000071"))
    #expect(answer.model == "vendor/name:free")
    #expect(answer.requestID == "fake-1")
    #expect(answer.keyIdentifier == "…abcd")
    let request = try #require(router.requests.value.first)
    #expect(request.target == "/chat/completions")
    #expect(request.headers["authorization"] == "Bearer " + key("abcd"))
    let sent = jsonText(request.json)
    #expect(
      sent
        == jsonText([
          "model": "vendor/name:free", "max_completion_tokens": 777, "stream": true,
          "messages": [
            ["role": "system", "content": "Sei knapp."], ["role": "user", "content": "Grüße"],
            ["role": "assistant", "content": "Ja?"], ["role": "user", "content": "2+2?"],
          ],
          "provider": ["max_price": ["prompt": "0.30", "completion": "2.50"]],
        ]))
  }

  @Test func leavesOutWhatIsNotAskedFor() async throws {
    let router = try FakeOpenRouter()
    var prompt = question
    prompt.system = ""
    _ = try await ProviderCase.openRouter.model(at: router.url).answer(prompt)
    #expect(router.violations.value == [])
    let body = router.requests.value.first?.json
    #expect(body?["provider"] == nil)
    #expect((body?["messages"] as? [Any])?.count == 1)
  }

  @Test func tellsTheRequestIDBeforeTheAnswerIsThereAndOnlyOnce() async throws {
    let ids = Watched<[String]>([])
    let body = #"{"id": "gen-2", \#(ProviderCase.openRouter.goodBody.dropFirst())"#
    let server = try LoopbackServer { _ in
      .written { write in
        _ = write(Data("HTTP/1.1 200 OK\r\nX-Generation-Id: gen-1\r\n\r\n".utf8))
        guard ids.block(until: { $0 == ["gen-1"] }) else { return }
        _ = write(Data(body.utf8))
      }
    }
    let answer = try await ProviderCase.openRouter.model(at: server.url)
      .answer(question, model: "m") { id in ids.change { $0.append(id) } }
    #expect(answer.requestID == "gen-1")
    #expect(ids.value == ["gen-1"])
  }

  @Test func takesTheRequestIDFromTheBodyWhereTheHeaderIsMissing() async throws {
    let ids = Watched<[String]>([])
    let body = #"{"id": "gen-2", \#(ProviderCase.openRouter.goodBody.dropFirst())"#
    let server = try LoopbackServer { _ in .json(body) }
    let answer = try await ProviderCase.openRouter.model(at: server.url)
      .answer(question, model: "m") { id in ids.change { $0.append(id) } }
    #expect(answer.requestID == "gen-2")
    #expect(ids.value == ["gen-2"])
  }

  @Test func triesTheNextKeyWhenARefusalComesInsideASuccess() async throws {
    let router = try FakeOpenRouter()
    router.replyNext(.json(#"{"error": {"code": 429, "message": "slow down"}}"#))
    let keys = KeyRing([key("aaaa"), key("bbbb")])
    #expect(
      try await ProviderCase.openRouter.model(at: router.url, keys: keys).answer().keyIdentifier
        == "…bbbb")
    #expect(router.requests.value.count == 2)
  }

  @Test func tellsNoRequestIDOfARefusal() async throws {
    let ids = Watched<[String]>([])
    let server = try LoopbackServer { _ in
      .json("{}", status: 503, headers: ["X-Generation-Id": "gen-1"])
    }
    _ = try? await ProviderCase.openRouter.model(at: server.url)
      .answer(question, model: "m") { id in ids.change { $0.append(id) } }
    #expect(ids.value == [])
  }

  @Test func countsNoTokens() async throws {
    let model = ProviderCase.openRouter.model(at: "http://127.0.0.1:1")
    #expect(try await model.countTokens(question, model: "m") == nil)
  }

  @Test func looksUpWhatAnEarlierRequestUsedAndCost() async throws {
    let router = try FakeOpenRouter()
    let usage = try await ProviderCase.openRouter.model(at: router.url)
      .usage(ofRequest: "gen 1&id=2/ü")
    #expect(
      usage == TokenUsage(inputTokens: 1000, outputTokens: 500, reportedCostUSD: "0.00155"))
    #expect(router.violations.value == [])
    #expect(router.requests.value.first?.target == "/generation?id=gen%201%26id%3D2%2F%C3%BC")
  }

  @Test func takesTheTokensOfAnImageForNoImages() async throws {
    let router = try FakeOpenRouter()
    let body = """
      {"data": {"native_tokens_prompt": 10, "native_tokens_completion": 1300,
      "native_tokens_completion_images": 1290}}
      """
    router.onCall { _ in .json(body) }
    #expect(
      try await ProviderCase.openRouter.model(at: router.url).usage(ofRequest: "gen-1")
        == TokenUsage(inputTokens: 10, outputTokens: 1300))
  }

  @Test func knowsNothingOfARequestThatTheProviderDoesNotKnow() async throws {
    let router = try FakeOpenRouter()
    router.onCall { _ in .json(#"{"error": {"code": 404, "message": "not found"}}"#, status: 404) }
    #expect(
      try await ProviderCase.openRouter.model(at: router.url).usage(ofRequest: "gen-1") == nil)
  }

  @Test(arguments: [
    (200, "{}", LanguageModelError.Reason.answerMalformed),
    (200, #"{"data": {}}"#, .answerMalformed),
    (200, #"{"data": {"native_tokens_prompt": -1}}"#, .answerMalformed),
    (500, "", .providerFailed(status: 500)),
    (401, "", .keyRejected),
  ])
  func failsALookUpWithoutCost(
    status: Int, body: String, reason: LanguageModelError.Reason
  ) async throws {
    let router = try FakeOpenRouter()
    router.onCall { _ in .json(body, status: status) }
    await #expect {
      _ = try await ProviderCase.openRouter.model(at: router.url).usage(ofRequest: "gen-1")
    } throws: { error in
      let error = error as? LanguageModelError
      return error?.reason == reason && error?.mayHaveCost == false
    }
  }
}
