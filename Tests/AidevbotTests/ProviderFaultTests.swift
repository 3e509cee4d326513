import Foundation
import GRDB
import Testing
import TestSupport

/// A model's provider fails while the daemon runs: nobody pays for that.
@Suite("Providers' faults")
struct ProviderFaultTests {
  @Test(arguments: Seller.allCases)
  func chargesNothingForACallThatFailed(seller: Seller) async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.ask("/start")
      world.onCall(of: seller) { _ in .html("<h1>502</h1>", status: 502) }
      #expect(try await world.ask(seller.question).hasSuffix("It cost you nothing."))
      // Here the provider may have worked for nothing: the house bears it.
      world.onCall(of: seller) { _ in .reset }
      #expect(try await world.ask(seller.question).hasSuffix("It cost you nothing."))
      world.onCall(of: seller) { _ in nil }
      #expect(try await world.ask(seller.question).hasPrefix("Hello from the fake model."))
      try await world.stop(daemon)
      #expect(try world.balance() == 100_000_000 - seller.charge)
      #expect(try world.usage().map(\.chargedTo) == ["house", "user"])
      try await world.expectNothingLeft()
    }
  }

  /// Whatever comes back, the person pays for an answer or for nothing, and is told so. Each asks
  /// once, as the house bears only so much of one of them.
  @Test(arguments: Seller.allCases)
  func chargesNothingForWhatIsNoAnswer(seller: Seller) async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      let hostile = seller.hostileReplies
      for (person, reply) in zip(Int64(43)..., hostile) {
        try await world.ask("/start", from: person)
        world.onCall(of: seller) { _ in reply }
        #expect(
          try await world.ask(seller.question, from: person).hasSuffix("It cost you nothing."))
        #expect(try world.balance(of: person) == 100_000_000)
      }
      try await world.ask("/start")
      world.onCall(of: seller) { _ in nil }
      #expect(try await world.ask(seller.question).hasPrefix("Hello from the fake model."))
      try await world.stop(daemon)
      #expect(world.callCount(seller) == hostile.count + 1)
      #expect(try world.balance() == 100_000_000 - seller.charge)
      #expect(try world.usage().filter { $0.chargedTo == "user" }.count == 1)
      try await world.expectNothingLeft()
    }
  }

  @Test func usesTheNextKeyWhereOneIsAtItsLimit() async throws {
    try await World.run { world in
      world.onCall(of: .gemini) { request in
        request.headers["x-goog-api-key"] == "first-key-of-gemini-0001"
          ? .json(#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}"#, status: 429) : nil
      }
      let daemon = try await world.startDaemon(
        changing: ["GEMINI_API_KEY": "first-key-of-gemini-0001, second-key-of-gemini-0002"])
      try await world.ask("/start")
      #expect(try await world.ask("How do I begin?").hasPrefix("Hello from the fake model."))
      try await world.stop(daemon)
      let keys = world.gemini.requests.value.filter(GeminiDialect.asksForAnswer).map {
        $0.headers["x-goog-api-key"]
      }
      #expect(keys == ["first-key-of-gemini-0001", "second-key-of-gemini-0002"])
      #expect(
        try world.read { db in
          try String.fetchAll(db, sql: "SELECT api_key_identifier FROM api_key_usage")
        } == ["…0002"])
    }
  }
}

extension Seller {
  /// What is no answer, in all the forms in which it comes.
  fileprivate var hostileReplies: [LoopbackReply] {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    return events + [
      .html("<!DOCTYPE html><h1>Sign in</h1>", status: 200),
      .json("null"), .json("{}"), .json(String(repeating: "[", count: 100_000)),
      .json("", status: 302, headers: ["Location": "http://127.0.0.1:1/"]),
      .json("", status: 429), .json("", status: 503, headers: ["Retry-After": "1"]),
      .raw(Data()), .raw(Data("HTTP/1.1 200 OK\r\n".utf8)), .raw(Data("SSH-2.0-x\r\n".utf8)),
      .raw(Data("\(head)Content-Length: 99\r\n\r\ndata: {".utf8)),
      .raw(Data("\(head)Transfer-Encoding: chunked\r\n\r\nzz\r\n".utf8)),
      .written { write in
        guard write(Data("\(head)Content-Length: \(1 << 30)\r\n\r\n".utf8)) else { return }
        let megabyte = Data(repeating: UInt8(ascii: "a"), count: 1 << 20)
        for _ in 0..<1_024 { guard write(megabyte) else { return } }
      },
    ]
  }

  private var events: [LoopbackReply] {
    switch self {
    case .gemini:
      let text = #""candidates": [{"content": {"parts": [{"text": "4"}]}, "finishReason": "STOP"}]"#
      return [
        .events([#"{"error": {"code": 500, "message": "m"}}"#]),
        .events(["{\(text)}", #"{"error": {"code": 503, "message": "m"}}"#]),
        .events(["{\(text)}", "{"]),
        .events([#"{"candidates": [{"content": {"parts": [{"text": "4"}]}}]}"#]),
        .events([#"{"candidates": [], "usageMetadata": {"promptTokenCount": -5}}"#]),
        .events([#"{"promptFeedback": {"blockReason": "SAFETY"}}"#]),
      ]
    case .openRouter:
      let text = #""choices": [{"delta": {"content": "4"}, "finish_reason": "stop"}]"#
      return [
        .events([#"{"error": {"code": 502, "message": "m"}}"#, "[DONE]"]),
        .events(["{\(text)}", #"{"error": {"code": "server_error", "message": "m"}}"#]),
        .events(["{\(text)}", "{", "[DONE]"]),
        .events([#"{"choices": [{"delta": {"content": "4"}, "finish_reason": ""}]}"#]),
        .events([#"{"choices": [], "usage": {"prompt_tokens": -5}}"#, "[DONE]"]),
        .events(["[DONE]"]),
      ]
    }
  }
}
