import Foundation
import Ledger
import Testing
import TestSupport

@Suite("aidevbot pricing")
struct PricingCommandTests {
  struct Quote: Sendable {
    var model: [String]
    var tokens: [String]
    var cost: String
    var charge: String

    init(_ model: String..., tokens: String, cost: String, charge: String) {
      self.model = model
      self.tokens = tokens.split(separator: " ").map(String.init)
      self.cost = cost
      self.charge = charge
    }
  }

  /// Each charge is the cost × 1.5 ÷ 0.01, rounded up to the micro-credit.
  static let quotes = [
    // 1,000 at 0.30, 500 at 2.50.
    Quote(
      "google", "gemini-2.5-flash", tokens: "--input-tokens 1000 --output-tokens 500",
      cost: "0.00155", charge: "0.2325"),
    Quote(
      "google", "gemini-2.5-flash", tokens: "--input-tokens 0 --output-tokens 0",
      cost: "0", charge: "0"),
    // 600 at 0.30, 400 at 0.03, 500 at 2.50.
    Quote(
      "google", "gemini-2.5-flash",
      tokens: "--input-tokens 1000 --output-tokens 500 --cached-tokens 400",
      cost: "0.001442", charge: "0.2163"),
    // 1,000 at 0.30, 300 at 2.50, 200 at 5.
    Quote(
      "google", "thinker",
      tokens: "--input-tokens 1000 --output-tokens 500 --reasoning-tokens 200",
      cost: "0.00205", charge: "0.3075"),
    // 0.0003 for the prompt, two images made at 0.039.
    Quote(
      "google", "gemini-2.5-flash-image",
      tokens: "--input-tokens 1000 --output-tokens 0 --images 2",
      cost: "0.0783", charge: "11.745"),
    // At the threshold, 1.25 and 10 a million; above it, all tokens take the tier's prices: 2.50,
    // 15 and, cached, 0.25.
    Quote(
      "google", "gemini-2.5-pro", tokens: "--input-tokens 200000 --output-tokens 100",
      cost: "0.251", charge: "37.65"),
    Quote(
      "google", "gemini-2.5-pro", tokens: "--input-tokens 200001 --output-tokens 100",
      cost: "0.5015025", charge: "75.225375"),
    Quote(
      "google", "gemini-2.5-pro",
      tokens: "--input-tokens 200001 --output-tokens 0 --cached-tokens 200001",
      cost: "0.05000025", charge: "7.500038"),
    Quote(
      "openrouter", "anthropic/claude-sonnet-5.5",
      tokens: "--input-tokens 1 --output-tokens 0", cost: "0.000002", charge: "0.0003"),
  ]

