import Foundation
import Testing
import TestSupport

/// What calls cost and bring, as the operator reads it.
@Suite("aidevbot usage report")
struct UsageCommandTests {
  @Test func sumsUpCostChargeMarginAndTime() async throws {
    try await World.run { world in
      try await world.doBusiness()
      let csv = try await world.report("--csv")
      #expect(
        csv.output == """
          key,calls,input_tokens,output_tokens,real_cost_usd,charged_credits,charged_usd,\
          margin_usd,house_loss_usd,latency_p50_ms,latency_p95_ms\r
          all,3,3000,1500,0.0068,1.02,0.0102,0.0034,0.00,200,300\r\n
          """)
      let json = try await world.report("--by user --json")
      let report = try JSONValue(json: Data(json.output.utf8))
      #expect(report["by"] == "user")
      #expect(report["total"]?["margin_usd"] == "0.0034")
      #expect(report["rows"]?.array?.compactMap { $0["key"]?.string } == ["42", "43"])
      #expect(
        report["rows"]?.array?.first == [
          "key": "42", "name": "@user42", "calls": 2, "input_tokens": 2000, "output_tokens": 1000,
          "real_cost_usd": "0.00525", "charged_credits": "0.7875", "charged_usd": "0.007875",
          "margin_usd": "0.002625", "house_loss_usd": "0.00", "latency_p50_ms": 100,
          "latency_p95_ms": 200,
        ])
    }
  }

  @Test(arguments: [
    ("user", ["42,user42,2,", "43,user43,1,"]),
    ("model", ["google/gemini-3.8-flash,2,", "openrouter/anthropic/claude-sonnet-5.5,1,"]),
    ("task", ["chat,2,", "coding,1,"]), ("project", ["ID,Tetris,1,", ",,2,"]),
    ("day", ["2020-01-31,1,", "TODAY,2,"]),
  ])
  func groupsByEachThing(by: String, rows: [String]) async throws {
    try await World.run { world in
      try await world.doBusiness()
      try world.damage(
        "UPDATE api_key_usage SET created_at = '2020-01-31 23:59:59.999' WHERE id = 1")
      let csv = try await world.report("--by \(by) --since 2020-01-01 --csv").output
        .replacing(/[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}/, with: "ID")
        .replacing(/20[3-9][0-9]-..-..|202[1-9]-..-../, with: "TODAY")
      let lines = csv.split(separator: "\r\n").dropFirst()
      #expect(lines.count == rows.count)
      let isAsExpected = rows.allSatisfy { row in lines.contains { $0.hasPrefix(row) } }
      #expect(isAsExpected, "\(csv)")
      // For people, with the sum.
      let text = try await world.report("--by \(by) --since 2020-01-01")
      #expect(text.outputLines.count == rows.count + 2)
      #expect(text.outputLines.last?.hasPrefix("TOTAL") == true)
    }
  }

  @Test func readsNoMoreThanItIsAskedFor() async throws {
    try await World.run { world in
      try await world.doBusiness()
      try world.damage(
        "UPDATE api_key_usage SET created_at = '2020-01-31 23:59:59.999' WHERE id = 1")
      for (options, calls) in [
        ("--since 7d", "all,2,"), ("--since 2020-01-31", "all,3,"),
        ("--since 2020-02-01", "all,2,"), ("", "all,2,"),
      ] {
        let csv = try await world.report("\(options) --csv")
        #expect(csv.output.contains("\r\n\(calls)"), "\(csv.output)")
      }
      #expect(try await world.report("--since 2099-01-01").output == "There were no calls.\n")
    }
  }

  /// A bot that has sold for years is asked about the last month, and says so.
  @Test func readsTheLastThirtyDaysUnlessItIsToldOtherwise() async throws {
    try await World.run { world in
      try await world.doBusiness()
      try world.damage(
        """
        UPDATE api_key_usage SET created_at = strftime('%Y-%m-%d %H:%M:%f', 'now',
          iif(id = 1, '-31 days', '-29 days'))
        """)
      let all = try await world.report("")
      #expect(all.outputLines.last?.contains(#/^last 30 days +2 /#) == true, "\(all.output)")
      let byModel = try await world.report("--by model")
      #expect(
        byModel.outputLines.last?.contains(#/^TOTAL, last 30 days +2 /#) == true,
        "\(byModel.output)")
      try world.damage("UPDATE api_key_usage SET created_at = '2020-01-31 23:59:59.999'")
      #expect(
        try await world.report("").output
          == "There were no calls in the last 30 days; --since names another time.\n")
    }
  }

  @Test(arguments: [
    "--by hour", "--since yesterday", "--since 2026-02-30", "--since 0d", "--since 7",
    "--since 1000000d", "--since -7d", "--json --csv",
  ])
  func refusesWhatCannotBe(options: String) async throws {
    try await World.run { world in
      let ending = try await world.report(options)
      #expect(ending.status == 64)
      #expect(ending.output.isEmpty)
    }
  }
}

extension World {
  fileprivate func report(_ options: String) async throws -> ChildProcess.Ending {
    let words = options.split(separator: " ").map(String.init)
    return try await start(["usage", "report"] + words).waitForExit()
  }

  /// Two questions of user 42, the second in a project, and one of user 43, answered after 100, 200
  /// and 300 milliseconds. The first two cost 0.002625 dollars and 0.39375 credits each, the third
  /// 0.00155 dollars and 0.2325 credits; a credit is worth 0.01 dollars.
  fileprivate func doBusiness() async throws {
    let daemon = try await startDaemon()
    for user in [42, 43] as [Int64] { try await openAccount(of: user) }
    try await ask(Seller.gemini.question)
    try damage(
      """
      INSERT INTO projects (id, user_id, title, status, created_at, updated_at)
      SELECT '7e7e7e7e-0000-4000-8000-000000000000', id, 'Tetris', 'active', created_at, created_at
      FROM users WHERE telegram_user_id = 42;
      UPDATE users SET active_project_id = '7e7e7e7e-0000-4000-8000-000000000000'
      WHERE telegram_user_id = 42
      """)
    try await ask(Seller.gemini.question)
    try await ask(Seller.openRouter.question, from: 43)
    try await stop(daemon)
    try damage("UPDATE api_key_usage SET response_time_ms = 100 * id")
  }
}
