import Foundation
import LanguageModels
import Metering
import Testing
import TestSupport

/// Usage that is not told, or cannot be true.
@Suite("Usage that is not told")
struct UntoldUsageTests {
  /// 28 bytes in; two thirds of 650 characters are one byte each, the rest two.
  static let text = String(repeating: "4", count: 434) + String(repeating: "ü", count: 216)
  static let estimate = TokenUsage(inputTokens: 7, outputTokens: (434 + 2 * 216 + 3) / 4)

  private func end(_ provider: ProviderCase, _ usage: String) -> [String] {
    switch provider {
    case .gemini: [geminiEvent(Self.text, usage, finishReason: "STOP")]
    case .openRouter, .openAICompatible:
      [chatChunk(Self.text, finishReason: "stop"), chatChunk("", usage), "[DONE]"]
    }
  }

  private func nothing(_ provider: ProviderCase) -> String {
    provider == .gemini ? #""responseId": "r1""# : ""
  }

  /// A question with room for the text; the fixture's allows 256 tokens.
  private static let prompt = Prompt(
    system: question.system, messages: question.messages, maximumOutputTokens: 1_000)

  private func ask(_ provider: ProviderCase, _ events: [String]) async throws -> Answer {
    let server = try LoopbackServer { _ in .events(events) }
    return try await provider.model(at: server.url).answer(Self.prompt)
  }

  @Test(arguments: ProviderCase.allCases)
  func isEstimatedFromTheBytes(provider: ProviderCase) async throws {
    let zero = provider.usage(input: 0, output: 0)
    for usage in [nothing(provider), zero] {
      let answer = try await ask(provider, end(provider, usage))
      #expect(answer.usage == Self.estimate)
      #expect(answer.usageIsEstimate)
      #expect(answer.ending == .complete)
    }
  }

  @Test(arguments: ProviderCase.allCases)
  func isNeverEstimatedAboveTheCap(provider: ProviderCase) async throws {
    let server = try LoopbackServer { _ in .events(end(provider, nothing(provider))) }
    var prompt = Self.prompt
    prompt.maximumOutputTokens = 100
    let answer = try await provider.model(at: server.url).answer(prompt)
    #expect(answer.usage.outputTokens == 100)
  }

  @Test func isToldByAServerThatIsAsked() async throws {
    let server = try FakeOpenAICompatible()
    defer { server.stop() }
    #expect(try await !ProviderCase.openAICompatible.model(at: server.url).answer().usageIsEstimate)
    server.answer.change { $0.tellsUsage = false }
    #expect(try await ProviderCase.openAICompatible.model(at: server.url).answer().usageIsEstimate)
  }

