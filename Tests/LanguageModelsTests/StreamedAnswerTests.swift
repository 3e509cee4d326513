import Foundation
import LanguageModels
import Metering
import Testing
import TestSupport

/// Providers' answers as event streams, as the network and the providers really bring them.
@Suite("A streamed answer")
struct StreamedAnswerTests {
  /// How the end of a body is known.
  enum Framing: CaseIterable, Sendable {
    case length
    case chunks
    case close

    /// The response whose head says that it brings `body`, cut after `count` bytes of it.
    func response(_ body: Data, type: String, cutAfter count: Int) -> Data {
      let head = "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\n"
      let part = body.prefix(count)
      switch self {
      case .length: return Data("\(head)Content-Length: \(body.count)\r\n\r\n".utf8) + part
      case .close: return Data("\(head)\r\n".utf8) + part
      case .chunks:
        let size = String(body.count, radix: 16)
        return Data("\(head)Transfer-Encoding: chunked\r\n\r\n\(size)\r\n".utf8) + part
          + Data((count == body.count ? "\r\n0\r\n\r\n" : "").utf8)
      }
    }
  }

  /// Whatever is missing, the text is whole or there is no answer: it is whole once the provider
  /// has said why it ends. Usage that is missing is estimated.
  @Test(arguments: ProviderCase.allCases, Framing.allCases)
  func isWholeOrNoneWhereverItIsCut(provider: ProviderCase, framing: Framing) async throws {
    let body = eventStream(provider.goodEvents)
    let textEnd = eventStream(Array(provider.goodEvents[...2])).count
    // The mark of the end may be missing: it says nothing that is not known.
    let last = provider.goodEvents.lastIndex { $0 != "[DONE]" } ?? 0
    let usageEnd = eventStream(Array(provider.goodEvents[...last])).count
    try await withCuts(of: body) { count in
      framing.response(body, type: "text/event-stream", cutAfter: count)
    } ask: { model, count in
      switch await Result(asking: provider.model(at: model)) {
      case .success(let answer):
        #expect(count >= textEnd, "cut after \(count)")
        #expect(answer.text == ProviderCase.streamedText)
        #expect(answer.ending == .complete)
        #expect(answer.usageIsEstimate == (count < usageEnd), "cut after \(count)")
        if count >= usageEnd { #expect(answer.usage == ProviderCase.streamedUsage) }
      case .failure(let error):
        #expect(count < textEnd, "cut after \(count)")
        #expect([.connectionLost, .answerMalformed].contains(error.reason))
        #expect(error.mayHaveCost)
      }
    }
  }

  @Test(arguments: ProviderCase.allCases, Framing.allCases)
  func inOnePieceIsWholeOrNoneWhereverItIsCut(provider: ProviderCase, framing: Framing) async throws
  {
    let body = Data(provider.goodBody.utf8)
    try await withCuts(of: body) { count in
      framing.response(body, type: "application/json", cutAfter: count)
    } ask: { model, count in
      switch await Result(asking: provider.model(at: model)) {
      case .success(let answer):
        #expect(count == body.count, "cut after \(count)")
        #expect(answer.text == "4")
      case .failure(let error):
        #expect(count < body.count, "cut after \(count)")
        #expect([.connectionLost, .answerMalformed].contains(error.reason))
        #expect(error.mayHaveCost)
      }
    }
  }

  @Test(arguments: ProviderCase.allCases, ["\n", "\r\n", "\r"])
  func isTheSameHoweverItIsWritten(provider: ProviderCase, lineEnd: String) async throws {
    let events = provider.goodEvents.map { "event: message\nid: 1\ndata:\($0)\n: at work\n\n" }
    let text = "\u{FEFF}: OPENROUTER PROCESSING\n\n" + events.joined() + ": bye\n\n"
    let bytes = Data(text.replacing("\n", with: lineEnd).utf8)
    // Byte by byte, so that every character is split too.
    let answer = try await ask(
      provider,
      replying: .written { write in
        guard write(Data("HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream\r\n\r\n".utf8))
        else { return }
        for byte in bytes { guard write(Data([byte])) else { return } }
      })
    #expect(answer.text == ProviderCase.streamedText)
    #expect(answer.usage == ProviderCase.streamedUsage)
    #expect(answer.ending == .complete)
  }

  /// A failure that comes as an event is one, whatever came before or comes after it. Two providers
  /// have it in writing that it is free.
  @Test(arguments: ProviderCase.allCases, [0, 1, 2, 3])
  func thatFailsOnItsWayIsNoAnswer(provider: ProviderCase, place: Int) async throws {
    let failure =
      switch provider {
      case .gemini: #"{"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}"#
      case .openRouter:
        #"""
        {"error": {"code": "server_error", "message": "m", "metadata": \#
        {"error_type": "provider_overloaded"}}, \#
        "choices": [{"delta": {"content": ""}, "finish_reason": "error"}]}
        """#
      case .openAICompatible: #"{"error": {"code": "503", "message": "m", "type": "None"}}"#
      }
    var events = provider.goodEvents
    events.insert(failure, at: min(place, events.count))
    for stream in [events, Array(events[...place])] {
      let error = try await LanguageModelsTests.failure(provider, replying: .events(stream))
      #expect(error?.reason == .providerOverloaded)
      #expect(error?.mayHaveCost == (provider == .openAICompatible))
    }
  }

  /// Figures are running totals, and never added up.
  @Test(arguments: ProviderCase.allCases, [0, 3])
  func isMeteredByTheLargestCountsThatAreTold(provider: ProviderCase, place: Int) async throws {
    let other = provider.event(usage: provider.usage(input: 500, output: 4))
    var events = provider.goodEvents
    events.insert(other, at: place)
    let answer = try await ask(provider, replying: .events(events))
    #expect(answer.usage == TokenUsage(inputTokens: 500, outputTokens: 9))
    #expect(!answer.usageIsEstimate)
  }

  @Test(
    arguments: ProviderCase.allCases,
    [(0, 0), (-1, 9), (12, -9), (2_000_000_000, 9), (12, .max), (12, 0)])
  func isMeteredByWhatWasToldBeforeAbsurdCounts(
    provider: ProviderCase, counts: (input: Int, output: Int)
  ) async throws {
    let late = provider.event(usage: provider.usage(input: counts.input, output: counts.output))
    let answer = try await ask(provider, replying: .events(provider.goodEvents + [late]))
    #expect(answer.usage == ProviderCase.streamedUsage)
    #expect(!answer.usageIsEstimate)
  }

  @Test(arguments: [
    ("7e-05", "0.00007"), ("0.00001234567890123456789", "0.00001234567890123456789"),
    ("0", "0"), ("-1", nil), (#""free""#, nil), ("null", nil), ("{}", nil),
  ])
  func keepsTheDigitsOfItsCost(cost: String, exact: String?) async throws {
    let usage = chatUsage.dropLast() + #", "cost": \#(cost)}"#
    let late = chatChunk("", #", "usage": \#(usage)"#)
    let answer = try await ask(
      .openRouter, replying: .events(ProviderCase.openRouter.goodEvents + [late]))
    #expect(answer.usage.reportedCostUSD == exact)
    #expect(answer.usage.outputTokens == ProviderCase.streamedUsage.outputTokens)
  }

  @Test(arguments: ProviderCase.allCases)
  func thatHoldsSomethingElseMayHaveCost(provider: ProviderCase) async throws {
    for event in ["{", "null", "[]", "5", #"{"choices": 1, "candidates": 1}"#] {
      let error = try await failure(
        provider, replying: .events([event] + provider.goodEvents))
      #expect(error?.reason == .answerMalformed, "\(event)")
      #expect(error?.mayHaveCost == true)
    }
    let nothing = try await failure(provider, replying: .events([]))
    #expect(nothing?.reason == .connectionLost)
    #expect(nothing?.mayHaveCost == true)
  }

  /// Both that nobody can be charged for, and that no reader waits for without end.
  @Test(arguments: ProviderCase.allCases, [": at work\n\n", #"data: {"id": "\n\n"#, "data: a"])
  func thatNeverEndsIsCut(provider: ProviderCase, line: String) async throws {
    let megabyte = Data(String(repeating: " ", count: 1 << 20).utf8) + Data(line.utf8)
    let error = try await failure(
      provider,
      replying: .written { write in
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        guard write(Data("\(head)Content-Length: \(1 << 30)\r\n\r\n".utf8)) else { return }
        for _ in 0..<1_024 { guard write(megabyte) else { return } }
      })
    #expect(error?.reason == .answerMalformed)
    #expect(error?.mayHaveCost == true)
  }

  @Test(arguments: ProviderCase.allCases)
  func thatDripsEndsAtTheDeadline(provider: ProviderCase) async throws {
    let never = Watched(false)
    let server = try LoopbackServer { _ in
      .written { write in
        guard write(Data("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n".utf8))
        else { return }
        while write(Data(":\n".utf8)) { _ = never.block(within: .milliseconds(100)) { $0 } }
      }
    }
    let error = await provider.model(at: server.url, timeout: .seconds(15)).failure()
    #expect(error?.reason == .timedOut)
    #expect(error?.mayHaveCost == true)
  }

  /// A redirection leads nowhere: the key and the prompt are for one server alone.
  @Test(arguments: ProviderCase.allCases, [301, 302, 303, 307, 308])
  func isNotFetchedFromElsewhere(provider: ProviderCase, status: Int) async throws {
    let elsewhere = try LoopbackServer { _ in .json(provider.goodBody) }
    let error = try await failure(
      provider, replying: .json("", status: status, headers: ["Location": elsewhere.url]))
    #expect(error?.reason == .notTheAPI(status: status))
    #expect(elsewhere.connectionCount == 0)
  }
}

func eventStream(_ events: [String]) -> Data {
  Data(events.map { "data: \($0)\n\n" }.joined().utf8)
}

extension Result where Success == Answer, Failure == LanguageModelError {
  fileprivate init(asking model: any LanguageModel) async {
    do throws(LanguageModelError) {
      self = .success(try await model.answer())
    } catch {
      self = .failure(error)
    }
  }
}

/// Asks once for each place at which `body` can be cut, its end included.
private func withCuts(
  of body: Data, _ response: @escaping @Sendable (Int) -> Data,
  ask: (_ url: String, _ count: Int) async -> Void
) async throws {
  let count = Watched(0)
  let server = try LoopbackServer { _ in .raw(response(count.value)) }
  for cut in 0...body.count {
    count.change { $0 = cut }
    await ask(server.url, cut)
  }
}
