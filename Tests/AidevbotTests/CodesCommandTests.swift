import Foundation
import Testing
import TestSupport

/// Promotion codes, made at a shell and used in the chat.
@Suite("aidevbot codes")
struct CodesCommandTests {
  private static let codes: [String: String?] = ["PROMOTIONS_CODES": "true"]

  @Test func makesCodesAndListsThem() async throws {
    try await World.run { world in
      #expect(try await world.aidevbot("codes", "list").output == "There are no codes.\n")
      let made = try await world.codes("create --credits 50 --uses 10 --expires 2099-01-31")
      #expect(made.status == 0)
      let line = try #require(
        made.output.wholeMatch(
          of: /([0-9A-HJKMNP-TV-Z]{10}) gives 50 credits to 10 people, until (.+) UTC.\n/))
      #expect(line.2 == "2099-01-31 23:59:59")
      let json = try await world.codes(
        "create --credits 0.5 --uses 1 --expires 2099-12-31 --code spring-27 --json")
      #expect(json.status == 0)
      #expect(
        try JSONValue(json: Data(json.output.utf8)) == [
          "code": "SPRING-27", "credits": "0.5", "uses": 0, "most_uses": 1,
          "expires_at": "2099-12-31T23:59:59Z", "state": "active",
        ])
      let table = try await world.aidevbot("codes", "list")
      #expect(table.status == 0)
      #expect(table.outputLines.count == 3)
      #expect(table.output.contains(line.1))
      let rows = try JSONValue(
        json: Data(try await world.aidevbot("codes", "list", "--json").output.utf8))
      #expect(rows.array?.compactMap { $0["code"]?.string } == ["SPRING-27", String(line.1)])
      // They are of use only once the operator wants that.
      let idle = try await world.aidevbot(
        "codes", "create", "--credits", "5", "--uses", "1", "--expires", "2099-01-31")
      #expect(idle.output.hasSuffix("People can use it once PROMOTIONS_CODES is true.\n"))
    }
  }

  @Test(arguments: [
    ("--credits 5 --uses 1 --expires 2099-01-31 --code WELCOME", Int32(1), "already; choose"),
    ("--credits 0 --uses 1 --expires 2099-01-31", 64, "--credits must be above zero."),
    ("--credits 1000000001 --uses 1 --expires 2099-01-31", 64, "at most 1000000000 credits can"),
    ("--credits 10001 --uses 1 --expires 2099-01-31", 1, "for so many credits, --yes does it"),
    ("--credits many --uses 1 --expires 2099-01-31", 64, "--credits"),
    ("--credits 5 --uses 0 --expires 2099-01-31", 64, "--uses must be 1 to 1000000."),
    ("--credits 5 --uses 1 --expires tomorrow", 64, "must be a day such as 2027-01-31."),
    ("--credits 5 --uses 1 --expires 2099-02-30", 64, "must be a day such as 2027-01-31."),
    ("--credits 5 --uses 1 --expires 2099-13-31", 64, "must be a day such as 2027-01-31."),
    ("--credits 5 --uses 1 --expires 2020-01-31", 64, "--expires must not be in the past."),
    ("--credits 5 --uses 1 --expires 2099-01-31 --code no", 64, "--code must be 4 to 32"),
    ("--credits 5 --uses 1", 64, "--expires"),
  ])
  func refusesWhatCannotBe(options: String, status: Int32, sentence: String) async throws {
    try await World.run { world in
      let first = try await world.codes(
        "create --credits 5 --uses 1 --expires 2099-01-31 --code welcome")
      #expect(first.status == 0)
      let ending = try await world.codes("create \(options)")
      #expect(ending.status == status)
      #expect(ending.output.isEmpty)
      #expect(ending.errors.contains(sentence), "\(ending.errors)")
      #expect(try world.number("SELECT count(*) FROM promotion_codes") == 1)
    }
  }

  @Test func revokesACodeAndLeavesWhatItGave() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon(changing: Self.codes)
      try await world.openAccount()
      let made = try await world.codes(
        "create --credits 50 --uses 10 --expires 2099-01-31 --code WELCOME")
      #expect(made.status == 0)
      try await world.ask("/redeem WELCOME")
      let revoked = try await world.codes("revoke welcome")
      #expect(revoked.status == 0, "\(revoked.errors)")
      #expect(
        revoked.output
          == "WELCOME is revoked. 1 person has used it and keeps the credits.\n")
      try await world.openAccount(of: 43)
      #expect(
        try await world.ask("/redeem WELCOME", from: 43)
          == "This code has been withdrawn, so it no longer gives credits. I am sorry.")
      #expect(try world.balance(of: 43) == 100_000_000)
      #expect(try world.balance(of: 42) == 150_000_000)
      let list = try await world.aidevbot("codes", "list")
      #expect(list.output.contains(/WELCOME +50 +1 +10 .* revoked\n/), "\(list.output)")
      let again = try await world.codes("revoke WELCOME --json")
      let row = try JSONValue(json: Data(again.output.utf8))
      #expect(row["state"] == "revoked" && row["uses"] == 1)
      #expect(row["revoked_at"]?.string?.hasPrefix("20") == true)
      let same = try await world.codes("revoke WELCOME")
      #expect(same.output.contains(/WELCOME was revoked at 20.+ UTC already\.\n/))
      let unknown = try await world.codes("revoke WINTER")
      #expect(unknown.status == 1)
      #expect(
        unknown.errors
          == "aidevbot: there is no promotion code \"WINTER\"; aidevbot codes list names them "
          + "all\n")
      try await world.stop(daemon)
      try await world.expectSoundLedger()
    }
  }

  @Test func givesEachPersonTheCreditsOnce() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon(changing: Self.codes)
      try await world.openAccount()
      let made = try await world.codes(
        "create --credits 50 --uses 10 --expires 2099-01-31 --code WELCOME")
      #expect(made.status == 0)
      let gift = try await world.ask("/redeem  welcome ")
      #expect(gift == "50.00 credits are yours. Your balance is 150.00 credits.")
      #expect(
        try await world.ask("/redeem WELCOME")
          == "You have already used this code; it works once per person.")
      #expect(
        try await world.ask("/redeem WELCOMES")
          == "This code is not valid, or no longer valid. Please check its spelling.")
      let credits = try await world.ask("/credits")
      #expect(credits.contains("+50.00  adjustment: promotion code WELCOME"))
      try await world.stop(daemon)
      #expect(try world.balance() == 150_000_000)
      try await world.expectNothingLeft()
    }
  }

  @Test func existInTheChatOnlyWhereTheyAreWanted() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      #expect(try await world.ask("/redeem WELCOME").hasPrefix("I do not know /redeem."))
      #expect(try await !world.ask("/help").contains("/redeem"))
      try await world.stop(daemon)
    }
  }

  @Test func givesNoMoreThanItSaysHoweverManyComeAtOnce() async throws {
    try await World.run { world in
      let people = Int64(101)...200
      let daemon = try await world.startDaemon(changing: Self.codes)
      for user in people { world.telegram.message("/start", from: user) }
      for user in people { try await world.replies(1, to: user) }
      let made = try await world.codes(
        "create --credits 50 --uses 10 --expires 2099-01-31 --code WELCOME")
      #expect(made.status == 0)
      for user in people { world.telegram.message("/redeem WELCOME", from: user) }
      for user in people { try await world.replies(2, to: user) }
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      let got = people.filter {
        world.telegram.state.value.sent(to: $0).last?.hasPrefix("50.00 credits are yours.") == true
      }
      #expect(got.count == 10)
      let richer = try world.number(
        "SELECT count(*) FROM users WHERE credit_balance_micro = 150000000")
      #expect(richer == 10)
      // 100 for each of a hundred people, and 50 more for ten of them.
      #expect(try world.number("SELECT sum(credit_balance_micro) FROM users") == 10_500_000_000)
      let listed = try await world.aidevbot("codes", "list", "--json")
      #expect(try JSONValue(json: Data(listed.output.utf8)).array?.first?["uses"] == 10)
      try await world.expectNothingLeft()
    }
  }
}

extension World {
  fileprivate func codes(_ words: String) async throws -> ChildProcess.Ending {
    try await start(
      ["codes"] + words.split(separator: " ").map(String.init),
      changing: ["PROMOTIONS_CODES": "true"]
    ).waitForExit()
  }
}
