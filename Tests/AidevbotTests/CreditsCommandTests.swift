import Foundation
import Testing
import TestSupport

@Suite("aidevbot credits")
struct CreditsCommandTests {
  @Test func givesTakesBackAndShows() async throws {
    try await World.run { world in
      try await world.openAnAccount()
      let given = try await world.aidevbot(
        "credits", "grant", "0", "0.5", "--reason", "for the patience")
      #expect(given.status == 0)
      #expect(given.output == "Booked +0.50 credits for user 0. The balance is 100.50 credits.\n")
      let taken = try await world.aidevbot(
        "credits", "grant", "0", "-20", "--reason", "by mistake", "--json")
      let row = try JSONValue(json: Data(taken.output.utf8))
      #expect(row["credits"] == "-20")
      #expect(row["balance_after"] == "80.5")
      #expect(row["type"] == "manual_adjustment")
      #expect(row["description"] == "by mistake")

      let shown = try await world.aidevbot("credits", "show", "0")
      #expect(shown.status == 0)
      #expect(
        shown.outputLines.prefix(4) == [
          "User 0, friend", "Balance:   80.50 credits", "Reserved:  0.00 credits",
          "Available: 80.50 credits",
        ])
      #expect(shown.output.contains("for the patience"))
      let json = try await world.aidevbot("credits", "show", "0", "--json")
      let account = try JSONValue(json: Data(json.output.utf8))
      #expect(account["telegram_user_id"] == 0)
      #expect(account["balance"] == "80.5")
      #expect(account["available"] == "80.5")
      #expect(
        account["transactions"]?.array?.compactMap { $0["credits"] } == ["-20", "0.5", "100"])
      try await world.expectSoundLedger()
    }
  }

  @Test(arguments: [
    ("grant 4711 5 --reason gift", Int32(1), "user 4711 is not known; give the numeric id"),
    ("show 4711", 1, "user 4711 is not known; give the numeric id"),
    ("grant 0 -100.000001 --reason back", 1, "too few credits: 0.000001 more are needed"),
    ("grant 0 0 --reason nothing", 64, "The number of credits must not be zero."),
    ("grant 0 much --reason gift", 64, "is not a decimal number of the expected form"),
    ("grant 0 0.0000001 --reason gift", 64, "is not a decimal number of the expected form"),
    ("grant 0 99999999999999 --reason gift", 64, "the amount is too large to be real"),
    ("grant 0 1000000001 --reason gift", 64, "at most 1000000000 credits can be given at once"),
    ("grant 0 1000000000 --reason gift --yes", 0, ""),
    ("grant 0 10000 --reason gift", 0, ""),
    ("grant 0 10000.000001 --reason gift", 1, "for so many credits, --yes does it without asking"),
    ("grant 0 20000 --reason gift --json", 1, "for so many credits, --yes does it without asking"),
    ("grant 0 -10001 --reason back", 1, "for so many credits, --yes does it without asking"),
    ("grant 0 5", 64, "--reason"),
    ("grant @ada 5 --reason gift", 1, "user @ada is not known; give the numeric id, or the @name"),
    ("show @ada", 1, "user @ada is not known; give the numeric id, or the @name"),
    ("history @ada", 1, "user @ada is not known; give the numeric id, or the @name"),
    ("grant 0 -1e400 --reason back", 64, "'-1e400' is invalid for '<credits>': the amount is too"),
    ("grant 0 -5,5 --reason back", 64, "\"-5,5\" is not a decimal number of the expected form"),
    ("grant -5 5 --reason gift", 1, "user -5 is not known; give the numeric id"),
    ("grant 0 --yes -1e400 --reason back", 64, "'-1e400' is invalid for '<credits>'"),
    ("history 0 --limit -1e400", 64, "The value '-1e400' is invalid for '--limit <n>'"),
    ("history 0 --limit -5", 64, "--limit must be above zero."),
  ])
  func refusesWhatCannotBe(command: String, status: Int32, sentence: String) async throws {
    try await World.run { world in
      try await world.openAnAccount()
      let arguments = ["credits"] + command.split(separator: " ").map(String.init)
      let ending = try await world.start(arguments).waitForExit()
      #expect(ending.status == status)
      #expect(ending.output.isEmpty == (status != 0))
      #expect(ending.errors.contains(sentence) || status == 0, "\(ending.errors)")
      let isUnchanged = try world.balance(of: 0) == 100_000_000
      #expect(isUnchanged == (status != 0))
      try await world.expectSoundLedger()
    }
  }

  @Test func takeNamesAsWellAsIds() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      try await world.stop(daemon)
      let name = "@USER42"
      let given = try await world.aidevbot("credits", "grant", name, "-5", "--reason", "a slip")
      #expect(given.output == "Booked −5.00 credits for user 42. The balance is 95.00 credits.\n")
      let shown = try await world.aidevbot("credits", "show", name)
      #expect(shown.output.contains("Balance:   95.00 credits"), "\(shown.errors)")
      let history = try await world.aidevbot("credits", "history", name, "--limit", "1")
      #expect(history.outputLines.count == 3 && history.output.contains("a slip"))
    }
  }

  @Test(arguments: [("y\n", true), ("n\n", false), ("\n", false)])
  func askBeforeManyAreGiven(answer: String, isWanted: Bool) async throws {
    try await World.run { world in
      try await world.openAnAccount()
      let asked = try await world.onTerminal(
        columns: 80, "credits", "grant", "0", "20000", "--reason", "gift", input: answer)
      #expect(asked.output.contains("Give 20000 credits to user 0 (friend)? [y/N]"))
      #expect(asked.status == (isWanted ? 0 : 1), "\(asked.output)")
      #expect(try world.balance(of: 0) == (isWanted ? 20_100_000_000 : 100_000_000))
    }
  }

  @Test(arguments: ["credits show 1", "credits grant 1 5 --reason gift", "ledger verify"])
  func asksForADatabaseThatIsThere(command: String) async throws {
    try await World.run { world in
      let arguments = command.split(separator: " ").map(String.init)
      let ending = try await world.start(arguments).waitForExit()
      #expect(ending.status == 78)
      #expect(
        ending.errors == "aidevbot: DATABASE_PATH is \(world.databasePath), "
          + "but there is no database; set it to the bot's own file\n")
      #expect(!FileManager.default.fileExists(atPath: world.databasePath))
    }
  }
}

