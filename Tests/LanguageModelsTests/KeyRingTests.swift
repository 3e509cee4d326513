import LanguageModels
import Testing
import TestSupport

@Suite("KeyRing")
struct KeyRingTests {
  /// A provider that refuses some keys, a ring of keys with its own clock, and the model.
  struct Bench {
    let gemini: FakeGemini
    let refusals = Watched<[String: LoopbackReply]>([:])
    let clock = Watched(ContinuousClock.now)
    let model: any LanguageModel

    init(_ endings: [String]) throws {
      gemini = try FakeGemini()
      let (refusals, clock) = (refusals, clock)
      gemini.onCall { request in
        refusals.value[String(request.headers["x-goog-api-key"]?.suffix(4) ?? "")]
      }
      model = ProviderCase.gemini.model(
        at: gemini.url,
        keys: KeyRing(endings.map { $0.isEmpty ? "" : key($0) }, now: { clock.value }))
    }

    /// The last characters of the keys used so far, in order.
    var used: [String] {
      gemini.requests.value.map { String($0.headers["x-goog-api-key"]?.suffix(4) ?? "") }
    }

    func refuse(_ ending: String, _ status: Int, after delay: String = "60") {
      refusals.change {
        $0[ending] = .json("{}", status: status, headers: ["Retry-After": delay])
      }
    }
  }

  @Test func usesItsKeysInTurn() async throws {
    let bench = try Bench(["aaaa", "", "bbbb", "cccc"])
    for _ in 0..<4 { _ = try await bench.model.answer() }
    #expect(bench.used == ["aaaa", "bbbb", "cccc", "aaaa"])
  }

  @Test func sharesItsKeysOutEvenlyAmongCallsAtOnce() async throws {
    let bench = try Bench(["aaaa", "bbbb", "cccc"])
    try await withThrowingTaskGroup { group in
      for _ in 0..<60 { group.addTask { _ = try await bench.model.answer() } }
      try await group.waitForAll()
    }
    #expect(
      bench.used.sorted() == ["aaaa", "bbbb", "cccc"].flatMap { Array(repeating: $0, count: 20) })
  }

  @Test(arguments: [429, 401, 403])
  func triesTheNextKeyWhenOneIsRefused(status: Int) async throws {
    let bench = try Bench(["aaaa", "bbbb"])
    bench.refuse("aaaa", status)
    #expect(try await bench.model.answer().keyIdentifier == "…bbbb")
    #expect(bench.used == ["aaaa", "bbbb"])
    #expect(bench.gemini.violations.value == [])
  }

  @Test(arguments: [400, 404, 500, 503])
  func triesNoOtherKeyWhenTheKeyIsNotToBlame(status: Int) async throws {
    let bench = try Bench(["aaaa", "bbbb"])
    bench.refuse("aaaa", status)
    #expect(await bench.model.failure()?.keyIdentifier == "…aaaa")
    #expect(bench.used == ["aaaa"])
  }

  @Test func tellsWithTheAnswerWhichKeysWereRefused() async throws {
    let bench = try Bench(["aaaa", "bbbb", "cccc"])
    bench.refuse("aaaa", 401)
    bench.refuse("bbbb", 429)
    let refusals = try await bench.model.answer().refusals
    #expect(refusals.map(\.keyIdentifier) == ["…aaaa", "…bbbb"])
    #expect(refusals.map(\.reason) == [.keyRejected, .rateLimited(retryAfter: .seconds(60))])
    #expect(try await bench.model.answer().refusals.isEmpty)
  }

  @Test func triesEachKeyOnceAndFailsWithTheLastRefusal() async throws {
    let bench = try Bench(["aaaa", "bbbb", "cccc"])
    bench.refuse("aaaa", 401)
    bench.refuse("bbbb", 401)
    bench.refuse("cccc", 429, after: "9")
    let error = await bench.model.failure()
    #expect(error?.reason == .rateLimited(retryAfter: .seconds(9)))
    #expect(error?.keyIdentifier == "…cccc")
    #expect(bench.used == ["aaaa", "bbbb", "cccc"])
  }

  @Test func letsAKeyRestForAsLongAsTheProviderSays() async throws {
    let bench = try Bench(["aaaa", "bbbb"])
    bench.refuse("aaaa", 429, after: "60")
    _ = try await bench.model.answer()
    bench.refusals.change { $0 = [:] }
    bench.clock.change { $0 += .seconds(59) }
    _ = try await bench.model.answer()
    bench.clock.change { $0 += .seconds(1) }
    _ = try await bench.model.answer()
    #expect(bench.used == ["aaaa", "bbbb", "bbbb", "aaaa"])
  }

  @Test(arguments: [
    (429, "none", KeyRing.defaultRest), (429, "90000", KeyRing.maximumRest),
    (401, "1", KeyRing.rejectedRest),
  ])
  func boundsTheRest(status: Int, delay: String, rest: Duration) async throws {
    let bench = try Bench(["aaaa", "bbbb"])
    bench.refuse("aaaa", status, after: delay)
    _ = try await bench.model.answer()
    bench.clock.change { $0 += rest - .milliseconds(1) }
    _ = try await bench.model.answer()
    bench.clock.change { $0 += .milliseconds(1) }
    _ = try await bench.model.answer()
    #expect(bench.used == ["aaaa", "bbbb", "bbbb", "aaaa", "bbbb"])
  }

  @Test func triesTheKeyThatComesBackFirstWhenAllRest() async throws {
    let bench = try Bench(["aaaa", "bbbb"])
    bench.refuse("aaaa", 429, after: "60")
    bench.refuse("bbbb", 429, after: "20")
    _ = await bench.model.failure()
    #expect(await bench.model.failure()?.keyIdentifier == "…bbbb")
    #expect(bench.used == ["aaaa", "bbbb", "bbbb"])
  }

  /// What is free has limits of its own.
  @Test(arguments: [(429, "aaaa"), (401, "bbbb")])
  func letsNoKeyRestForCallsThatIsAtItsLimitForCounts(status: Int, next: String) async throws {
    let bench = try Bench(["aaaa", "bbbb"])
    bench.refuse("aaaa", status)
    #expect(try await bench.model.countTokens(question, model: "m") == 1_000)
    bench.refusals.change { $0 = [:] }
    _ = try await bench.model.answer()
    #expect(bench.used == ["aaaa", "bbbb", next])
  }

  @Test func failsWithoutAKey() async throws {
    let bench = try Bench([""])
    #expect(await bench.model.failure()?.reason == .keyRejected)
    #expect(bench.used == [])
  }

  @Test func showsNothingOfAShortKey() async throws {
    let gemini = try FakeGemini()
    let model = ProviderCase.gemini.model(at: gemini.url, keys: KeyRing(["short-key"]))
    #expect(try await model.answer().keyIdentifier == "…")
  }
}