  @Test func quotesToTheLastDigit() async throws {
    try await World.run { world in
      let set = try await world.aidevbot(
        "pricing", "set", "google", "thinker", "--input", "0.30", "--output", "2.50",
        "--reasoning", "5")
      #expect(set.status == 0)
      for quote in Self.quotes {
        let command = ["pricing", "quote"] + quote.model + quote.tokens
        let json = try await world.start(command + ["--json"]).waitForExit()
        #expect(json.status == 0)
        #expect(
          try JSONValue(json: Data(json.output.utf8))
            == ["cost_usd": .string(quote.cost), "charge_credits": .string(quote.charge)])
        let text = try await world.start(command).waitForExit()
        let charge = try Credits(parsing: quote.charge).text
        #expect(
          text.output == "Real cost: \(quote.cost) USD\nCharge:    \(charge) credits\n")
      }
    }
  }

  @Test(arguments: [
    "quote google nobody --input-tokens 1 --output-tokens 1",
    "quote nobody gemini-2.5-flash --input-tokens 1 --output-tokens 1",
  ])
  func saysThatAModelHasNoPrice(command: String) async throws {
    try await World.run { world in
      let ending = try await world.pricing(command)
      #expect(ending.status == 1)
      #expect(ending.output.isEmpty)
      #expect(ending.errorLines.count == 1)
      #expect(ending.errors.contains(" has no active price; set one with: aidevbot pricing set "))
    }
  }

  @Test(arguments: [
    ("quote google gemini-2.5-flash --input-tokens -1 --output-tokens 1", "cannot be negative"),
    ("quote google gemini-2.5-flash --input-tokens 1 --output-tokens -1", "cannot be negative"),
    (
      "quote google gemini-2.5-flash --input-tokens 1 --output-tokens 1 --images -1",
      "cannot be negative"
    ),
    (
      "quote google gemini-2.5-flash --input-tokens 1 --output-tokens 1 --cached-tokens 2",
      "--cached-tokens are a part of --input-tokens"
    ),
    (
      "quote google gemini-2.5-flash --input-tokens 1 --output-tokens 1 --reasoning-tokens 2",
      "--reasoning-tokens are a part of --output-tokens"
    ),
    ("quote google gemini-2.5-flash --input-tokens 1", "--output-tokens"),
    ("set nobody x --input 1 --output 1", "names no model"),
    ("set openrouter x --input 1 --output 1", "names no model"),
    ("set google x --input 1", "--output"),
    ("set google x --input 1 --output 1 --long-prompt-over 5", "Long prompts need"),
    (
      "set google x --input 1 --output 1 --long-prompt-cached-input 5", "Long prompts need"
    ),
  ])
  func refusesWrongUsage(command: String, sentence: String) async throws {
    try await World.run { world in
      let ending = try await world.pricing(command)
      #expect(ending.status == 64)
      #expect(ending.output.isEmpty)
      #expect(ending.errors.contains(sentence), "\(ending.errors)")
    }
  }

  @Test(arguments: ["-1", "free", "1,5", "1000001", "0.0000000000000000001"])
  func refusesAPriceThatIsNone(price: String) async throws {
    try await World.run { world in
      for options in ["--input \(price) --output 1", "--input 1 --output \(price)"] {
        let ending = try await world.pricing("set google x \(options)")
        #expect(ending.status == 64)
        #expect(ending.output.isEmpty)
        #expect(
          ending.errors.hasPrefix("Error: The price cannot be used: \"\(price)\" is not a decimal"))
      }
      let all = try await world.pricing("list --all --json")
      #expect(!all.output.contains(#""model" : "x""#))
    }
  }

  @Test func keepsEveryVersion() async throws {
    try await World.run { world in
      let set = try await world.pricing(
        """
        set google new --input 1 --output 2 --cached-input 0.5 --image-input 0.01 \
        --image-output 0.02 --long-prompt-over 100 --long-prompt-input 3 \
        --long-prompt-output 4 --long-prompt-cached-input 0.6 --note listed
        """)
      #expect(set.status == 0)
      #expect(set.output.hasPrefix("The price of google/new is set; calls take it from now on.\n"))
      #expect(set.output.contains("> 100: 3 / 4 / 0.6"))
      let again = try await world.pricing("set google new --input 9 --output 10 --yes --json")
      let price = try JSONValue(json: Data(again.output.utf8))
      #expect(price["tariff"] == ["input": "9", "output": "10"])
      #expect(price["is_active"] == true)

      func rows(_ options: String) async throws -> [JSONValue] {
        let list = try await world.pricing("list --json\(options)")
        return (try JSONValue(json: Data(list.output.utf8)).array ?? [])
          .filter { $0["model"] == "new" }
      }
      #expect(try await rows("").compactMap { $0["tariff"]?["input"] } == ["9"])
      let all = try await rows(" --all")
      #expect(all.compactMap { $0["tariff"]?["input"] } == ["9", "1"])
      #expect(all.compactMap { $0["is_active"] } == [true, false])
      #expect(all.last?["notes"] == "listed")
      #expect(
        all.last?["tariff"]?["long_prompt"]
          == ["threshold": 100, "input": "3", "output": "4", "cached_input": "0.6"])

      #expect(
        try await world.pricing("deactivate google new").output
          == "google/new is no longer for sale.\n")
      #expect(try await rows("").isEmpty)
      let second = try await world.pricing("deactivate google new")
      #expect(second.status == 1)
      #expect(
        second.errors == """
          aidevbot: google/new is not on sale; aidevbot pricing list names the models that are

          """)
      let inUse = try await world.pricing("deactivate google gemini-3.8-flash")
      #expect(inUse.status == 0)
      #expect(inUse.output.contains("MODELS_CHAT is still this one"), "\(inUse.output)")
    }
  }

  @Test(arguments: [
    ("--input 0.30 --output 2500", "output would move from 2.50 to 2500, more than 5-fold"),
    ("--input 0.05 --output 2.50", "input would move from 0.30 to 0.05, more than 5-fold"),
    ("--input 0 --output 2.50", "input would be zero"),
    (
      "--input 0.0000003 --output 2.50",
      "input, 0.0000003, looks like a price per token; these are per million"
    ),
  ])
  func setsAnOddPriceAtAWordAlone(prices: String, doubt: String) async throws {
    try await World.run { world in
      let command = "set google gemini-2.5-flash --cached-input 0.03 \(prices)"
      let ending = try await world.pricing(command)
      #expect(ending.status == 1 && ending.output.isEmpty)
      #expect(
        ending.errors == "aidevbot: the price of google/gemini-2.5-flash stays: \(doubt); "
          + "--yes sets it all the same\n")
      #expect(try await world.pricing("list --csv").output.contains("flash,0.30,2.50,0.03,"))
      #expect(try await world.pricing(command + " --yes").status == 0)
    }
  }

  @Test func takesTheNameThatGeminisOwnListHas() async throws {
    try await World.run { world in
      let set = try await world.pricing("set google models/gemini-9 --input 1 --output 2")
      #expect(set.output.hasPrefix("The price of google/gemini-9 is set;"), "\(set.errors)")
      let quote = "quote google models/gemini-9 --input-tokens 1 --output-tokens 0"
      #expect(try await world.pricing(quote).output.hasPrefix("Real cost: 0.000001 USD"))
      let wrong = try await world.pricing("set google google/gemini-9 --input 1 --output 2")
      #expect(wrong.status == 64)
      #expect(wrong.errors.contains("google google/gemini-9 names no model; write google NAME"))
      let off = try await world.pricing("deactivate google models/gemini-9")
      #expect(off.output == "google/gemini-9 is no longer for sale.\n")
    }
  }

  @Test func listsTheStarterPricesOfAFreshDatabase() async throws {
    try await World.run { world in
      let list = try await world.pricing("list")
      #expect(list.status == 0)
      #expect(list.outputLines.first == "US dollars per million tokens, or per image:")
      #expect(list.outputLines.count == 13)
      let tiered = list.outputLines.first { $0.contains("gemini-2.5-pro") }
      #expect(tiered?.contains("> 200000: 2.50 / 15 / 0.25") == true)
      let csv = try await world.pricing("list --csv")
      #expect(csv.output.contains("google,gemini-2.5-flash,0.30,2.50,0.03,,,,,,,true,"))
    }
  }
}

extension World {
  fileprivate func pricing(_ command: String) async throws -> ChildProcess.Ending {
    try await start(["pricing"] + command.split(separator: " ").map(String.init)).waitForExit()
  }
}
