import Foundation
import LanguageModels
import Testing
import TestSupport

/// What is true of each provider when the other side or the line is broken.
@Suite("A broken exchange")
struct BrokenExchangeTests {
  static let nested = String(repeating: "[", count: 100_000)

  @Test(
    arguments: ProviderCase.allCases,
    [
      "", "null", "[]", "5", #""text""#, "{}", "{",
      #"{"candidates": [{"content""#, "\u{FEFF}{", nested, #"{"candidates": \#(nested)}"#,
      #"{"choices": 1, "candidates": 1}"#, #"{"choices": [], "candidates": null}"#,
    ])
  func thatEndsInSomethingElseThanAnAnswerMayHaveCost(
    provider: ProviderCase, body: String
  ) async throws {
    let error = try await failure(provider, replying: .html(body, status: 200))
    #expect(error?.reason == .answerMalformed)
    #expect(error?.mayHaveCost == true)
    #expect(error?.usage == nil)
  }

  @Test(arguments: ProviderCase.allCases)
  func thatEndsInBytesThatAreNoTextIsMalformed(provider: ProviderCase) async throws {
    let body = Data(provider.goodBody.utf8) + [0xFF, 0xFE]
    let error = try await failure(provider, replying: .response(status: 200, body: body))
    #expect(error?.reason == .answerMalformed)
  }

  @Test(arguments: ProviderCase.allCases)
  func thatIsResetMayHaveCost(provider: ProviderCase) async throws {
    let error = try await failure(provider, replying: .reset)
    #expect(error?.reason == .connectionLost)
    #expect(error?.mayHaveCost == true)
  }

  @Test(arguments: ProviderCase.allCases)
  func thatBreaksOffInARefusalIsStillARefusal(provider: ProviderCase) async throws {
    let cut = Data("HTTP/1.1 503 -\r\nContent-Length: 100\r\n\r\n{".utf8)
    let error = try await failure(provider, replying: .raw(cut))
    #expect(error?.reason == .providerOverloaded)
    #expect(error?.mayHaveCost == false)
  }

  @Test(arguments: ProviderCase.allCases)
  func thatNeverBeganIsFree(provider: ProviderCase) async throws {
    let error = await provider.model(at: "http://127.0.0.1:1").failure()
    #expect(error?.reason == .unreachable)
    #expect(error?.mayHaveCost == false)
    let misconfigured = await provider.model(at: "ftp://127.0.0.1").failure()
    #expect(misconfigured?.reason == .unreachable)
    #expect(misconfigured?.mayHaveCost == false)
  }

  @Test(arguments: ProviderCase.allCases)
  func thatTakesTooLongMayHaveCost(provider: ProviderCase) async throws {
    let server = try LoopbackServer { _ in .hang }
    let error = await provider.model(at: server.url, timeout: .seconds(15)).failure()
    #expect(error?.reason == .timedOut)
    #expect(error?.mayHaveCost == true)
    #expect((error?.responseTime ?? .zero) >= .milliseconds(14_900))
  }

  @Test(arguments: ProviderCase.allCases)
  func thatBringsEndlessBytesIsCutAndMayHaveCost(provider: ProviderCase) async throws {
    let error = try await failure(
      provider,
      replying: .written { write in
        guard write(Data("HTTP/1.1 200 OK\r\n\r\n".utf8)) else { return }
        while write(Data(repeating: 0x20, count: 1 << 20)) {}
      })
    #expect(error?.reason == .answerMalformed)
    #expect(error?.mayHaveCost == true)
  }

  /// The task is cancelled before the head has come, or between the head and the end of the body.
  @Test(arguments: ProviderCase.allCases, [true, false])
  func thatIsCancelledEndsAtOnceAndMayHaveCost(provider: ProviderCase, headHasCome: Bool)
    async throws
  {
    let arrived = Watched(false)
    let server = try LoopbackServer { _ in
      .written { write in
        if headHasCome {
          _ = write(Data("HTTP/1.1 200 OK\r\nX-Generation-Id: gen-1\r\n\r\n{".utf8))
        }
        arrived.change { $0 = true }
        _ = arrived.block(until: { !$0 })
      }
    }
    let told = Watched(false)
    let task = Task {
      try await provider.model(at: server.url)
        .answer(question, model: "m") { _ in told.change { $0 = true } }
    }
    try await arrived.wait(for: "the request") { $0 }
    if headHasCome && provider == .openRouter { try await told.wait(for: "the head") { $0 } }
    task.cancel()
    await #expect {
      _ = try await task.value
    } throws: { error in
      let error = error as? LanguageModelError
      return error?.reason == .cancelled && error?.mayHaveCost == true
    }
    arrived.change { $0 = false }
  }

  @Test(arguments: ProviderCase.allCases)
  func thatWasCancelledBeforeItBeganIsFree(provider: ProviderCase) async throws {
    let server = try LoopbackServer { _ in .hang }
    let released = Watched(false)
    let task = Task {
      try await released.wait(for: "the cancellation") { $0 }
      return await provider.model(at: server.url).failure()
    }
    task.cancel()
    released.change { $0 = true }
    let error = try await task.value
    #expect(error?.reason == .cancelled)
    #expect(error?.mayHaveCost == false)
    #expect(server.connectionCount == 0)
  }

  /// A call that may have been billed is never made twice behind the caller's back.
  @Test(arguments: ProviderCase.allCases)
  func isNotRepeated(provider: ProviderCase) async throws {
    let served = Watched(0)
    let replies: [LoopbackReply] = [.json(provider.goodBody), .raw(Data()), .json("", status: 500)]
    let server = try LoopbackServer { _ in
      replies[
        served.change { count in
          defer { count += 1 }
          return min(count, replies.count - 1)
        }]
    }
    let model = provider.model(at: server.url, keys: KeyRing([key("aaaa"), key("bbbb")]))
    _ = try await model.answer()
    #expect(await model.failure()?.reason == .connectionLost)
    #expect(await model.failure()?.reason == .providerFailed(status: 500))
    #expect(served.value == 3)
  }

  @Test(arguments: ProviderCase.allCases)
  func revealsNeitherPromptNorKeyNorBody(provider: ProviderCase) async throws {
    let body = #"{"error": {"code": 400, "message": "secret-body \#(key("abcd"))"}}"#
    let error = try #require(try await failure(provider, replying: .json(body, status: 400)))
    for text in ["\(error)", error.userMessage()] {
      #expect(!text.contains("secret-body"))
      #expect(!text.contains("test-key"))
      #expect(!text.contains("2 + 2"))
    }
  }
}
