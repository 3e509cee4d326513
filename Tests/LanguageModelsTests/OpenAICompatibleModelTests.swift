import LanguageModels
import Metering
import Testing
import TestSupport

@Suite("OpenAICompatibleModel")
struct OpenAICompatibleModelTests {
  @Test func sendsThePromptAndReturnsTheAnswerWithItsUsage() async throws {
    let server = try FakeOpenAICompatible()
    defer { server.stop() }
    server.answer.change {
      $0.text = "Vier"
      $0.cachedInputTokens = 200
      $0.reasoningTokens = 100
    }
    let prompt = Prompt(
      system: "Sei knapp.",
      messages: [.init(.user, "Grüße"), .init(.assistant, "Ja?"), .init(.user, "2+2?")],
      maximumOutputTokens: 777, priceCeiling: .init(input: "0.30", output: "2.50"))

    let ids = Watched<[String]>([])
    let answer = try await ProviderCase.openAICompatible.model(at: server.url)
      .answer(prompt, model: "org/some/name") { id in ids.change { $0.append(id) } }

    #expect(server.violations.value == [])
    #expect(answer.text == "Vier")
    #expect(
      answer.usage
        == TokenUsage(
          inputTokens: 1000, cachedInputTokens: 200, outputTokens: 500, reasoningTokens: 100))
    #expect(answer.model == "org/some/name")
    #expect(answer.requestID == "fake-1")
    #expect(ids.value == [])
    #expect(answer.keyIdentifier == "…abcd")
    #expect(answer.ending == .complete)
    let request = try #require(server.requests.value.first)
    #expect(request.target == "/chat/completions")
    #expect(request.headers["authorization"] == "Bearer " + key("abcd"))
    #expect(
      jsonText(request.json)
        == jsonText([
          "model": "org/some/name", "max_tokens": 777, "stream": true,
          "stream_options": ["include_usage": true],
          "messages": [
            ["role": "system", "content": "Sei knapp."], ["role": "user", "content": "Grüße"],
            ["role": "assistant", "content": "Ja?"], ["role": "user", "content": "2+2?"],
          ],
        ]))
  }

  @Test func asksWithoutAHeaderWhereThereIsNoKey() async throws {
    let server = try FakeOpenAICompatible()
    defer { server.stop() }
    let model = ProviderCase.openAICompatible.model(
      at: server.url, keys: KeyRing([], mayBeEmpty: true))
    for _ in 1...2 { #expect(try await model.answer().keyIdentifier == "none") }
    #expect(server.requests.value.count == 2)
    #expect(server.requests.value.allSatisfy { $0.headers["authorization"] == nil })
    #expect(server.violations.value == [])
  }

  @Test func takesAnAnswerInOnePiece() async throws {
    let body = """
      {"id": "chatcmpl-1", "object": "chat.completion", "model": "real", "choices": [{"index": 0,
      "message": {"role": "assistant", "content": "4", "reasoning_content": "hm", "refusal": null},
      "finish_reason": "length"}], "usage": {"prompt_tokens": 10, "completion_tokens": 5}}
      """
    // DeepSeek keeps the connection alive with empty lines.
    let answer = try await ask(.openAICompatible, replying: .json("\n\n\n" + body))
    #expect(answer.text == "4")
    #expect(answer.model == "real")
    #expect(answer.requestID == "chatcmpl-1")
    #expect(answer.ending == .lengthLimit)
    #expect(answer.usage == TokenUsage(inputTokens: 10, outputTokens: 5))
  }

  @Test func showsNoReasoningOfAStream() async throws {
    let answer = try await ask(
      .openAICompatible,
      replying: .events([
        #"{"choices": [{"delta": {"content": null, "reasoning_content": "hm"}}]}"#,
        #"{"choices": [{"delta": {"content": "4"}, "finish_reason": ""}]}"#,
        #"{"choices": [{"delta": {}, "finish_reason": "stop"}]}"#,
        #"{"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}}"#,
      ]))
    #expect(answer.text == "4")
  }

  @Test func endsWithoutAnAnswerWhereTheReasonForItsEndIsEmpty() async throws {
    let error = try await failure(
      .openAICompatible,
      replying: .events([
        #"{"choices": [{"delta": {"content": "4"}, "finish_reason": ""}], "#
          + #""usage": {"prompt_tokens": 10, "completion_tokens": 5}}"#
      ]))
    #expect(error?.reason == .connectionLost)
    #expect(error?.mayHaveCost == true)
  }

  @Test(arguments: [
    ("", TokenUsage(inputTokens: 10, outputTokens: 5)),
    (
      #", "prompt_tokens_details": {"cached_tokens": 4}"#,
      TokenUsage(inputTokens: 10, cachedInputTokens: 4, outputTokens: 5)
    ),
    (
      #", "prompt_cache_hit_tokens": 3, "prompt_cache_miss_tokens": 7"#,
      TokenUsage(inputTokens: 10, cachedInputTokens: 3, outputTokens: 5)
    ),
    (
      #", "prompt_tokens_details": null, "completion_tokens_details": {"reasoning_tokens": 2}"#,
      TokenUsage(inputTokens: 10, outputTokens: 5, reasoningTokens: 2)
    ),
    // As OpenAI counts, and as xAI does.
    (
      #", "completion_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 15"#,
      TokenUsage(inputTokens: 10, outputTokens: 5, reasoningTokens: 2)
    ),
    (
      #", "completion_tokens_details": {"reasoning_tokens": 7}, "total_tokens": 22"#,
      TokenUsage(inputTokens: 10, outputTokens: 12, reasoningTokens: 7)
    ),
    // No cost of the server's own is believed.
    (#", "cost": 9"#, TokenUsage(inputTokens: 10, outputTokens: 5)),
  ])
  func readsTheUsageOfManyServers(fields: String, usage: TokenUsage) async throws {
    let body = """
      {"choices": [{"message": {"content": "4"}, "finish_reason": "stop"}],
      "usage": {"prompt_tokens": 10, "completion_tokens": 5\(fields)}}
      """
    #expect(try await ask(.openAICompatible, replying: .json(body)).usage == usage)
  }

  @Test func keepsTheUsageOfAnAnswerThatTheServerDidNotBegin() async throws {
    let body = """
      {"choices": [{"message": {"content": ""}, "finish_reason": "insufficient_system_resource"}],
      "usage": {"prompt_tokens": 10, "completion_tokens": 5}}
      """
    let error = try await failure(.openAICompatible, replying: .json(body))
    #expect(error?.reason == .providerOverloaded)
    #expect(error?.usage == TokenUsage(inputTokens: 10, outputTokens: 5))
  }

  @Test func offersNeitherACountNorALookUp() async throws {
    let model = ProviderCase.openAICompatible.model(at: "http://127.0.0.1:1")
    #expect(try await model.countTokens(question, model: "m") == nil)
    #expect(try await model.usage(ofRequest: "chatcmpl-1") == nil)
  }
}

// MARK: - The cap

extension OpenAICompatibleModelTests {
  private static let refusal = LoopbackReply.json(
    #"""
    {"error": {"message": "Unsupported parameter: 'max_tokens' is not supported with this model. \#
    Use 'max_completion_tokens' instead.", "type": "invalid_request_error", \#
    "param": "max_tokens", "code": "unsupported_parameter"}}
    """#, status: 400)

  @Test func takesTheOtherNameForTheCapWhereOneIsRefusedAndKeepsToIt() async throws {
    let server = try FakeOpenAICompatible()
    defer { server.stop() }
    server.onCall { request in
      request.json["model"] as? String == "new" && request.json["max_tokens"] != nil
        ? Self.refusal : nil
    }
    let model = ProviderCase.openAICompatible.model(at: server.url)
    for name in ["new", "new", "old", "new"] { _ = try await model.answer(model: name) }
    #expect(server.violations.value == [])
    let caps = server.requests.value.map { request in
      ["max_tokens", "max_completion_tokens"].first { request.json[$0] as? Int == 256 }
    }
    #expect(
      caps == [
        "max_tokens", "max_completion_tokens", "max_completion_tokens", "max_tokens",
        "max_completion_tokens",
      ])
  }

  /// Of an unknown field, servers that check their input say that they do not permit it.
  @Test func asksForNoUsageWhereThatIsRefusedAndKeepsToIt() async throws {
    let server = try FakeOpenAICompatible()
    defer { server.stop() }
    server.onCall { request in
      guard request.json["stream_options"] != nil else { return nil }
      return .json(
        #"{"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs"}]}"#, status: 400)
    }
    let model = ProviderCase.openAICompatible.model(at: server.url)
    for _ in 1...2 { #expect(try await model.answer().usageIsEstimate) }
    #expect(server.violations.value == [])
    #expect(server.requests.value.map { $0.json["stream_options"] != nil } == [true, false, false])
  }

  @Test func asksOnceMoreAndNoOftenerAndFreely() async throws {
    let server = try FakeOpenAICompatible()
    defer { server.stop() }
    server.onCall { _ in Self.refusal }
    let error = await ProviderCase.openAICompatible.model(at: server.url).failure()
    #expect(error?.reason == .refusedRequest(status: 400))
    #expect(error?.mayHaveCost == false)
    #expect(server.requests.value.count == 2)
  }

  /// vLLM names both where the prompt leaves no room for the answer.
  @Test(arguments: [
    (
      400,
      "'max_tokens' or 'max_completion_tokens' is too large: 256. This model's maximum context "
        + "length is 128 tokens", LanguageModelError.Reason.promptTooLong
    ),
    (422, "max_tokens", .refusedRequest(status: 422)),
    (500, "max_tokens", .providerFailed(status: 500)),
    (400, "max_images", .refusedRequest(status: 400)),
  ])
  func doesNotAskAgainForAnotherReason(
    status: Int, message: String, reason: LanguageModelError.Reason
  ) async throws {
    let server = try FakeOpenAICompatible()
    defer { server.stop() }
    server.onCall { _ in .json(jsonText(["error": ["message": message]]), status: status) }
    #expect(await ProviderCase.openAICompatible.model(at: server.url).failure()?.reason == reason)
    #expect(server.requests.value.count == 1)
  }

  @Test func hasOneDeadlineForBothCalls() async throws {
    let count = Watched(0)
    let server = try LoopbackServer { _ in
      count.change { count in
        count += 1
        return count
      } == 1 ? Self.refusal : .hang
    }
    defer { server.stop() }
    // On a busy machine, the first call alone may take so long.
    for seconds in [2, 15, 120] {
      count.change { $0 = 0 }
      let model = ProviderCase.openAICompatible.model(at: server.url, timeout: .seconds(seconds))
      let reason = await model.failure()?.reason
      guard count.value == 2 else { continue }
      #expect(reason == .timedOut)
      return
    }
    Issue.record("The second call was never made.")
  }
}

// MARK: - Failures

extension OpenAICompatibleModelTests {
  static func error(_ message: String, _ code: String = "null") -> String {
    #"{"error": {"message": "\#(message)", "type": "t", "param": null, "code": \#(code)}}"#
  }

  @Test(arguments: [
    (400, error("m"), LanguageModelError.Reason.refusedRequest(status: 400)),
    (400, error("m", #""context_length_exceeded""#), .promptTooLong),
    (400, error("This model's maximum context length is 8192 tokens."), .promptTooLong),
    (
      400,
      #"{"object": "error", "message": "This model's maximum context length is 8", "code": 400}"#,
      .promptTooLong
    ),
    (
      400, error("request (9 tokens) exceeds the available context size (8 tokens)"), .promptTooLong
    ),
    (400, error("litellm.ContextWindowExceededError: m", #""400""#), .promptTooLong),
    (400, error("/chat/completions: Invalid model name passed in model=m"), .modelUnknown),
    (400, error("Model Not Exist", #""invalid_request_error""#), .modelUnknown),
    (400, error("m", #""content_filter""#), .blocked(reason: "content_filter")),
    (401, error("m", #""invalid_api_key""#), .keyRejected),
    (402, error("Insufficient Balance"), .providerOutOfFunds),
    (403, #"{"detail": "Forbidden"}"#, .keyRejected),
    (404, error("The model `m` does not exist.", "404"), .modelUnknown),
    (404, "404 page not found", .modelUnknown),
    (408, "", .timedOut),
    (413, "", .promptTooLong),
    (422, #"{"detail": [{"loc": ["body"], "msg": "m"}]}"#, .refusedRequest(status: 422)),
    (429, error("m", #""rate_limit_exceeded""#), .rateLimited(retryAfter: .seconds(7))),
    (429, error("m", #""insufficient_quota""#), .providerOutOfFunds),
    (500, error("m"), .providerFailed(status: 500)),
    (502, "<html>Bad gateway</html>", .providerFailed(status: 502)),
    (503, error("m"), .providerOverloaded),
  ])
  func failuresAreToldApartAndFree(
    status: Int, body: String, reason: LanguageModelError.Reason
  ) async throws {
    let error = try await failure(
      .openAICompatible, replying: .json(body, status: status, headers: ["Retry-After": "7"]))
    #expect(error?.reason == reason)
    #expect(error?.mayHaveCost == false)
    #expect(error?.usage == nil)
  }

  @Test(arguments: [
    (error("m", "429"), LanguageModelError.Reason.rateLimited(retryAfter: nil)),
    (error("m", #""500""#), .providerFailed(status: 500)),
    (error("m"), .providerFailed(status: 502)),
    (error("the request exceeds the available context size", "400"), .promptTooLong),
  ])
  func failuresInsideASuccessMayHaveCost(
    body: String, reason: LanguageModelError.Reason
  ) async throws {
    for reply in [LoopbackReply.json(body), .events([body])] {
      let error = try await failure(.openAICompatible, replying: reply)
      #expect(error?.reason == reason)
      #expect(error?.mayHaveCost == true)
    }
  }
}