@Suite("aidevbot ledger verify")
struct LedgerCommandTests {
  @Test func saysInOneLineThatTheLedgerHolds() async throws {
    try await World.run { world in
      try await world.openAnAccount(asking: true)
      try await world.expectSoundLedger()
      let json = try await world.aidevbot("ledger", "verify", "--json")
      #expect(json.status == 0)
      #expect(
        try JSONValue(json: Data(json.output.utf8)) == [
          "holds": true, "users": 1, "transactions": 2, "settled_calls": 1, "breaks": [],
        ])
    }
  }

  @Test func showsHowFarTheProofIsOnATerminalAlone() async throws {
    try await World.run { world in
      try await world.openAnAccount(asking: true)
      let shown = try await world.onTerminal(columns: 80, "ledger", "verify")
      #expect(shown.status == 0)
      #expect(shown.output.contains("\rProving [####"), "\(shown.output)")
      #expect(shown.output.contains("] 100 %\r\u{1B}[KThe ledger holds."), "\(shown.output)")
      let piped = try await world.aidevbot("ledger", "verify")
      #expect(piped.errors.isEmpty && !piped.output.contains("Proving"))
    }
  }

  /// A question took 393,750 micro-credits of 100 credits. An output token more is 0.00000375
  /// dollars.
  @Test(arguments: [
    (
      "UPDATE users SET credit_balance_micro = credit_balance_micro + 1",
      "user 1: the balance is 99606251 micro-credits, but the journal sums to 99606250"
    ),
    (
      "UPDATE users SET credit_held_micro = 5",
      "user 1: 5 micro-credits are held, but the pending holds sum to 0"
    ),
    (
      "UPDATE api_key_usage SET output_tokens_used = 501",
      "usage 1: its tokens cost 0.00262875 USD at its price, but 0.002625 is recorded"
    ),
    (
      "DROP TRIGGER the_journal_is_never_edited; "
        + "UPDATE credit_transactions SET balance_after_micro = 7 WHERE id = 2",
      "transaction 2: the balance after it is given as 7, but the rows sum to 99606250"
    ),
  ])
  func namesABreak(damage: String, sentence: String) async throws {
    try await World.run { world in
      try await world.openAnAccount(asking: true)
      try world.damage(damage)
      let verdict = try await world.aidevbot("ledger", "verify")
      #expect(verdict.status == 1)
      #expect(verdict.outputLines.contains(Substring(sentence)), "\(verdict.output)")
      #expect(verdict.errors.isEmpty)
      let json = try await world.aidevbot("ledger", "verify", "--json")
      #expect(json.status == 1)
      #expect(try JSONValue(json: Data(json.output.utf8))["holds"] == false)
    }
  }

  @Test func aBrokenLedgerStopsTheSaleAndNothingElse() async throws {
    try await World.run { world in
      let first = try await world.startDaemon()
      try await world.ask("/start")
      try await world.stop(first)
      try world.damage("UPDATE users SET credit_balance_micro = credit_balance_micro + 1")
      let daemon = try await world.startDaemon(changing: ["TELEGRAM_ADMIN_USER_IDS": "1001"])
      #expect(try await world.replies(1, to: 1001).first?.contains("ledger is broken") == true)
      #expect(try await world.ask("/status").hasPrefix("Balance: 100.000001 credits"))
      #expect(
        try await world.ask("How do I begin?").hasPrefix("I cannot take paid requests right now"))
      let ending = try await world.stop(daemon)
      #expect(ending.errors.contains("The ledger is broken; nothing is sold."))
      #expect(world.callCount(.gemini) == 0)
    }
  }

  /// Of 20,000 rows, which are more than what is proven before the first poll, the last is wrong.
  @Test func aBreakThatIsFoundBesideTheWorkStopsTheSale() async throws {
    try await World.run { world in
      let first = try await world.startDaemon()
      try await world.ask("/start")
      try await world.stop(first)
      try world.damage(
        """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        INSERT INTO credit_transactions (user_id, transaction_type, credits_amount_micro,
          balance_after_micro, idempotency_key, description, created_at)
        SELECT 1, 'manual_adjustment', 1, 100000000 + i + (i = 20000), 'row ' || i, 'row',
          '2026-01-01 00:00:00.000' FROM n;
        UPDATE users SET credit_balance_micro = 100020001;
        """)
      let daemon = try await world.startDaemon(changing: ["TELEGRAM_ADMIN_USER_IDS": "1001"])
      #expect(try await world.replies(1, to: 1001).first?.contains("ledger is broken") == true)
      #expect(
        try await world.ask("How do I begin?").hasPrefix("I cannot take paid requests right now"))
      let ending = try await world.stop(daemon)
      #expect(ending.errors.contains("transaction 20001: the balance after it is given"))
    }
  }
}

extension World {
  /// In the console, that of user 0.
  fileprivate func openAnAccount(asking: Bool = false) async throws {
    let console = try await aidevbot("console", input: "/start\n" + (asking ? "Hello?\n" : ""))
    #expect(console.status == 0)
  }
}
