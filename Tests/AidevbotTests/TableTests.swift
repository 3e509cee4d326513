import Foundation
import Testing
import TestSupport

/// How lists look, on a terminal, in a pipe and in a spreadsheet.
@Suite("Tables")
struct TableTests {
  @Test func areNoWiderThanTheTerminal() async throws {
    try await World.run { world in
      let reason = "a reason that is much longer than what is left of a narrow terminal's line"
      try await world.give(because: reason)
      let wide = try await world.aidevbot("credits", "history", "0")
      #expect(wide.outputLines.count == 3)
      #expect(wide.output.contains(reason + "\n"))
      let narrow = try await world.onTerminal(columns: 80, "credits", "history", "0")
      #expect(narrow.status == 0, "\(narrow.output)")
      let lines = narrow.output.split(separator: "\r\n")
      // A line each, and what is not there is said.
      try #require(lines.count == 4, "\(narrow.output)")
      #expect(lines.prefix(3).allSatisfy { $0.count <= 80 }, "\(narrow.output)")
      #expect(lines[1].contains(/\ 0\.50 +100\.50  a reason that is .*…$/), "\(narrow.output)")
      #expect(
        lines[3] == "(1 column left out: TYPE; long texts are shortened; --json and --csv have all)"
      )
    }
  }

  /// Whatever names, ids and balances are; in a pipe, COLUMNS alone says how much room there is.
  @Test(arguments: [
    ["users", "list"], ["users", "show", "0"], ["credits", "show", "0"], ["pricing", "list"],
    ["pricing", "history", "gemini-2.5-flash"], ["usage", "report"], ["stars", "packages"],
    ["codes", "list"], ["usage", "report", "--by", "user"],
  ])
  func fitIntoEightyColumns(command: [String]) async throws {
    try await World.run { world in
      try await world.give(because: "x")
      let code = try await world.aidevbot(
        "codes", "create", "--credits", "10000", "--uses", "1000", "--expires", "2099-01-31")
      #expect(code.status == 0)
      try world.damage(
        """
        UPDATE users SET first_name = 'Wolfeschlegelsteinhausenbergerdorff', username = \
        'a_name_of_thirty_two_letters_ddd', credit_balance_micro = 999999999123456;
        """)
      let narrow = try await world.start(command, changing: ["COLUMNS": "80"]).waitForExit()
      #expect(narrow.status == 0)
      // Below it stands what had no room.
      let table = narrow.outputLines.drop { !$0.contains("  ") }.prefix { !$0.hasPrefix("(") }
      #expect(table.allSatisfy { $0.count <= 80 }, "\(narrow.output)")
      // A heading and rows of the same height: nothing is broken over lines.
      let whole = try await world.start(command).waitForExit()
      let count = whole.outputLines.drop { !$0.contains("  ") }.count
      #expect(table.count == count, "\(narrow.output)")
      if command == ["users", "list"] {
        try #require(narrow.outputLines.count == 3)
        #expect(
          narrow.outputLines[1].contains("@a_name_of_thirty_two_letters_ddd"), "\(narrow.output)")
        #expect(narrow.output.contains("999999999.123456"))
        #expect(
          narrow.outputLines.last
            == "(2 columns left out: NAME, SINCE (UTC); --json and --csv have all)",
          "\(narrow.output)")
      }
    }
  }

  @Test func neverCutANumber() async throws {
    try await World.run { world in
      try await world.give(because: "x")
      let tiny = try await world.onTerminal(columns: 20, "credits", "history", "0", "--limit", "1")
      #expect(tiny.output.contains(/\ 0\.50 +100\.50\ /), "\(tiny.output)")
      let note = "(1 column left out: TYPE; --json and --csv have all)"
      #expect(tiny.output.replacing("\r\n", with: " ").contains(note), "\(tiny.output)")
    }
  }

  @Test func showTheNewestHundredOfVeryManyAndSaySo() async throws {
    try await World.run { world in
      try await world.give(because: "x")
      try world.damage(
        """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        INSERT INTO users (telegram_user_id, username, created_at, updated_at)
        SELECT 1000 + i, 'u' || i, '2026-01-01 00:00:00.000', '2026-01-01 00:00:00.000' FROM n
        """)
      let list = try await world.aidevbot("users", "list")
      try #require(list.outputLines.count == 102)
      #expect(list.outputLines[1].hasPrefix("101000 "))
      let note = "The newest 100 of 100001 are shown; --limit shows more, and --json and --csv"
      #expect(list.outputLines.last == "\(note) have all.")
      let csv = try await world.aidevbot("users", "list", "--csv", "--limit", "250")
      #expect(csv.output.split(separator: "\r\n").count == 251)
      let some = try await world.aidevbot("users", "list", "--limit", "3")
      #expect(some.outputLines.count == 5)
      #expect(
        some.output.hasSuffix(
          "The newest 3 of 100001 are shown; --limit shows more, and "
            + "--json and --csv have all.\n"))
    }
  }

  /// A script that knows the one form finds its way in the other.
  @Test(arguments: [
    ["users", "list"], ["credits", "history", "0"], ["stars", "packages"], ["codes", "list"],
    ["pricing", "list"], ["usage", "report", "--by", "user"],
  ])
  func haveTheSameFieldsInCSVAsInJSON(command: [String]) async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.openAccount(of: 42)
      try await world.ask("How do I begin?")
      try await world.stop(daemon)
      try await world.give(because: "x")
      let code = try await world.aidevbot(
        "codes", "create", "--credits", "5", "--uses", "1", "--expires", "2099-01-31", "--code",
        "SPRING")
      #expect(code.status == 0)
      #expect(try await world.aidevbot("codes", "revoke", "SPRING").status == 0)
      let json = try await world.start(command + ["--json"]).waitForExit()
      let value = try JSONValue(json: Data(json.output.utf8))
      var fields: Set<String> = []
      for row in value.array ?? value["rows"]?.array ?? [] {
        for (name, content) in row.object ?? [:] {
          fields.formUnion(name == "tariff" ? Set((content.object ?? [:]).keys) : [name])
        }
      }
      let csv = try await world.start(command + ["--csv"]).waitForExit()
      let head = Set(try #require(csv.output.split(separator: "\r\n").first).split(separator: ","))
      #expect(fields.subtracting(head.map(String.init)) == [], "\(csv.output)")
      // What few rows have may be in none of these.
      let rare: Set = [
        "cache_write", "reasoning", "image_input", "image_output", "long_prompt", "conditions",
        "notes", "last_call_at",
      ]
      #expect(Set(head.map(String.init)).subtracting(fields).subtracting(rare) == [])
    }
  }

  @Test func writeNamesOfPeopleWithoutTheSign() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      try await world.ask("How do I begin?")
      try await world.stop(daemon)
      let list = try await world.aidevbot("users", "list", "--csv")
      #expect(list.output.contains("\r\n42,user42,"), "\(list.output)")
      let report = try await world.aidevbot("usage", "report", "--by", "user", "--csv")
      #expect(report.output.contains("\r\n42,user42,1,"), "\(report.output)")
    }
  }

  /// People choose their names: those cannot move the operator's cursor.
  @Test func alignWhatPeopleWrite() async throws {
    try await World.run { world in
      try await world.give(because: "x")
      try world.damage(
        "UPDATE users SET first_name = '日本' || char(27, 91, 50, 74, 10, 8238) || 'a'")
      let list = try await world.aidevbot("users", "list")
      #expect(list.outputLines.count == 2)
      #expect(list.output.contains("日本 [2J  a"))
      let isClean = list.output.unicodeScalars.allSatisfy {
        $0 == "\n" || ($0.properties.generalCategory != .control && $0.value != 8238)
      }
      #expect(isClean)
      // The wide letters take two columns each.
      let (head, row) = (list.outputLines[0], list.outputLines[1])
      let column = try #require(head.range(of: "BALANCE")?.upperBound)
      let balance = try #require(row.range(of: "100.50")?.upperBound)
      let (headWidth, rowWidth) = (
        head[..<column].count, row[..<balance].count + "日本".count
      )
      #expect(headWidth == rowWidth)
    }
  }

  @Test func leadNobodyAstrayInASpreadsheetOrInJSON() async throws {
    try await World.run { world in
      try await world.give(because: "x")
      // A clear screen, a delete, a direction override, a tag beyond 16 bits and a family.
      let name = "a\u{1B}[2J\u{7F}b\u{9B}\u{202E}cod\u{2066}.exe\u{E0041}👨\u{200D}👩"
      try world.damage("UPDATE users SET first_name = '\(name)'")
      let csv = try await world.aidevbot("users", "list", "--csv")
      #expect(csv.output.contains(",a [2J b  cod .exe\u{E0041}👨\u{200D}👩,"), "\(csv.output)")
      for command in [["users", "list"], ["users", "show", "0"], ["credits", "show", "0"]] {
        let json = try await world.start(command + ["--json"]).waitForExit()
        #expect(
          json.output.contains(
            #"a\u001b[2J\u007Fb\u009B\u202Ecod\u2066.exe\uDB40\uDC41👨\u200D👩"#),
          "\(json.output)")
        // A program reads what there was.
        #expect("\(try JSONValue(json: Data(json.output.utf8)))".contains("first_name"))
        let isClean = json.output.unicodeScalars.allSatisfy {
          $0 == "\n" || ![.control, .format].contains($0.properties.generalCategory)
        }
        #expect(isClean)
      }
    }
  }

  @Test(arguments: [
    ("=HYPERLINK(\"x\")", #""'=HYPERLINK(""x"")""#), ("-1+2", "'-1+2"), ("@me", "'@me"),
    ("+49 30", "'+49 30"), ("-12.5", "-12.5"), ("+3", "+3"), ("-inf", "'-inf"),
    (" =1+1", "' =1+1"), ("\u{1B}=1+1", "' =1+1"), ("a,b", "\"a,b\""),
    ("two\nlines", "\"two\nlines\""), ("plain", "plain"),
  ])
  func areHarmlessInASpreadsheet(reason: String, cell: String) async throws {
    try await World.run { world in
      try await world.give(because: reason)
      let csv = try await world.aidevbot("credits", "show", "0", "--csv")
      #expect(csv.status == 0)
      #expect(csv.output.hasPrefix("id,created_at,type,credits,balance_after,description\r\n"))
      #expect(csv.output.contains(",manual_adjustment,0.50,100.50,\(cell)\r\n"), "\(csv.output)")
    }
  }

  @Test(arguments: [
    ("pricing list", "provider,model,input,output,cached_input,cache_write,reasoning,image_input,"),
    ("stars packages", "name,credits,bonus,stars,monthly,margin_percent\r\n"),
    ("codes list", "code,credits,uses,most_uses,expires_at,state,revoked_at\r\n"),
    (
      "users list",
      "telegram_user_id,username,first_name,balance,reserved,available,calls,last_call_at,"
        + "created_at,state\r\n"
    ),
  ])
  func areThereForSpreadsheets(command: String, head: String) async throws {
    try await World.run { world in
      try await world.give(because: "x")
      let words = command.split(separator: " ").map(String.init)
      let csv = try await world.start(words + ["--csv"]).waitForExit()
      #expect(csv.status == 0)
      #expect(csv.output.hasPrefix(head), "\(csv.output)")
      let both = try await world.start(words + ["--csv", "--json"]).waitForExit()
      #expect(both.status == 64)
    }
  }
}

extension World {
  /// Half a credit for user 0.
  fileprivate func give(because reason: String) async throws {
    #expect(try await aidevbot("console", input: "/start\n").status == 0)
    let given = try await start(["credits", "grant", "0", "0.5", "--reason=\(reason)"])
      .waitForExit()
    #expect(given.status == 0, "\(given.errors)")
  }
}