  @Test(arguments: [
    (
      #"{"prompt_tokens": 1000, "completion_tokens": 500, "cost": 0.007}"#,
      #"{"prompt_tokens": 0, "completion_tokens": 0}"#
    ),
    (
      #"{"prompt_tokens": 1000, "completion_tokens": 500, "cost": 0.007}"#,
      #"{"prompt_tokens": 0, "completion_tokens": 0, "cost": 0}"#
    ),
    (
      #"{"prompt_tokens": 1000, "completion_tokens": 500, "cost": 0.009}"#,
      #"{"prompt_tokens": 900, "completion_tokens": 400, "cost": 0.007}"#
    ),
    (
      #"{"prompt_tokens": 1000, "completion_tokens": 500, "cost": 0.007}"#, "{}"
    ),
  ])
  func doesNotShrink(first: String, last: String) async throws {
    let answer = try await ask(
      .openRouter,
      [
        chatChunk("4", #", "usage": \#(first)"#, finishReason: "stop"),
        chatChunk("", #", "usage": \#(last)"#), "[DONE]",
      ])
    #expect(
      answer.usage
        == TokenUsage(inputTokens: 1000, outputTokens: 500, reportedCostUSD: "0.007"))
    #expect(!answer.usageIsEstimate)
  }

  @Test func doesNotShrinkWhereGeminiLeavesCountsOut() async throws {
    let answer = try await ask(
      .gemini,
      [
        geminiEvent(
          "4", #""usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 400}"#),
        geminiEvent("", #""usageMetadata": {"promptTokenCount": 1000}"#, finishReason: "STOP"),
      ])
    #expect(answer.usage == TokenUsage(inputTokens: 1000, outputTokens: 400))
    #expect(!answer.usageIsEstimate)
  }
}

// MARK: - Looking it up

extension UntoldUsageTests {
  @Test func isLookedUpWhereOpenRouterForgetsIt() async throws {
    let router = try FakeOpenRouter()
    router.answer.change { $0.tellsUsage = false }
    let answer = try await ProviderCase.openRouter.model(at: router.url).answer()
    #expect(
      answer.usage == TokenUsage(inputTokens: 1000, outputTokens: 500, reportedCostUSD: "0.00155"))
    #expect(!answer.usageIsEstimate)
    #expect(router.requests.value.map(\.target) == ["/chat/completions", "/generation?id=fake-1"])
    #expect(router.violations.value == [])
  }

  /// A generation takes a while to be known, and another to be counted.
  @Test func isLookedUpAgainUntilItIsKnown() async throws {
    let router = try FakeOpenRouter()
    router.answer.change { $0.tellsUsage = false }
    let looks = Watched(0)
    router.onCall { request in
      guard request.path == "/generation" else { return nil }
      return
        switch looks.change({
          $0 += 1; return $0
        })
      {
      case 1: .json("{}", status: 404)
      case 2: .json(#"{"data": {"id": "fake-1", "total_cost": 0, "native_tokens_prompt": null}}"#)
      default: nil
      }
    }
    let answer = try await ProviderCase.openRouter.model(at: router.url).answer()
    #expect(answer.usage.reportedCostUSD == "0.00155")
    #expect(looks.value == 3)
  }

  @Test func isEstimatedWhereNobodyKnowsIt() async throws {
    let router = try FakeOpenRouter()
    router.answer.change { $0.tellsUsage = false }
    router.onCall { $0.path == "/generation" ? .json("{}", status: 404) : nil }
    let answer = try await ProviderCase.openRouter.model(at: router.url).answer()
    #expect(answer.usage == TokenUsage(inputTokens: 7, outputTokens: 7))
    #expect(answer.usageIsEstimate)
    #expect(router.requests.value.count { $0.path == "/generation" } == 3)
  }

  /// What is cut has a cost all the same, and the id with which to ask for it came first.
  @Test(arguments: [0, 1])
  func isLookedUpForAnAnswerThatIsCut(kept: Int) async throws {
    let router = try FakeOpenRouter()
    let events = [chatChunk("Half "), chatChunk("an ans")]
    router.replyNext(
      .events(Array(events[...kept]), headers: ["X-Generation-Id": "gen-7"]).reset())
    let error = await ProviderCase.openRouter.model(at: router.url).failure()
    #expect(error?.reason == .connectionLost)
    #expect(
      error?.usage
        == TokenUsage(inputTokens: 1000, outputTokens: 500, reportedCostUSD: "0.00155"))
    #expect(error?.requestID == "gen-7")
    #expect(router.requests.value.last?.target == "/generation?id=gen-7")
  }
}

// MARK: - What is known is kept

extension UntoldUsageTests {
  @Test(arguments: ProviderCase.allCases)
  func isKeptOfAnAnswerThatIsCut(provider: ProviderCase) async throws {
    let told = provider.event(usage: provider.usage(input: 1000, output: 400))
    let events = [provider.goodEvents[0], told, provider.goodEvents[1]]
    for reply in [LoopbackReply.events(events), .events(events).reset()] {
      let error = try await failure(provider, replying: reply)
      #expect(error?.reason == .connectionLost)
      #expect(error?.usage == TokenUsage(inputTokens: 1000, outputTokens: 400))
      #expect(error?.usageIsEstimate == false)
    }
  }

  /// Gemini's early events count the prompt alone.
  @Test func isCompletedForTheTextThatCame() async throws {
    let error = try await failure(
      .gemini, replying: .events(Array(ProviderCase.gemini.goodEvents[..<2])))
    #expect(error?.reason == .connectionLost)
    // "Grüße, 2 + 2 = 四" has 20 bytes.
    #expect(error?.usage == TokenUsage(inputTokens: 12, outputTokens: 5))
    #expect(error?.usageIsEstimate == true)
  }

  @Test(arguments: [
    #"{"candidates": [], "responseId": "r1", "usageMetadata": {"promptTokenCount": 12}}"#,
    #"{"candidates": [{}], "responseId": "r1", "usageMetadata": {"promptTokenCount": 12}}"#,
    #"{"responseId": "r1", "usageMetadata": {"promptTokenCount": 12}}"#,
  ])
  func isKeptWhereGeminiSaysNothingElse(event: String) async throws {
    for reply in [LoopbackReply.json(event), .events([event])] {
      let error = try await failure(.gemini, replying: reply)
      #expect(error?.usage == TokenUsage(inputTokens: 12, outputTokens: 0))
      #expect(error?.requestID == "r1")
      #expect(error?.usageIsEstimate == false)
    }
  }

  @Test func isKeptWhereAnotherServerSaysNothingElse() async throws {
    for provider in [ProviderCase.openRouter, .openAICompatible] {
      let error = try await failure(
        provider, replying: .json(#"{"id": "c1", "choices": [], "usage": \#(chatUsage)}"#))
      #expect(error?.reason == .emptyAnswer)
      #expect(error?.usage == ProviderCase.streamedUsage)
      #expect(error?.requestID == "c1")
    }
  }

  /// Nobody says when the event has been read, so each try waits a little longer than the last.
  @Test(arguments: ProviderCase.allCases)
  func isKeptOfAnAnswerThatIsCancelled(provider: ProviderCase) async throws {
    let event = provider.event(usage: provider.usage(input: 1000, output: 400))
    var usage: TokenUsage?
    for attempt in 1...20 where usage == nil {
      let (isWritten, isReleased) = (Watched(false), Watched(false))
      let server = try LoopbackServer { _ in
        .written { write in
          let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
          _ = write(Data("\(head)data: \(event)\n\n".utf8))
          isWritten.change { $0 = true }
          _ = isReleased.block { $0 }
        }
      }
      let task = Task { await provider.model(at: server.url).failure() }
      try await isWritten.wait(for: "the event") { $0 }
      _ = try? await isReleased.wait(for: "a while", within: .milliseconds(20 * attempt)) { $0 }
      task.cancel()
      let error = await task.value
      #expect(error?.reason == .cancelled)
      usage = error?.usage
      isReleased.change { $0 = true }
    }
    #expect(usage == TokenUsage(inputTokens: 1000, outputTokens: 400))
  }

  /// All has been said by then but that it was all.
  @Test(arguments: [false, true])
  func makesAWholeAnswerThoughTheConnectionIsResetAtItsEnd(isApart: Bool) async throws {
    let (gemini, router, other) = (
      try FakeGemini(), try FakeOpenRouter(), try FakeOpenAICompatible()
    )
    defer { other.stop() }
    for answer in [gemini.answer, router.answer, other.answer] {
      answer.change {
        $0.isReset = true
        $0.tellsUsageApart = isApart
      }
    }
    let urls = [
      (ProviderCase.gemini, gemini.url), (.openRouter, router.url), (.openAICompatible, other.url),
    ]
    for (provider, url) in urls {
      let answer = try await provider.model(at: url).answer()
      #expect(answer.text == "Hello from the fake model.")
      #expect(answer.ending == .complete)
      if provider != .gemini { #expect(answer.usage.outputTokens == 500) }
    }
    #expect(router.requests.value.count == 1)
  }

  @Test(arguments: [1, 2, 7])
  func isToldInPiecesOfAnySize(size: Int) async throws {
    let gemini = try FakeGemini()
    gemini.answer.change {
      $0.text = "Grüße 🚀"
      $0.pieceSize = size
      $0.tellsUsageApart = true
    }
    let answer = try await ProviderCase.gemini.model(at: gemini.url).answer()
    #expect(answer.text == "Grüße 🚀")
    #expect(answer.usage.outputTokens == 500)
    #expect(!answer.usageIsEstimate)
  }
}
