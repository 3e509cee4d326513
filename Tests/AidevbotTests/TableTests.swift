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
      #expect(lines.count > 3)
      let isNarrow = lines.allSatisfy { $0.count <= 80 }
      #expect(isNarrow, "\(narrow.output)")
      // Wrapped between words, and nothing is lost.
      let words = lines.dropFirst().flatMap { $0.split(separator: " ") }
      let isWhole = reason.split(separator: " ").allSatisfy { words.contains($0) }
      #expect(isWhole, "\(narrow.output)")
      #expect(narrow.output.contains("100.5"))
    }
  }

  @Test func neverCutANumber() async throws {
    try await World.run { world in
      try await world.give(because: "x")
      let tiny = try await world.onTerminal(columns: 20, "credits", "history", "0", "--limit", "1")
      #expect(tiny.output.contains("100.5"))
      #expect(tiny.output.contains("manual_adj"))
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
      #expect(csv.output.hasPrefix("time_utc,type,credits,balance,description\r\n"))
      #expect(csv.output.contains(",manual_adjustment,0.50,100.50,\(cell)\r\n"), "\(csv.output)")
    }
  }

  @Test(arguments: [
    ("pricing list", "provider,model,input,output,cached,cache_write,thinking,image_in,"),
    ("stars packages", "package,credits,bonus,stars,margin_percent\r\n"),
    ("codes list", "code,credits,used,of,until_utc\r\n"),
    ("users list", "id,username,name,balance,reserved,calls,last_call_utc,since_utc,state\r\n"),
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
