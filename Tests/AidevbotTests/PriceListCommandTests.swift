import Foundation
import Testing
import TestSupport

/// `pricing sync`, `import` and `history`, against a fake OpenRouter and files of LiteLLM's form.
@Suite("aidevbot pricing sync, import, history")
struct PriceListCommandTests {
  private static let sonnet = "anthropic/claude-sonnet-5.5"

  /// Sonnet dearer than in the list that ships, a model by the hour, and two that are refused.
  private static let models = """
    {"data": [
      {"id": "\(sonnet)", "expiration_date": "2027-06-30", "pricing": {
        "prompt": "0.000003", "completion": "0.00001", "input_cache_read": "0.0000003",
        "input_cache_write": "0.00000375"}},
      {"id": "tencent/hy3", "pricing": {"prompt": "0.0000000825", "completion": "0.00000033",
        "overrides": [
          {"utc_start": 1600, "utc_end": 0, "prompt": "0.0000000825", "completion": "0.00000033"},
          {"utc_start": 0, "utc_end": 1600, "prompt": "0.000000132",
            "completion": "0.000000528"}]}},
      {"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}},
      {"id": "a/free", "pricing": {"prompt": "0", "completion": "0"}}
    ]}
    """

  private static let file = """
    {"sample_spec": {"input_cost_per_token": 0.0},
    "gpt-4o": {"input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05},
    "gemini/gemini-2.5-flash": {"mode": "chat", "input_cost_per_token": 3.3e-07,
      "output_cost_per_token": 2.5e-06, "cache_read_input_token_cost": 3e-08},
    "gemini/gemini-2.5-flash-lite": {"input_cost_per_token": -1, "output_cost_per_token": 4e-07},
    "gemini/gemini-9": {"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}}
    """

