import Foundation
@testable import LanguageModels
import Metering
import Testing
import TestSupport

/// An answer as it is read: piece by piece, and stopped in its middle.
@Suite("An answer in pieces")
struct AnswerStreamTests {
  @Test(arguments: ProviderCase.allCases, [1, 3, 1_000])
  func isTheWholeTextPieceByPiece(provider: ProviderCase, size: Int) async throws {
    let server = try LoopbackServer { _ in
      LoopbackReply.events(provider.goodEvents).inPieces(of: size)
    }
    let read = try await Read(provider.model(at: server.url).stream(question, model: "m"))
    #expect(read.text == ProviderCase.streamedText)
    #expect(read.answer?.text == ProviderCase.streamedText)
    #expect(read.usages.last == ProviderCase.streamedUsage)
  }

  @Test(arguments: ProviderCase.allCases)
  func comesInOnePieceWhereItWasSentInOne(provider: ProviderCase) async throws {
    let server = try LoopbackServer { _ in .json(provider.goodBody) }
    let read = try await Read(provider.model(at: server.url).stream(question, model: "m"))
    #expect(read.texts == ["4"])
  }

  @Test(arguments: ProviderCase.allCases)
  func holdsHalfACharacterBackUntilItIsWhole(provider: ProviderCase) async throws {
    let halves = [provider.chunk(#"a\ud83d"#), provider.chunk(#"\ude80b\u0000"#)]
    let server = try Growing(provider, halves + [provider.lastChunk("c")], heldAfter: 1)
    let stream = provider.model(at: server.url).stream(question, model: "m")
    let read = try await Read(stream) { text in
      if text == "a" { server.goOn() }
    }
    #expect(read.text == "a🚀bc")
    #expect(read.answer?.text == "a🚀bc")
  }

  @Test(arguments: ProviderCase.allCases)
  func isThereBeforeItsEndAndStaysWhereItIsStopped(provider: ProviderCase) async throws {
    let server = try Growing(
      provider, [provider.chunk("Two words, "), provider.lastChunk("more")], heldAfter: 1)
    let stream = provider.model(at: server.url).stream(question, model: "m")
    let read = try await Read(stream) { _ in stream.stop() }
    let answer = try #require(read.answer)
    #expect(answer.text == "Two words, ")
    #expect(answer.ending == .stopped)
    #expect(answer.ending.userMessage == "You stopped the answer here.")
    // Seven words were asked, in 28 bytes.
    #expect(answer.leastUsage == TokenUsage(inputTokens: 7, outputTokens: 2))
    #expect(answer.usage == TokenUsage(inputTokens: 7, outputTokens: 3))
    #expect(answer.usageIsEstimate)
  }

  @Test func isChargedByRunningCountsWhereThereAreSome() async throws {
    let counts = #"""
      "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 3, \#
      "thoughtsTokenCount": 40, "totalTokenCount": 55}
      """#
    let events = [geminiEvent("Two words", counts), geminiEvent(" and more", "\"x\": 1")]
    let least = TokenUsage(inputTokens: 12, outputTokens: 45, reasoningTokens: 40)
    for held in [1, 2] {
      let server = try Growing(.gemini, events, heldAfter: held)
      let stream = ProviderCase.gemini.model(at: server.url).stream(question, model: "m")
      let text = held == 1 ? "Two words" : "Two words and more"
      let read = try await Read(stream) { if $0 == text { stream.stop() } }
      #expect(read.answer?.ending == .stopped)
      #expect(read.answer?.leastUsage == (held == 1 ? nil : least))
      if held == 1 {
        #expect(read.answer?.usageIsEstimate == false)
        #expect(read.answer?.usage.outputTokens == 43)
      }
    }
  }

  @Test(arguments: ProviderCase.allCases)
  func isNoneWhereItIsStoppedBeforeItsFirstWord(provider: ProviderCase) async throws {
    let isAsked = Watched(false)
    let server = try LoopbackServer { _ in
      isAsked.change { $0 = true }
      return .hang
    }
    let stream = provider.model(at: server.url).stream(question, model: "m")
    async let read = Read(stream)
    try await isAsked.wait(for: "the request") { $0 }
    stream.stop()
    do {
      _ = try await read
      Issue.record("there is an answer")
    } catch let error as LanguageModelError {
      #expect(error.reason == .stopped)
      #expect(error.mayHaveCost)
    }
  }

  @Test func isNotAskedForWhereItIsStoppedBeforeAnybodyReads() async throws {
    let server = try LoopbackServer { _ in .hang }
    let stream = ProviderCase.gemini.model(at: server.url).stream(question, model: "m")
    stream.stop()
    await #expect(throws: LanguageModelError.self) { _ = try await Read(stream) }
  }

  /// The process stops: the reader's task is cancelled, and that is no stop of a person's.
  @Test func isCancelledWithItsReader() async throws {
    let server = try Growing(.gemini, [geminiEvent("Two words", "\"x\": 1")], heldAfter: 1)
    let stream = ProviderCase.gemini.model(at: server.url).stream(question, model: "m")
    let shown = Watched(false)
    let task = Task {
      do {
        _ = try await Read(stream) { _ in shown.change { $0 = true } }
        return LanguageModelError.Reason?.none
      } catch {
        return (error as? LanguageModelError)?.reason
      }
    }
    try await shown.wait(for: "a piece") { $0 }
    task.cancel()
    stream.stop()
    #expect(await task.value == .cancelled)
  }

  @Test(arguments: ProviderCase.allCases)
  func isWholeWhereItIsStoppedAfterItsEnd(provider: ProviderCase) async throws {
    let server = try LoopbackServer { _ in .events(provider.goodEvents) }
    let stream = provider.model(at: server.url).stream(question, model: "m")
    let read = try await Read(stream)
    stream.stop()
    #expect(read.answer?.ending == .complete)
  }

  /// Another answer cannot take the place of what was shown.
  @Test func isNotBegunAnewWithAnotherKeyOnceItIsShown() async throws {
    let refused = #"{"error": {"code": 429, "message": "slow down"}, "choices": []}"#
    let calls = Watched(0)
    let server = try LoopbackServer { request in
      if request.path.hasSuffix("/chat/completions") { calls.change { $0 += 1 } }
      return .events([chatChunk("Two words"), refused])
    }
    let model = ProviderCase.openRouter.model(
      at: server.url, keys: KeyRing([key("abcd"), key("efgh")]))
    await #expect(throws: LanguageModelError.self) {
      _ = try await Read(model.stream(question, model: "m"))
    }
    #expect(calls.value == 1)
  }

  @Test(arguments: [
    ("", 1), ("one", 1), ("one two  three\nfour", 4), ("a+b = c", 2), ("don't", 1),
    ("----------------------------------------", 1), ("四四四四四四四四", 2),
  ])
  func isAtLeastAsManyTokensAsItHasWords(text: String, tokens: Int) {
    let prompt = Prompt(system: "", messages: [.init(.user, text)], maximumOutputTokens: 1)
    // The instructions, which are empty, count as one.
    #expect(prompt.leastInputTokens == tokens + 1)
  }
}

/// What was read of an answer.
private struct Read: Sendable {
  var texts: [String] = []
  var usages: [TokenUsage] = []
  var answer: Answer?

  var text: String { texts.joined() }

  /// - Parameter shown: Told all the text so far, after each piece.
  init(
    _ stream: AnswerStream, shown: @Sendable (String) -> Void = { _ in }
  ) async throws {
    for try await piece in stream {
      switch piece {
      case .text(let text):
        texts.append(text)
        shown(self.text)
      case .usage(let usage): usages.append(usage)
      case .whole(let whole):
        answer = whole
        return
      case .requestID: break
      }
    }
  }
}

/// A provider that writes some events, and the others only once it is told to go on.
private final class Growing: Sendable {
  private let isGoingOn: Watched<Bool>
  private let server: LoopbackServer

  var url: String { server.url }

  init(_ provider: ProviderCase, _ events: [String], heldAfter count: Int) throws {
    let isGoingOn = Watched(false)
    self.isGoingOn = isGoingOn
    server = try LoopbackServer { _ in
      .written { write in
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        guard write(Data(head.utf8)), write(eventStream(Array(events[..<count]))) else { return }
        guard isGoingOn.block(until: { $0 }) else { return }
        _ = write(eventStream(Array(events[count...])))
      }
    }
  }

  func goOn() {
    isGoingOn.change { $0 = true }
  }

  deinit {
    goOn()
  }
}

extension ProviderCase {
  fileprivate func chunk(_ text: String) -> String {
    self == .gemini ? geminiEvent(text, "\"x\": 1") : chatChunk(text)
  }

  fileprivate func lastChunk(_ text: String) -> String {
    self == .gemini
      ? geminiEvent(text, "\"x\": 1", finishReason: "STOP") : chatChunk(text, finishReason: "stop")
  }
}
