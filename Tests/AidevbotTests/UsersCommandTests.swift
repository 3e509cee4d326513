import Foundation
import Testing
import TestSupport

@Suite("aidevbot users")
struct UsersCommandTests {
  @Test func listsWhoHasAnAccount() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      try await world.openAccount(of: 43)
      try await world.ask(Seller.gemini.question)
      try await world.stop(daemon)
      let list = try await world.aidevbot("users", "list")
      #expect(list.status == 0)
      #expect(list.outputLines.count == 3)
      let line = try #require(list.outputLines.last)
      #expect(line.contains(#/^42 +@user42 +\w+ +99\.60625 +0\.00 +1 /#), "\(line)")
      let json = try await world.aidevbot("users", "list", "--limit", "1", "--json")
      let rows = try JSONValue(json: Data(json.output.utf8)).array ?? []
      #expect(rows.count == 1)
      #expect(rows.first?["telegram_user_id"] == 43)
      #expect(rows.first?["balance"] == "100")
      #expect(rows.first?["state"] == "active")
      #expect(rows.first?["calls"] == 0)
    }
  }

  @Test func showsWhatSomebodyHasDidAndBought() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.buyStarter("stx-1")
      try await world.ask(Seller.gemini.question)
      try await world.stop(daemon)
      let shown = try await world.aidevbot("users", "show", "@User42")
      #expect(shown.status == 0)
      #expect(shown.output.contains("(@user42, 42)\nSince "))
      // 100 to begin with and 250 bought, less 0.39375 for the question.
      #expect(shown.output.contains("Balance: 349.60625 credits, 0.00 of them reserved\n"))
      #expect(shown.output.contains(/\norder .* Starter +250 +200 +paid\n/))
      #expect(shown.output.contains(/\npayment .* stx-1 +- +200 +credited\n/))
      let json = try await world.aidevbot("users", "show", "42", "--json")
      let person = try JSONValue(json: Data(json.output.utf8))
      #expect(person["account"]?["available"] == "349.60625")
      #expect(person["transactions"]?.array?.count == 3)
      #expect(person["orders"]?.array?.compactMap { $0["stars"] } == [200])
      #expect(person["payments"]?.array?.compactMap { $0["charge_id"] } == ["stx-1"])
      let csv = try await world.aidevbot("users", "show", "42", "--csv")
      #expect(csv.output.hasPrefix("kind,created_at,description,credits,stars,state\r\n"))
      #expect(csv.output.contains(",stx-1,,200,credited\r\n"))
    }
  }

  @Test func whoeverIsBlockedIsTurnedAwayByTheRunningBot() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      let blocked = try await world.aidevbot("users", "block", "42")
      #expect(blocked.status == 0)
      #expect(blocked.output.hasSuffix("(@user42, 42) is blocked.\n"))
      let list = try await world.aidevbot("users", "list", "--csv")
      #expect(list.output.hasSuffix(",blocked\r\n"))
      try await world.ask(Seller.gemini.question)
      #expect(world.callCount(.gemini) == 0)
      let unblocked = try await world.aidevbot("users", "unblock", "@user42", "--json")
      #expect(try JSONValue(json: Data(unblocked.output.utf8))["state"] == "active")
      #expect(try await world.ask(Seller.gemini.question).contains("Cost: 0.39375 credits"))
      try await world.stop(daemon)
    }
  }

  @Test(arguments: ["show 4711", "block 4711", "unblock @nobody"])
  func knowsNobodyElse(command: String) async throws {
    try await World.run { world in
      #expect(try await world.aidevbot("console", input: "/start\n").status == 0)
      let words = command.split(separator: " ").map(String.init)
      let ending = try await world.start(["users"] + words).waitForExit()
      #expect(ending.status == 1)
      #expect(ending.output.isEmpty)
      #expect(ending.errors.hasPrefix("aidevbot: user \(words[1]) is not known; give the"))
    }
  }

  @Test func theHistoryOfCreditsIsAllThereIs() async throws {
    try await World.run { world in
      #expect(try await world.aidevbot("console", input: "/start\n").status == 0)
      for number in 1...25 {
        try world.damage(
          """
          INSERT INTO credit_transactions (user_id, transaction_type, credits_amount_micro,
            balance_after_micro, idempotency_key, description, created_at)
          VALUES (1, 'manual_adjustment', 1, 100000000 + \(number), 'k\(number)', 'n\(number)',
            '2020-01-\(number < 10 ? "0" : "")\(number) 00:00:00.000')
          """)
      }
      func rows(_ options: String) async throws -> [Substring] {
        let words = options.split(separator: " ").map(String.init)
        let csv = try await world.start(["credits", "history", "0", "--csv"] + words).waitForExit()
        #expect(csv.status == 0)
        return Array(csv.output.split(separator: "\r\n").dropFirst())
      }
      #expect(try await rows("").count == 26)
      #expect(
        try await rows("--limit 2") == [
          "26,2020-01-25 00:00:00,manual_adjustment,0.000001,100.000025,n25",
          "25,2020-01-24 00:00:00,manual_adjustment,0.000001,100.000024,n24",
        ])
      #expect(try await rows("--since 2020-01-24").count == 3)
      #expect(try await rows("--since 2099-01-01").isEmpty)
      let none = try await world.aidevbot("credits", "history", "0", "--limit", "0")
      #expect(none.status == 64)
    }
  }
}
