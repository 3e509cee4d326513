import Foundation
@testable import LanguageModels
import Metering
import Testing
import TestSupport

/// One odd field that nobody needs never costs a good answer.
@Suite("An odd field")
struct OddFieldsTests {
  static let chats = [ProviderCase.openRouter, .openAICompatible]

  @Test func takesNothingAlongThatStandsBesideABadByte() {
    let json =
      Data(#"{"choices": [], "usage": {"od"#.utf8) + [0xEF]
      + Data(#"d": 1, "prompt_tokens": 10, "cost": 0.1}}"#.utf8)
    let usage = ChatCompletion(json)?.usage
    #expect(usage?.prompt == 10 && usage?.cost?.description == "0.1")
  }

  @Test(
    arguments: chats,
    [
      #""id": 17, "model": 5"#, #""id": null, "model": []"#, #""usage": {}"#, #""usage": []"#,
      #""usage": "none""#, #""error": null, "object": 7"#, #""system_fingerprint": {"a": [1]}"#,
    ])
  func doesNotCostAChatItsAnswer(provider: ProviderCase, field: String) async throws {
    var events = provider.goodEvents
    events.insert("{\(field)}", at: 0)
    events.insert(#"{"choices": [], \#(field)}"#, at: 2)
    let answer = try await ask(provider, replying: .events(events))
    #expect(answer.text == ProviderCase.streamedText)
    #expect(answer.usage == ProviderCase.streamedUsage)
    #expect(!answer.usageIsEstimate)
    if field.contains("17") {
      #expect(answer.requestID == "17")
      #expect(answer.model == "5")
    }
  }

  @Test(arguments: [
    #""responseId": 17, "modelVersion": 5"#, #""usageMetadata": {}"#, #""usageMetadata": []"#,
    #""promptFeedback": "fine""#, #""error": null"#, #""modelVersion": {"a": 1}"#,
  ])
  func doesNotCostGeminiItsAnswer(field: String) async throws {
    var events = ProviderCase.gemini.goodEvents
    events.insert("{\(field)}", at: 0)
    events.insert(#"{"candidates": [], \#(field)}"#, at: 2)
    let answer = try await ask(.gemini, replying: .events(events))
    #expect(answer.text == ProviderCase.streamedText)
    #expect(answer.usage == ProviderCase.streamedUsage)
  }

  @Test(arguments: chats)
  func isACountThatIsAText(provider: ProviderCase) async throws {
    let usage = #"""
      {"prompt_tokens": "12", "completion_tokens": "9", \#
      "prompt_tokens_details": {"cached_tokens": "3"}}
      """#
    let answer = try await ask(
      provider, replying: .events([chatChunk("4", #", "usage": \#(usage)"#, finishReason: "stop")]))
    #expect(
      answer.usage == TokenUsage(inputTokens: 12, cachedInputTokens: 3, outputTokens: 9))
  }

  /// A model's tokens are bytes, and a server may send one that is no character yet.
  @Test(arguments: ProviderCase.allCases)
  func isAByteThatIsNoText(provider: ProviderCase) async throws {
    var events = provider.goodEvents.map { Data($0.utf8) }
    guard let place = events[1].firstRange(of: Data("四".utf8)) else { return }
    events[1].replaceSubrange(place, with: [0xE5])
    let body = events.reduce(Data()) { $0 + Data("data: ".utf8) + $1 + Data("\n\n".utf8) }
    let answer = try await ask(
      provider,
      replying: .response(status: 200, headers: ["Content-Type": "text/event-stream"], body: body))
    #expect(answer.text == "Grüße, 2 + 2 = \u{FFFD} 🚀")
    #expect(answer.usage == ProviderCase.streamedUsage)
  }

  @Test(arguments: ProviderCase.allCases)
  func isASurrogatePairInTwoPieces(provider: ProviderCase) async throws {
    func piece(_ text: String) -> String {
      provider == .gemini
        ? geminiEvent(text, #""usageMetadata": {"promptTokenCount": 12}"#) : chatChunk(text)
    }
    let halves = [piece(#"\\ \ud83d\ude80 \ud83d"#), piece(#"\ude80 \ude80 \ud83d"#), piece(" ")]
    let answer = try await ask(provider, replying: .events(halves + provider.goodEvents))
    #expect(answer.text == "\\ 🚀 🚀 \u{FFFD} \u{FFFD} " + ProviderCase.streamedText)
    #expect(answer.usage == ProviderCase.streamedUsage)
  }

  @Test(arguments: ProviderCase.allCases, ["application/json", "text/event-stream"])
  func isAnArrayInThePlaceOfAStream(provider: ProviderCase, type: String) async throws {
    let events = provider.goodEvents.filter { $0 != "[DONE]" }
    let array = Data("[\(events.joined(separator: "\n,\n"))\n]\n".utf8)
    let answer = try await ask(
      provider, replying: .response(status: 200, headers: ["Content-Type": type], body: array))
    #expect(answer.text == ProviderCase.streamedText)
    #expect(answer.usage == ProviderCase.streamedUsage)
    let half = Data("[\(events[..<2].joined(separator: ","))]".utf8)
    let error = try await failure(
      provider, replying: .response(status: 200, headers: ["Content-Type": type], body: half))
    #expect(error?.reason == .connectionLost)
  }

  @Test(arguments: ProviderCase.allCases)
  func isAnArrayThatHoldsAnError(provider: ProviderCase) async throws {
    let error = try await failure(
      provider, replying: .json(#"[{"error": {"code": 503, "message": "m"}}]"#))
    #expect(error?.reason == .providerOverloaded)
  }

  /// Gemini writes an error that comes late without the form of the stream.
  @Test(
    arguments: [0, 2],
    [
      "{\"error\":{\"code\":503,\"message\":\"m\",\"status\":\"UNAVAILABLE\"}}\n",
      "{\"error\":{\"code\":503,\"message\":\"m\",\"status\":\"UNAVAILABLE\"}}",
      "{\n  \"error\": {\n    \"code\": 503,\n    \"message\": \"m\"\n  }\n}\n",
    ])
  func isABareLineThatSaysThatItIsBusy(place: Int, line: String) async throws {
    let events = ProviderCase.gemini.goodEvents[..<place].map { "data: \($0)\n\n" }.joined()
    let error = try await failure(
      .gemini,
      replying: .response(
        status: 200, headers: ["Content-Type": "text/event-stream"],
        body: Data((events + line).utf8)))
    #expect(error?.reason == .providerOverloaded)
    #expect(error?.mayHaveCost == false)
    #expect(error?.usage == nil)
  }

  @Test(arguments: ProviderCase.allCases)
  func isALineOfSomethingElse(provider: ProviderCase) async throws {
    let events = provider.goodEvents.map { "data: \($0)\n\n<p class=\"error\">\n" }.joined()
    let answer = try await ask(
      provider,
      replying: .response(
        status: 200, headers: ["Content-Type": "text/event-stream"], body: Data(events.utf8)))
    #expect(answer.text == ProviderCase.streamedText)
  }

  static let evilName = "na\u{1B}[31mme\n\u{202E}evil" + String(repeating: "x", count: 1_000)

  /// They go into tables, logs and terminals.
  @Test(arguments: ProviderCase.allCases)
  func isANameThatIsCleanedAndBounded(provider: ProviderCase) async throws {
    let name = jsonText([Self.evilName]).dropFirst().dropLast()
    let (idField, modelField) =
      provider == .gemini ? ("responseId", "modelVersion") : ("id", "model")
    let naming = #"{"\#(idField)": \#(name), "\#(modelField)": \#(name)}"#
    let ids = Watched<[String]>([])
    let server = try LoopbackServer { _ in .events([naming] + provider.goodEvents) }
    let answer = try await provider.model(at: server.url)
      .answer(question, model: "m") { id in ids.change { $0.append(id) } }
    for name in [answer.model, answer.requestID ?? ""] + ids.value {
      #expect(name.hasPrefix("na[31mmeevilxxx"))
      #expect(name.utf8.count == 160)
    }
    let cut = try await failure(provider, replying: .events([naming]))
    #expect(cut?.requestID == answer.requestID)
  }

  @Test func isAnIDInTheHeaderThatIsBounded() async throws {
    let long = String(repeating: "g", count: 1_000)
    let answer = try await ask(
      .openRouter,
      replying: .events(ProviderCase.openRouter.goodEvents, headers: ["X-Generation-Id": long]))
    #expect(answer.requestID == String(long.prefix(160)))
  }

  @Test func isAModelWithoutAName() async throws {
    let answer = try await ask(
      .openAICompatible,
      replying: .events([#"{"model": "\u001b\u202e"}"#] + ProviderCase.openAICompatible.goodEvents))
    #expect(answer.model == "some-model")
  }
}
