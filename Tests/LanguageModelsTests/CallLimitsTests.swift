import Foundation
import LanguageModels
import Metering
import Testing
import TestSupport

@Suite("A call that takes long")
struct CallLimitsTests {
  @Test func mayBeSilentForAMinuteAndLastForTen() {
    let limits = CallLimits()
    #expect(limits.idle == .seconds(60))
    #expect(limits.total == .seconds(600))
  }

  /// The first events, and then comments that keep the connection alive.
  private func dripping(_ events: [String]) throws -> LoopbackServer {
    let never = Watched(false)
    let body = events.map { "data: \($0)\n\n" }.joined()
    return try LoopbackServer { request in
      if request.method == "GET" { return .json("{}", status: 404) }
      return .written { write in
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        guard write(Data((head + body).utf8)) else { return }
        while write(Data(": at work\n\n".utf8)) {
          _ = never.block(within: .milliseconds(100)) { $0 }
        }
      }
    }
  }

  @Test(arguments: ProviderCase.allCases)
  func isAnAnswerAsFarAsItHasCome(provider: ProviderCase) async throws {
    let server = try dripping(Array(provider.goodEvents[..<2]))
    let answer = try await provider.model(at: server.url, timeout: .seconds(15)).answer()
    #expect(answer.text == "Grüße, 2 + 2 = 四")
    #expect(answer.ending == .timeLimit)
    #expect(answer.usageIsEstimate)
    // 20 bytes.
    let told = provider == .gemini ? 12 : 7
    #expect(answer.usage == TokenUsage(inputTokens: told, outputTokens: 5))
  }

  @Test(arguments: ProviderCase.allCases)
  func isMeteredByWhatWasTold(provider: ProviderCase) async throws {
    let told = provider.event(usage: provider.usage(input: 1000, output: 400))
    let server = try dripping([provider.goodEvents[0], told])
    let answer = try await provider.model(at: server.url, timeout: .seconds(15)).answer()
    #expect(answer.usage == TokenUsage(inputTokens: 1000, outputTokens: 400))
    #expect(!answer.usageIsEstimate)
  }

  @Test func isLookedUpAtOpenRouter() async throws {
    let never = Watched(false)
    let router = try FakeOpenRouter()
    router.replyNext(
      .written { write in
        let head =
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Generation-Id: gen-7\r\n"
        guard write(Data("\(head)\r\ndata: \(chatChunk("Half"))\n\n".utf8)) else { return }
        while write(Data(":\n".utf8)) { _ = never.block(within: .milliseconds(100)) { $0 } }
      })
    let answer = try await ProviderCase.openRouter.model(at: router.url, timeout: .seconds(15))
      .answer()
    #expect(answer.ending == .timeLimit)
    #expect(answer.usage.reportedCostUSD == "0.00155")
    #expect(!answer.usageIsEstimate)
    #expect(router.requests.value.last?.target == "/generation?id=gen-7")
  }

  /// Whatever has come of it: it is not at its end, and nobody was at work.
  @Test(arguments: ProviderCase.allCases)
  func failsWhereNoByteComes(provider: ProviderCase) async throws {
    let never = Watched(false)
    let server = try LoopbackServer { request in
      if request.method == "GET" { return .json("{}", status: 404) }
      return .written { write in
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        _ = write(Data("\(head)data: \(provider.goodEvents[0])\n\n".utf8))
        _ = never.block { $0 }
      }
    }
    let error = await provider.model(at: server.url, idle: .seconds(15)).failure()
    never.change { $0 = true }
    #expect(error?.reason == .timedOut)
    #expect(error?.mayHaveCost == true)
    if provider == .gemini { #expect(error?.usage?.inputTokens == 12) }
  }

  @Test(arguments: ProviderCase.allCases)
  func failsWhereNothingVisibleHasCome(provider: ProviderCase) async throws {
    let server = try dripping([provider.event(usage: provider.usage(input: 1000, output: 400))])
    let error = await provider.model(at: server.url, timeout: .seconds(15)).failure()
    #expect(error?.reason == .timedOut)
    #expect(error?.usage == TokenUsage(inputTokens: 1000, outputTokens: 400))
  }
}
