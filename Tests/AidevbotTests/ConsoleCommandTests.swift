import Testing
import TestSupport

@Suite("aidevbot console")
struct ConsoleCommandTests {
  @Test func showsCreditsMoveWithoutAnyKey() async throws {
    try await World.run { world in
      let console = try await world.aidevbot(
        "console",
        changing: ["GEMINI_API_KEY": nil, "OPENROUTER_API_KEY": nil, "USER": "Ada"],
        input: "/start\nHow do I begin?\n/code a loop\n\n/credits\n#1\n#7\n/nonsense\n")
      #expect(console.status == 0)
      #expect(console.errors.isEmpty)
      #expect(console.output.contains("a built-in demo answers in their place. It is no real"))
      #expect(console.output.contains("Welcome, Ada!"))
      #expect(console.output.contains("there are 100.00 credits on your account"))
      #expect(console.output.contains("−"))
      #expect(console.output.contains("[#1  Starter: 250 credits – 200 ⭐]"))
      #expect(console.output.contains("There is no button 7."))
      #expect(console.output.contains("I do not know /nonsense."))
      #expect(world.gemini.requests.value.isEmpty)
      #expect(world.openRouter.requests.value.isEmpty)
      #expect(world.telegram.state.value.calls.isEmpty)
      let usage = try world.usage()
      #expect(usage.map(\.provider) == ["demo", "demo"])
      #expect(try #require(try world.balance(of: 0)) < 100_000_000)
      try await world.expectNothingLeft()
    }
  }

  @Test func callsTheRealProvidersWhereTheyHaveKeys() async throws {
    try await World.run { world in
      let console = try await world.aidevbot(
        "console", changing: ["TELEGRAM_BOT_TOKEN": nil],
        input: "/start\nHow do I begin?\n/code a loop\n")
      #expect(console.status == 0)
      #expect(!console.output.contains("demo"))
      #expect(console.output.contains("Hello from the fake model.\n\nCost: 0.39375 credits"))
      #expect(console.output.contains("Cost: 0.2325 credits · Left: 99.37375 credits"))
      #expect(world.callCount(.gemini) == 1)
      #expect(world.callCount(.openRouter) == 1)
      try await world.expectNothingLeft()
    }
  }

  @Test func takesLinesOfAPipeForOneMessageUpToACommand() async throws {
    try await World.run { world in
      let long = String(repeating: "ab ", count: 2_000)
      let console = try await world.aidevbot(
        "console",
        input: "/start\nHow do I\n\n  sort?\n/verify let a\n= 1\n/status\nSo?\n\(long)\nexit\n")
      #expect(console.status == 0)
      #expect(try world.usage().count == 3)
      let texts = (world.gemini.requests.value + world.openRouter.requests.value).map {
        String(decoding: $0.body, as: UTF8.self)
      }
      #expect(texts.contains { $0.contains(#"How do I\n\n  sort?"#) })
      #expect(texts.contains { $0.contains(#"let a\n= 1"#) })
      #expect(texts.contains { $0.contains(long.dropLast()) })
      try await world.expectNothingLeft()
    }
  }

  @Test func goesOnWithItsAccountTheNextTime() async throws {
    try await World.run { world in
      _ = try await world.aidevbot("console", input: "/start\nHow do I begin?\n")
      let next = try await world.aidevbot("console", input: "/start\nAnd then?")
      #expect(next.output.contains("Good to see you again"))
      #expect(next.output.contains("Left: 99.2125 credits"))
      // The conversation goes along.
      let contents = world.gemini.requests.value.last?.json["contents"] as? [[String: Any]]
      #expect(contents?.count == 3)
    }
  }

  @Test func tellsNoOneToStartWhoHasNot() async throws {
    try await World.run { world in
      let console = try await world.aidevbot("console", input: "How do I begin?\n")
      #expect(console.status == 0)
      #expect(console.output.contains("Please send me /start first"))
      #expect(world.callCount(.gemini) == 0)
    }
  }

  @Test func answersWhatAKilledConsoleLeftUndone() async throws {
    try await World.run { world in
      world.hang(1, callsOf: .gemini)
      let killed = try world.start(["console"], input: "/start\nHow do I begin?\n")
      try await world.waitForCalls(1, to: .gemini)
      try world.keepYoung()
      try await world.kill(killed)
      let next = try await world.aidevbot("console", input: "/status\n")
      #expect(next.output.contains("Hello from the fake model."))
      #expect(next.output.contains("Balance: 99.60625 credits"))
      #expect(try world.usage().map(\.chargedTo) == ["house", "user"])
      try await world.expectNothingLeft()
    }
  }
}
