import Glibc
import Testing
import TestSupport

/// The daemon on a good day.
@Suite("Daemon")
struct DaemonTests {
  @Test func answersChargesAndStopsWithNothingLeftUndone() async throws {
    try await World.run { world in
      world.openRouter.answer.change { $0.text = "func loop() {}" }
      let daemon = try await world.startDaemon()
      let welcome = try await world.ask("/start")
      #expect(welcome.contains("Welcome, Ada!"))
      #expect(welcome.contains("there are 100.00 credits on your account"))

      // 0.39375 credits, which is shown rounded up.
      let answer = try await world.ask("How do I begin?")
      #expect(
        answer == "Hello from the fake model.\n\nCost: 0.39375 credits · Left: 99.60625 credits")
      #expect(try world.balance() == 100_000_000 - Seller.gemini.charge)
      // 0.2325 credits.
      let code = try await world.ask("/code a loop")
      #expect(code == "func loop() {}\n\nCost: 0.2325 credits · Left: 99.37375 credits")
      #expect(try world.balance() == 100_000_000 - Seller.gemini.charge - Seller.openRouter.charge)

      let status = try await world.ask("/status")
      #expect(status.contains("Balance: 99.37375 credits"))
      #expect(status.contains("Coding: openrouter/anthropic/claude-sonnet-5.5"))
      let credits = try await world.ask("/credits")
      #expect(credits.contains("Your balance is 99.37375 credits."))
      for line in ["+100.00  welcome credits", "−0.39375  chat", "−0.2325  coding"] {
        #expect(credits.contains(line))
      }

      #expect(try await world.stop(daemon).output.isEmpty)
      #expect(
        try world.usage().map { "\($0.chargedTo) \($0.provider) \($0.nanoDollars)" } == [
          "user google 2625000", "user openrouter 1550000",
        ])
      try await world.expectNothingLeft()
      let verdict = try await world.aidevbot("ledger", "verify")
      #expect(verdict.output == "The ledger holds. Users: 1, transactions: 3, settled calls: 2.\n")
    }
  }

  @Test func showsInTheMenuWhatHelpLists() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      let help = try await world.ask("/help")
      let state = try await world.telegram.state.wait(for: "the menu") { $0.commands != nil }
      let menu = (state.commands?.array ?? []).map { entry in
        "/\(entry["command"]?.string ?? "") – \(entry["description"]?.string ?? "")"
      }
      let listed = help.split(separator: "\n").filter { $0.hasPrefix("/") }.map(String.init)
      #expect(menu.sorted() == listed.sorted())
      #expect(menu.count == 24)
      try await world.stop(daemon)
    }
  }

  @Test func showsThatItWorksWhileAModelDoes() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.ask("/start")
      let mayAnswer = world.holdBack(callsOf: .gemini)
      world.telegram.message("How do I begin?", from: 42)
      let state = try await world.telegram.state.wait(for: "the sign of work") {
        !$0.calls(of: "sendChatAction").isEmpty
      }
      #expect(
        state.calls(of: "sendChatAction").first?.parameters
          == ["chat_id": 42, "action": "typing"])
      #expect(state.sent(to: 42).count == 1)
      mayAnswer.change { $0 = true }
      try await world.replies(2, to: 42)
      try await world.stop(daemon)
    }
  }

  @Test func servesSeveralPeopleSideBySide() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.ask("/start", from: 42)
      try await world.ask("/start", from: 43)
      let mayAnswer = try await world.askWithoutAnAnswer()
      world.telegram.message("/start", from: 42)
      world.telegram.message("/status", from: 42)
      #expect(try await world.ask("/code a loop", from: 43).contains("Cost: 0.2325"))
      // In order for each, but for what only reads.
      let before = try await world.replies(2, to: 42)
      #expect(before.last?.hasPrefix("Balance: 100.00 credits (") == true)
      mayAnswer.change { $0 = true }
      let replies = try await world.replies(4, to: 42)
      #expect(replies[2].hasPrefix("Hello from the fake model."))
      #expect(replies[3].contains("Your balance is 99.60625 credits"))
      try await world.stop(daemon)
      try await world.expectNothingLeft()
    }
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func finishesWhatIsUnderWayBeforeItStops(signal: Int32) async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.ask("/start")
      let mayAnswer = try await world.askWithoutAnAnswer()
      world.telegram.message("/start", from: 42)
      try await world.telegram.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
      daemon.signal(signal)
      try await daemon.state.wait(for: "the stop") { $0.errorText.contains("Stopping") }
      mayAnswer.change { $0 = true }
      #expect(try await daemon.waitForExit().status == 0)
      #expect(try await world.replies(2, to: 42).count == 2)

      // What had not begun waits for the next start.
      let next = try await world.startDaemon()
      let last = try await world.replies(3, to: 42).last
      #expect(last?.contains("Your balance is 99.60625 credits") == true)
      try await world.stop(next)
      #expect(world.callCount(.gemini) == 1)
      try await world.expectNothingLeft()
    }
  }

  @Test func keepsItsFilesFromOthers() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      for suffix in ["", "-wal", ".lock"] {
        var status = stat()
        #expect(stat(world.databasePath + suffix, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
      }
      try await world.stop(daemon)
    }
  }
}
