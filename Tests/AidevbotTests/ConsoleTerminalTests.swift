import Foundation
import Testing
import TestSupport

/// The console in a real terminal, at which somebody types.
@Suite("aidevbot console in a terminal")
struct ConsoleTerminalTests {
  private func begin(
    _ world: World, columns: UInt16 = 80, changing changes: [String: String?] = [:]
  ) async throws -> AtTerminal {
    let console = try world.startAtTerminal("console", columns: columns, changing: changes)
    try await console.type("")
    try await console.type("/start\r")
    return console
  }

  private func end(_ console: AtTerminal, by input: String = "exit\r") async throws {
    _ = try await console.type(input, until: "\n")
    #expect(try await console.child.waitForExit().status == 0)
    #expect(console.isAsItWas)
  }

  private func questions(_ world: World) -> [String] {
    world.gemini.requests.value.compactMap { request in
      let contents = request.json["contents"] as? [[String: Any]]
      let parts = contents?.last?["parts"] as? [[String: Any]]
      return parts?.last?["text"] as? String
    }
  }

  private func history(_ world: World) -> URL {
    world.folder.appendingPathComponent(".local/state/aidevbot/console_history")
  }

  @Test func takesAPasteForOneQuestion() async throws {
    try await World.run { world in
      let console = try await begin(world)
      try await console.ask("func a() {\r\treturn 1\r}\rWhat is it?\r")
      try await console.type("/status\r/help\r", until: "everything I can do")
      try await end(console)
      #expect(questions(world) == ["func a() {\n\treturn 1\n}\nWhat is it?"])
      try await world.expectNothingLeft()
    }
  }

  /// A terminal that makes lines itself cuts them off after 4,095 bytes.
  @Test(arguments: [4_094, 4_095, 4_096, 12_000])
  func cutsNoLongLine(length: Int) async throws {
    try await World.run { world in
      let console = try await begin(world)
      let line = String(repeating: "ab é", count: length / 5) + "!"
      try await console.ask(line + "\r")
      try await end(console)
      #expect(questions(world) == [line])
    }
  }

  @Test func saysWhereATerminalHasCutALine() async throws {
    try await World.run { world in
      let console = try await begin(world, changing: ["TERM": "emacs"])
      let long = String(repeating: "a", count: 5_000)
      try await console.type(long + "\r", until: "4095")
      try await console.type("")
      try await console.ask("How do I sort?\r")
      try await end(console)
      #expect(questions(world) == ["How do I sort?"])
    }
  }

  @Test(arguments: ["exit\r", "quit\r", "QUIT\r", "\u{4}"])
  func endsAsOneExpects(input: String) async throws {
    try await World.run { world in
      let console = try await begin(world)
      try await end(console, by: input)
      #expect(world.gemini.requests.value.isEmpty)
    }
  }

  @Test func helps() async throws {
    try await World.run { world in
      let console = try await begin(world)
      let help = try await console.type("help\r", until: "See everything I can do")
      #expect(help.contains("Ctrl-C stops an answer"))
      #expect(help.contains("/plan – "))
      try await end(console)
      #expect(world.gemini.requests.value.isEmpty)
    }
  }