  @Test func syncShowsWhatWouldChangeAndChangesNothingByItself() async throws {
    try await World.run { world in
      world.openRouter.answer.change { $0.modelList = Self.models }
      let ending = try await world.pricing("sync openrouter")
      #expect(ending.status == 1)
      #expect(
        ending.errors
          == "aidevbot: Nothing was changed; --yes changes the prices without asking.\n")
      let lines = ending.outputLines.map { $0.split(separator: " ").joined(separator: " ") }
      #expect(
        lines == [
          "US dollars per million tokens, or per image:", "MODEL PRICE OLD NEW CHANGE",
          "openrouter/\(Self.sonnet) input 2 3 +50.0 %",
          "openrouter/\(Self.sonnet) cached input 0.1 0.3 +200.0 %",
          "openrouter/\(Self.sonnet) cache write 2.5 3.75 +50.0 %",
          "Ends on 2027-06-30: openrouter/\(Self.sonnet)",
        ])
      #expect(try await world.history(Self.sonnet).count == 1)
      let json = try await world.pricing("sync openrouter --json")
      #expect(json.status == 1)
      #expect(try JSONValue(json: Data(json.output.utf8))["applied"] == false)
      #expect(try await world.history(Self.sonnet).count == 1)
    }
  }

  @Test func syncOpensNewVersionsOfWhatHasChangedAndOfNothingElse() async throws {
    try await World.run { world in
      world.openRouter.answer.change { $0.modelList = Self.models }
      let sync = try await world.pricing("sync openrouter --yes --json")
      #expect(sync.status == 0)
      let result = try JSONValue(json: Data(sync.output.utf8))
      #expect(result["applied"] == true && result["unchanged"] == 0)
      #expect(
        result["changes"]?.array?.compactMap { $0["model"]?.string } == [
          "openrouter/\(Self.sonnet)"
        ])
      #expect(
        result["endings"]
          == [["day": "2027-06-30", "model": .string("openrouter/\(Self.sonnet)")]])

      let versions = try await world.history(Self.sonnet)
      #expect(versions.compactMap { $0["price"]?["is_active"] } == [true, false])
      #expect(versions.compactMap { $0["price"]?["tariff"]?["input"] } == ["3", "2"])
      #expect(
        versions.first?["changes"]?.array?.first
          == ["part": "input", "old": "2", "new": "3", "percent": "50.0"])
      let note = versions.first?["price"]?["notes"]?.string ?? ""
      #expect(note.hasPrefix("OpenRouter's list, 20"))
      #expect(note.hasSuffix("; the model ends on 2027-06-30"))

      let again = try await world.pricing("sync openrouter")
      #expect(again.status == 0)
      #expect(
        again.outputLines.first == "No price differs from the list. Unchanged: 1 model.")
      #expect(try await world.history(Self.sonnet).count == 2)
    }
  }

  @Test func syncTakesEveryModelOrOneWhereItIsTold() async throws {
    try await World.run { world in
      world.openRouter.answer.change { $0.modelList = Self.models }
      let one = try await world.pricing("sync openrouter --model tencent/hy3 --yes")
      #expect(one.status == 0)
      #expect(one.outputLines.last == "Changed the price of 1 model; calls take it from now on.")
      let all = try await world.pricing("sync openrouter --all --yes")
      #expect(all.status == 0)
      #expect(
        all.output.contains("Not taken over: openrouter/openrouter/auto: prompt is negative\n"))
      #expect(
        all.output.contains(
          "Not taken over: openrouter/a/free: prompt is zero; --allow-free takes it\n"))
      let free = try await world.pricing("sync openrouter --model a/free --allow-free --yes")
      #expect(free.status == 0)
      #expect(
        try await world.history("a/free").first?["price"]?["tariff"]
          == ["input": "0", "output": "0"])
    }
  }

  @Test func syncLeavesAnOddPriceToAWord() async throws {
    try await World.run { world in
      world.openRouter.answer.change {
        $0.modelList = """
          {"data": [{"id": "\(Self.sonnet)", "pricing": {
            "prompt": "0.002", "completion": "0.00001", "input_cache_read": "0.0000001",
            "input_cache_write": "0.0000025"}}]}
          """
      }
      let shown = try await world.pricing("sync openrouter")
      #expect(shown.status == 1)
      #expect(
        shown.output == "Odd, so it stays: openrouter/\(Self.sonnet): input would move from 2 to "
          + "2000, more than 5-fold\n")
      #expect(shown.errors == "aidevbot: Odd prices were not changed; --yes takes them over too.\n")
      let json = try await world.pricing("sync openrouter --json")
      let doubtful = try JSONValue(json: Data(json.output.utf8))["doubtful"]?.array?.first
      #expect(json.status == 1)
      #expect(doubtful?["change"]?["tariff"]?["input"] == "2000")
      #expect(doubtful?["doubts"]?.array?.count == 1)
      #expect(try await world.history(Self.sonnet).count == 1)
      #expect(try await world.pricing("sync openrouter --yes").status == 0)
      #expect(
        try await world.history(Self.sonnet).first?["price"]?["tariff"]?["input"] == "2000")
    }
  }

  @Test func syncKeepsAPriceThatTheListHasAbsurdly() async throws {
    try await World.run { world in
      world.openRouter.answer.change {
        $0.modelList = """
          {"data": [{"id": "\(Self.sonnet)", "pricing": {"prompt": "2", "completion": "10"}}]}
          """
      }
      let reason = "prompt is above 10000 USD per million tokens"
      let all = try await world.pricing("sync openrouter --yes")
      #expect(all.status == 0)
      #expect(all.output.contains("Not taken over: openrouter/\(Self.sonnet): \(reason)\n"))
      let one = try await world.pricing("sync openrouter --yes --model openrouter/\(Self.sonnet)")
      #expect(one.status == 1 && one.output.isEmpty)
      #expect(
        one.errors
          == "aidevbot: the price of openrouter/\(Self.sonnet) is not taken over: \(reason)\n")
      #expect(try await world.history(Self.sonnet).count == 1)
    }
  }

  @Test(arguments: [
    (LoopbackReply.json("{}"), "the answer of OpenRouter is no list of models"),
    (.json("{}", status: 500), "OpenRouter's list of models cannot be fetched: "),
    (.reset, "OpenRouter's list of models cannot be fetched: "),
  ])
  func syncSaysWhereThereIsNoList(reply: LoopbackReply, sentence: String) async throws {
    try await World.run { world in
      world.openRouter.onCall { _ in reply }
      let ending = try await world.pricing("sync openrouter --yes")
      #expect(ending.status == 1)
      #expect(ending.errors.hasPrefix("aidevbot: \(sentence)"), "\(ending.errors)")
      #expect(ending.errorLines.count == 1)
    }
  }

  @Test func importTakesTheFileOver() async throws {
    try await World.run { world in
      let path = world.folder.appendingPathComponent("prices.json").path
      try Data(Self.file.utf8).write(to: URL(fileURLWithPath: path))
      let shown = try await world.pricing("import \(path)")
      #expect(shown.status == 1)
      #expect(try await world.history("gemini-2.5-flash").count == 1)
      let done = try await world.pricing("import \(path) --yes")
      #expect(done.status == 0)
      #expect(
        done.output.contains(
          "Not taken over: google/gemini-2.5-flash-lite: input_cost_per_token is negative\n"))
      #expect(done.output.contains("Not in the list: google/gemini-2.5-pro; its price stays.\n"))
      #expect(!done.output.contains("gemini-9") && !done.output.contains("demo"))
      let versions = try await world.history("google/gemini-2.5-flash")
      #expect(
        versions.first?["price"]?["tariff"]
          == ["input": "0.33", "output": "2.5", "cached_input": "0.03"])
      #expect(versions.first?["changes"]?.array?.compactMap { $0["percent"] } == ["10.0"])
      let one = try await world.pricing("import \(path) --model google/gemini-9 --yes")
      #expect(one.status == 0)
      #expect(try await world.history("gemini-9").count == 1)
    }
  }

  @Test(arguments: [
    ("import none.json", 1, "none.json cannot be imported: the file cannot be read"),
    ("import bot.json", 1, "bot.json cannot be imported: it is no model_prices"),
    ("import bot.json --model gpt-4o", 1, "gpt-4o names no model; write google/NAME or"),
    ("sync openrouter --model x", 1, "x names no model of OpenRouter; write VENDOR/NAME"),
    (
      "sync openrouter --model google/x", 1,
      "the price of openrouter/google/x is not taken over: it is not in the list"
    ),
    ("import bot.json --model demo/demo-1", 1, "demo/demo-1 names no model"),
    ("sync openrouter --all --model a/b", 64, "--all and --model exclude each other"),
    ("sync google", 64, "google"), ("history nobody", 1, "no model called nobody ever had a price"),
    (
      "quote google gemini-2.5-flash --input-tokens 5 --output-tokens 1 --cached-tokens 3 "
        + "--cache-write-tokens 3", 64, "--cache-write-tokens are those of --input-tokens that"
    ),
  ])
  func refuseWhatMakesNoSense(command: String, status: Int32, sentence: String) async throws {
    try await World.run { world in
      try Data("{}".utf8).write(to: world.folder.appendingPathComponent("bot.json"))
      let ending = try await world.pricing(command)
      #expect(ending.status == status)
      #expect(ending.output.isEmpty)
      #expect(ending.errors.contains(sentence), "\(ending.errors)")
    }
  }

  @Test func quoteTakesCacheWrites() async throws {
    try await World.run { world in
      let set = try await world.pricing(
        """
        set google writer --input 1 --output 2 --cached-input 0.1 --cache-write 1.25 \
        --long-prompt-over 2000000 --long-prompt-input 2 --long-prompt-output 4 \
        --long-prompt-cache-write 2.5
        """)
      #expect(set.status == 0)
      // 200,000 at 1, 500,000 at 0.1 and 300,000 at 1.25; then 2,200,000 and, as the tier has no
      // price for cached ones, 500,000 at 2, and 300,000 at 2.5.
      for (tokens, cost) in [(1_000_000, "0.625"), (3_000_000, "6.15")] {
        let quote = try await world.pricing(
          """
          quote google writer --input-tokens \(tokens) --output-tokens 0 --cached-tokens 500000 \
          --cache-write-tokens 300000
          """)
        #expect(quote.outputLines.first == "Real cost: \(cost) USD")
      }
      let list = try await world.pricing("list")
      #expect(list.outputLines.contains { $0.contains("writer") && $0.contains("1.25") })
    }
  }

  /// Half a download, a page in place of it, and the like are told from each other.
  @Test(arguments: [
    ("", "it is empty"), (" \n", "it is empty"),
    (
      String(file.prefix(200)),
      "it is not whole: its JSON breaks off after 200 bytes; fetch it again"
    ),
    (
      "{\"gemini/a\": {\"mode\": \"ch}",
      "it is not whole: its JSON breaks off after 26 bytes; "
        + "fetch it again"
    ),
    ("<!DOCTYPE html><html></html>", "it is a web page and no JSON"),
    ("version https://git-lfs", "it is no JSON"), ("{,}", "it cannot be read as JSON"),
    (
      "[]",
      "it is no model_prices_and_context_window.json of LiteLLM, or has no model of gemini/ "
        + "or openrouter/"
    ),
  ])
  func importSaysWhatIsWrongWithTheFile(text: String, reason: String) async throws {
    try await World.run { world in
      try Data(text.utf8).write(to: world.folder.appendingPathComponent("list.json"))
      let ending = try await world.pricing("import list.json")
      #expect(ending.status == 1)
      #expect(ending.errors == "aidevbot: list.json cannot be imported: \(reason)\n")
    }
  }

  @Test(arguments: [
    (
      503, "{}",
      "cannot be fetched: OpenRouter is overloaded; try again in some minutes (status 503)"
    ),
    (
      500, "{}",
      "cannot be fetched: OpenRouter has a fault of its own; try again later (status 500)"
    ),
    (
      429, "{}",
      "cannot be fetched: OpenRouter was asked too often; try again in some minutes "
        + "(status 429)"
    ),
    (
      404, "{}",
      "cannot be fetched: there is none at that address; check OPENROUTER_BASE_URL (status "
        + "404)"
    ),
    (403, "{}", "cannot be fetched: OpenRouter refuses the request (status 403)"),
  ])
  func syncSaysWhatIsWrongWithTheServer(status: Int, body: String, reason: String) async throws {
    try await World.run { world in
      world.openRouter.onCall { _ in .json(body, status: status) }
      let ending = try await world.pricing("sync openrouter")
      #expect(ending.status == 1)
      #expect(ending.errors == "aidevbot: OpenRouter's list of models \(reason)\n")
    }
  }

  @Test(arguments: [
    ("", "is empty"), ("<html>", "is a web page and no JSON"),
    (
      #"{"data": [{"id": "a/b""#, "is not whole: its JSON breaks off after 22 bytes; fetch it again"
    ),
    ("[]", "is no list of models"),
  ])
  func syncSaysWhatIsWrongWithTheAnswer(text: String, reason: String) async throws {
    try await World.run { world in
      world.openRouter.answer.change { $0.modelList = text }
      let ending = try await world.pricing("sync openrouter")
      #expect(ending.status == 1)
      #expect(ending.errors == "aidevbot: the answer of OpenRouter \(reason)\n")
    }
  }

  @Test func theDaemonDoesItByItselfAndTellsOfLargeMoves() async throws {
    try await World.run { world in
      world.openRouter.answer.change { $0.modelList = Self.models }
      let daemon = try await world.startDaemon(changing: [
        "PRICING_SYNC_OPENROUTER": "true", "TELEGRAM_ADMIN_USER_IDS": "1001",
      ])
      let told = try await world.replies(1, to: 1001)
      #expect(
        told.first?.contains("openrouter/\(Self.sonnet), input: 2 → 3 (+50.0 %)") == true, "\(told)"
      )
      #expect(try await world.history(Self.sonnet).count == 2)
      let ending = try await world.stop(daemon)
      #expect(ending.errors.contains("A price has changed."))
      // Once for the prices, and once for what the models take.
      #expect(Set(world.openRouter.requests.value.map(\.path)) == ["/models"])
    }
  }

  @Test func theDaemonLeavesPricesAloneUnlessToldOtherwise() async throws {
    try await World.run { world in
      world.openRouter.answer.change { $0.modelList = Self.models }
      let daemon = try await world.startDaemon()
      try await world.ask("/start")
      try await world.stop(daemon)
      #expect(try await world.history(Self.sonnet).count == 1)
    }
  }

  @Test func historyShowsEveryVersionAndWhatChanged() async throws {
    try await World.run { world in
      for input in ["4", "5"] {
        _ = try await world.pricing(
          "set google gemini-2.5-flash --input \(input) --output 8 --yes --note by-hand-\(input)")
      }
      let history = try await world.pricing("history gemini-2.5-flash")
      #expect(history.status == 0)
      #expect(history.outputLines.count == 5)
      #expect(history.outputLines[2].contains("input +25.0 %; cached input +25.0 %") == false)
      #expect(history.outputLines[2].contains("input +25.0 %"))
      #expect(history.outputLines[2].hasSuffix("by-hand-5"))
      #expect(history.outputLines[3].contains("cached input +13233.4 %"))
      _ = try await world.pricing("deactivate google gemini-2.5-flash")
      let versions = try await world.history("gemini-2.5-flash")
      #expect(versions.count == 3 && versions.allSatisfy { $0["until"]?.string != nil })
    }
  }
}

extension World {
  fileprivate func pricing(_ command: String) async throws -> ChildProcess.Ending {
    try await start(["pricing"] + command.split(separator: " ").map(String.init)).waitForExit()
  }

  fileprivate func history(_ model: String) async throws -> [JSONValue] {
    let ending = try await pricing("history \(model) --json")
    return try JSONValue(json: Data(ending.output.utf8)).array ?? []
  }
}
