import LanguageModels
import Metering
import Testing
import TestSupport

@Suite("GeminiModel")
struct GeminiModelTests {
  @Test func sendsThePromptAndReturnsTheAnswerWithItsUsage() async throws {
    let gemini = try FakeGemini()
    gemini.answer.change {
      $0.text = "Vier 🙂"
      $0.cachedInputTokens = 200
      $0.reasoningTokens = 100
    }
    let prompt = Prompt(
      system: "Sei \"knapp\"\n\u{1}.",
      messages: [
        .init(.user, "Grüße\u{2028}👩‍👩‍👧"), .init(.assistant, "Ja?"), .init(.user, "2+2?"),
      ],
      maximumOutputTokens: 777)

    let answer = try await ProviderCase.gemini.model(at: gemini.url)
      .answer(prompt, model: "gemini-3.8-flash")

    #expect(gemini.violations.value == [])
    #expect(answer.text == "Vier 🙂")
    #expect(
      answer.usage
        == TokenUsage(
          inputTokens: 1000, cachedInputTokens: 200, outputTokens: 500, reasoningTokens: 100))
    #expect(answer.model == "gemini-3.8-flash")
    #expect(answer.requestID == "fake-1")
    #expect(answer.keyIdentifier == "…abcd")
    #expect(answer.responseTime > .zero)
    #expect(answer.ending == .complete)
    let request = try #require(gemini.requests.value.first)
    #expect(request.target == "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse")
    #expect(request.headers["x-goog-api-key"] == key("abcd"))
    let sent = jsonText(request.json)
    #expect(
      sent
        == jsonText([
          "systemInstruction": ["parts": [["text": "Sei \"knapp\"\n\u{1}."]]],
          "contents": [
            ["role": "user", "parts": [["text": "Grüße\u{2028}👩‍👩‍👧"]]],
            ["role": "model", "parts": [["text": "Ja?"]]],
            ["role": "user", "parts": [["text": "2+2?"]]],
          ],
          "generationConfig": ["maxOutputTokens": 777],
        ]))
  }

  @Test func tellsThatAnAnswerIsCutOff() async throws {
    let gemini = try FakeGemini()
    gemini.answer.change { $0.isCutOff = true }
    #expect(try await ProviderCase.gemini.model(at: gemini.url).answer().ending == .lengthLimit)
  }

  @Test func leavesOutAnEmptySystemPrompt() async throws {
    let gemini = try FakeGemini()
    var prompt = question
    prompt.system = ""
    _ = try await ProviderCase.gemini.model(at: gemini.url).answer(prompt)
    #expect(gemini.violations.value == [])
    #expect(gemini.requests.value.first?.json["systemInstruction"] == nil)
  }

  @Test func escapesAModelIDThatWouldLeadElsewhere() async throws {
    let gemini = try FakeGemini()
    _ = try await ProviderCase.gemini.model(at: gemini.url).answer(model: "../a?b#c:d")
    #expect(
      gemini.requests.value.first?.target
        == "/v1beta/models/..%2Fa%3Fb%23c%3Ad:streamGenerateContent?alt=sse")
  }

  @Test func countsTokensTogetherWithTheSystemPrompt() async throws {
    let gemini = try FakeGemini()
    gemini.answer.change { $0.inputTokens = 321 }
    let count = try await ProviderCase.gemini.model(at: gemini.url)
      .countTokens(question, model: "gemini-3.8-flash")
    #expect(count == 321)
    #expect(gemini.violations.value == [])
  }

  @Test(arguments: ["{}", #"{"totalTokens": -1}"#, #"{"totalTokens": 1e300}"#, "none"])
  func failsACountThatIsNoneAndCostsNothing(body: String) async throws {
    let gemini = try FakeGemini()
    gemini.onCall { _ in .json(body) }
    await #expect {
      _ = try await ProviderCase.gemini.model(at: gemini.url).countTokens(question, model: "m")
    } throws: { error in
      let error = error as? LanguageModelError
      return error?.reason == .answerMalformed && error?.mayHaveCost == false
    }
  }

  @Test func countsForFreeEvenWhereTheConnectionBreaks() async throws {
    let gemini = try FakeGemini()
    gemini.onCall { _ in .cut("{}", after: 1) }
    await #expect {
      _ = try await ProviderCase.gemini.model(at: gemini.url).countTokens(question, model: "m")
    } throws: { error in
      let error = error as? LanguageModelError
      return error?.reason == .connectionLost && error?.mayHaveCost == false
    }
  }

  @Test func hasNoLookUpOfEarlierRequests() async throws {
    let model = ProviderCase.gemini.model(at: "http://127.0.0.1:1")
    #expect(try await model.usage(ofRequest: "any") == nil)
  }

  @Test func joinsTextPartsLeavesOutThoughtsAndCountsImages() async throws {
    let answer = try await ask(
      .gemini,
      replying: .json(
        #"""
        {"candidates": [{"content": {"parts": [{"text": "hmm", "thought": true}, {"text": "one, "},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, {"text": "two"},
        {"newKind": {}}]}, "finishReason": "A_NEW_ONE"}], "newField": [[1.5e3]],
        "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 3}}
        """#))
    #expect(answer.text == "one, two")
    #expect(answer.usage == TokenUsage(inputTokens: 9, outputTokens: 3, images: 1))
    #expect(answer.model == "some-model")
    #expect(answer.requestID == nil)
  }

  @Test func tellsTheRequestIDOnce() async throws {
    let gemini = try FakeGemini()
    let ids = Watched<[String]>([])
    let model = ProviderCase.gemini.model(at: gemini.url)
    _ = try await model.answer(question, model: "m") { id in ids.change { $0.append(id) } }
    #expect(ids.value == ["fake-1"])
  }
}