  @Test func letsLinesBeEditedAndCalledBack() async throws {
    try await World.run { world in
      let console = try await begin(world)
      // To the beginning, a word more, and a letter less at the end.
      try await console.ask("do I sort?x\u{1}How \u{5}\u{7F}\r")
      // Discarded, and not sent.
      try await console.type("never mind\u{3}")
      try await console.ask("\u{1B}[A\r")
      try await end(console)

      let again = try world.startAtTerminal("console")
      try await again.type("")
      // Past "exit".
      try await again.ask("\u{1B}[A\u{1B}[A 日本\r")
      try await end(again)
      #expect(questions(world) == ["How do I sort?", "How do I sort?", "How do I sort? 日本"])
      let attributes = try FileManager.default.attributesOfItem(atPath: history(world).path)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      #expect(
        try String(contentsOf: history(world), encoding: .utf8)
          == "/start\nHow do I sort?\nexit\nHow do I sort? 日本\nexit\n")
    }
  }

  @Test func callsBackAMessageOfSeveralLinesWhole() async throws {
    try await World.run { world in
      let console = try await begin(world)
      try await console.ask("one \\n\rtwo\r")
      try await end(console)
      let again = try world.startAtTerminal("console")
      try await again.type("")
      try await again.ask("\u{1B}[A\u{1B}[A\r")
      try await end(again)
      #expect(questions(world) == ["one \\n\ntwo", "one \\n\ntwo"])
    }
  }

  @Test func forgetsWhatWasTypedWithTheAccount() async throws {
    try await World.run { world in
      let console = try await begin(world)
      try await console.ask("How do I sort?\r")
      try await console.type("/deletemydata\r", until: "[#2")
      try await console.type("#1\r", until: "erased")
      try await console.type("")
      try await console.type("\u{1B}[Ax\r", until: "/start first")
      try await end(console)
      #expect(try String(contentsOf: history(world), encoding: .utf8) == "x\nexit\n")
    }
  }

  @Test func stopsAnAnswerByCtrlCAndGoesOn() async throws {
    try await World.run { world in
      world.hang(1, callsOf: .gemini)
      let console = try await begin(world)
      try await console.type("How do I sort?\r", until: "\r\n")
      try await world.waitForCalls(1, to: .gemini)
      let stopped = try await console.type("\u{3}", until: "you> ")
      #expect(stopped.contains("cost"), "\(stopped)")
      try await console.type("/status\r", until: "Balance: 100.00 credits")
      try await console.ask("And now?\r")
      try await end(console)
      try await world.expectNothingLeft()
    }
  }

  @Test func breaksNoWordsAndFollowsTheTerminalsWidth() async throws {
    try await World.run { world in
      let console = try await begin(world, columns: 40)
      for columns in [40, 26] {
        console.resize(columns: UInt16(columns))
        // A change of the width draws the prompt anew.
        let shown = try await console.type("/terms\r", until: "can.\r\n")
        let lines = shown.split(separator: "\r\n").dropFirst()
        #expect(lines.count > 10)
        let isNarrow = lines.allSatisfy { $0.count <= columns }
        #expect(isNarrow, "\(lines)")
        // None is broken: each is there whole.
        for word in ["subscription", "credits", "Telegram"] {
          let isWhole = lines.contains { $0.contains(word) }
          #expect(isWhole, "\(word) in \(shown)")
        }
      }
      try await end(console)
    }
  }

  @Test func goesOnWithoutAHistoryWhereThereIsNoHome() async throws {
    try await World.run { world in
      let console = try world.startAtTerminal("console", changing: ["HOME": "/dev/null"])
      let greeting = try await console.type("")
      let sentence =
        "is not kept for the arrow keys of the next time, as /dev/null/.local/state/aidevbot"
      #expect(greeting.replacing("\r\n", with: " ").contains(sentence), "\(greeting)")
      try await console.type("/start\r", until: "Welcome")
      try await console.type("", until: "you> ")
      // They work for as long as it lasts.
      try await console.type("\u{1B}[A\r", until: "again")
      try await end(console)
    }
  }

  @Test func givesTheTerminalBackWhereItIsEnded() async throws {
    try await World.run { world in
      let console = try await begin(world)
      #expect(!console.isAsItWas)
      console.child.signal(SIGTERM)
      #expect(try await console.child.waitForExit().status == -SIGTERM)
      #expect(console.isAsItWas)
    }
  }
}

extension AtTerminal {
  /// Types a question, and waits for what its answer has cost, and for the next prompt.
  fileprivate func ask(_ text: String) async throws {
    try await type(text, until: "Cost:")
    try await type("")
  }
}
