import GRDB
import TestSupport
import Testing

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
      let keys = world.gemini.requests.value.map { $0.headers["x-goog-api-key"] }
      #expect(keys == ["first-key-of-gemini-0001", "second-key-of-gemini-0002"])
      #expect(
        try world.read { db in
          try String.fetchAll(db, sql: "SELECT api_key_identifier FROM api_key_usage")
        } == ["…0002"])
    }
  }
}
