@testable import Bot
import Foundation
import GRDB
import Ledger
@testable import Messaging
import Testing
import TestSupport

@Suite("ConsoleSession")
struct ConsoleSessionTests {
  let rig: BotRig

  init() throws {
    rig = try BotRig(model: "demo/demo-1")
  }

  /// Types these lines and returns what is printed.
  @discardableResult
  private func type(_ lines: String...) async throws -> [String] {
    let printed = Watched<[String]>([])
    let session = try ConsoleSession(
      database: rig.database, llm: rig.llm, settings: rig.settings, workshop: .closed,
      firstName: "Grace", save: { name, _ in name },
      print: { text in printed.change { $0.append(text) } })
    let (stream, input) = AsyncStream<String>.makeStream()
    for line in lines { input.yield(line) }
    input.finish()
    var prompts = 0
    try await session.run(stream) { prompts += 1 }
    #expect(prompts == lines.count + 1)
    return printed.value
  }

  @Test func answersWithTheDemoModelAndCharges() async throws {
    let printed = try await type("/start", "  How do I sort?  ", "", "/status", "/credits")
    #expect(printed.count == 4)
    #expect(printed[0].hasPrefix("Welcome, Grace!"))
    #expect(printed[1].contains("This is the demo"))
    #expect(printed[1].contains("You asked: “How do I sort?”"))
    #expect(printed[1].contains("\n\nCost: 0."))
    #expect(printed[2].hasPrefix("Balance: 99.9"))
    #expect(printed[3].contains("  chat\n"))
    #expect(printed[3].contains("\n  [#1  Starter: 250 credits – 200 ⭐]"))
    #expect(try rig.account(ConsoleSession.userID).balance.micro < 100_000_000)
  }

  @Test func printsAnAnswerPartByPartAsItPrintsItWhole() async throws {
    let whole = try await type("/start", "How do I sort?")[1]
    let parts = Watched<[String]>([])
    let session = try ConsoleSession(
      database: rig.database, llm: rig.llm, settings: rig.settings, workshop: .closed,
      firstName: "Grace", save: { name, _ in name },
      printPart: { part, isLast in parts.change { $0.append(part + (isLast ? "|" : "")) } },
      print: { Issue.record("“\($0)” is no part.") })
    let (stream, input) = AsyncStream<String>.makeStream()
    input.yield("How do I sort?")
    input.finish()
    try await session.run(stream) {}
    #expect(parts.value.count > 1)
    let shown = parts.value.joined()
    #expect(shown.hasPrefix("\nThis time you asked:") && shown.hasSuffix("[#1  Again]|"))
    // But for its first sentence it is the same.
    let answer = try #require(
      whole.split(separator: "\n\n", maxSplits: 1).last?.components(separatedBy: "\n\nCost:").first)
    #expect(shown.contains("\n\n\(answer)\n\nCost:"), "\(shown)")
  }

  @Test func putsNoNoteOfAPressIntoTheAnswer() async throws {
    let shown = Watched<[String]>([])
    let session = try ConsoleSession(
      database: rig.database, llm: rig.llm, settings: rig.settings, workshop: .closed,
      firstName: "Grace", save: { name, _ in name },
      printPart: { part, _ in shown.change { $0.append(part) } },
      print: { text in shown.change { $0.append(text) } })
    let (stream, input) = AsyncStream<String>.makeStream()
    for line in ["/start", "#1"] { input.yield(line) }
    input.finish()
    try await session.run(stream) {}
    let answer = shown.value.drop { !$0.contains("#3") }.dropFirst()
    #expect(answer.first?.hasPrefix("\nYou wrote: “What is a database index") == true, "\(answer)")
    #expect(answer.last?.hasSuffix("[#1  Again]") == true)
    #expect(!answer.contains { $0.contains("I am on it") })
  }

  @Test func letsNoAnswerMoveTheCursor() async throws {
    let printed = try await type("/start", "a\u{1B}[2J\u{202E}b")
    #expect(printed.last?.contains("“a [2J b”") == true, "\(printed)")
  }

  @Test(arguments: [
    "\u{1B}]0;title\u{7}", "\u{9B}2J", "\u{90}q\u{9C}", "\u{202E}", "\u{2066}", "\u{7F}", "\u{8}",
    "\r",
  ])
  func showsNothingThatMovesTheCursorWhoeverWroteIt(hostile: String) async throws {
    let printed = try await type(
      "/start", "say \(hostile) it", "/new a\(hostile)b", "/projects", "/done", "#1")
    #expect(printed.count >= 6)
    let isHarmless = printed.joined().unicodeScalars.allSatisfy { scalar in
      scalar == "\n"
        || scalar.properties.generalCategory != .control
          && !(0x202A...0x202E).contains(scalar.value) && !(0x2066...0x2069).contains(scalar.value)
    }
    #expect(isHarmless, "\(printed)")
  }

  /// Styles are the console's own, and around the words alone.
  @Test func showsAModelsMarkdownStyledAndNothingElse() async throws {
    let rig = try BotRig()
    rig.gemini.answer.change {
      $0.text = """
        # Title \u{1B}[31m

        - `code` \u{9B}2J
        - [a](https://a.b/\u{202E}c) [d](https://e.f)

        | x | y |
        |---|---|
        | 1 | \u{202E}2 |
        """
    }
    let printed = Watched<[String]>([])
    let session = try ConsoleSession(
      database: rig.database, llm: rig.llm, settings: rig.settings, workshop: .closed,
      firstName: "Grace", showsStyles: true, save: { name, _ in name },
      print: { text in printed.change { $0.append(text) } })
    let (stream, input) = AsyncStream<String>.makeStream()
    for line in ["/start", "How do I sort?"] { input.yield(line) }
    input.finish()
    try await session.run(stream) {}
    let answer = try #require(printed.value.last)
    #expect(answer.hasPrefix("\u{1B}[1mTitle  [31m\u{1B}[0m\n\n"))
    #expect(answer.contains("• \u{1B}[36mcode\u{1B}[0m  2J\n"))
    #expect(answer.contains("\u{1B}[4md\u{1B}[0m (https://e.f)"))
    #expect(answer.contains("\u{1B}[36mx │ y\u{1B}[0m\n"))
    let bare = answer.replacing(/\u{1B}\[(0|1|4|36)m/, with: "").unicodeScalars
    let isHarmless = bare.allSatisfy {
      $0 == "\n" || ![.control, .format].contains($0.properties.generalCategory)
    }
    #expect(isHarmless, "\(answer.debugDescription)")
  }

  @Test func helpsAndEnds() async throws {
    let printed = Watched<[String]>([])
    let session = try ConsoleSession(
      database: rig.database, llm: rig.llm, settings: rig.settings, workshop: .closed,
      firstName: "Grace", save: { name, _ in name },
      print: { text in printed.change { $0.append(text) } })
    let (stream, input) = AsyncStream<String>.makeStream()
    for line in ["/start", "help", "exit", "/status"] { input.yield(line) }
    try await session.run(stream) {}
    #expect(printed.value.count == 3)
    #expect(printed.value[1].contains("Ctrl-C stops an answer or pauses a build"))
    #expect(printed.value[2].hasPrefix("Write to me in plain words"))
    // There is nothing to reply to a message with.
    #expect(!printed.value[2].contains("Reply to one of my answers"))
    #expect(try rig.count("api_key_usage") == 0)
    input.finish()
  }

  @Test func pressesButtonsByTheirNumbers() async throws {
    let printed = try await type(
      "/start", "/new First", "/new Second", "/projects", "#1", "#2", "#1")
    #expect(printed.contains("Now working on \"First\"."))
    #expect(printed.contains("There is no button 2."))
    #expect(printed.last?.contains("▸ Second (active)") == true)
    #expect(printed.last?.contains("[#1  First]") == true)
  }

  @Test(arguments: ["#1", "#0", "#-1", "#99999"])
  func saysWhereThereIsNoSuchButton(line: String) async throws {
    #expect(
      try await type("/help", line).last == "There is no button \(line.dropFirst()).")
    #expect(try rig.count("inbox") == 1)
  }

  @Test(arguments: [Int.min, -1, 0, 2, Int.max])
  func hasNoButtonOfThatNumber(number: Int) async throws {
    let printed = try await type("/start", "/new First", "/new Second", "/projects", "#\(number)")
    #expect(printed.last == "There is no button \(number).")
  }

  @Test func takesANumberSignWithoutANumberForWords() async throws {
    #expect(try await type("/start", "#swift").last?.contains("“#swift”") == true)
  }

  @Test func goesOnWithWhatWasLeftUnfinished() async throws {
    try await type("/start")
    try rig.database.write { tx in
      _ = try Inbox(channel: .console).store(
        [
          .update(
            -5, "message",
            .message("/help", from: 0, adding: ["chat": ["id": 0, "type": "private"]]))
        ],
        nextOffset: nil, in: tx)
    }
    #expect(try await type().first?.hasPrefix("Write to me in plain words") == true)
  }

  @Test func keepsApartFromTelegram() async throws {
    // Neither takes up what the other has left.
    let waiting = rig.nextUpdateID()
    try rig.database.write { tx in
      _ = try rig.engine.inbox.store(
        [.update(waiting, "message", .message("/help"))], nextOffset: 501, in: tx)
    }
    try await rig.say("/start", from: 43)
    let printed = try await type("/start", "/help")
    #expect(printed.count == 2)
    #expect(try rig.inboxState(waiting) == "pending")
    let queued = try rig.database.read { try rig.engine.outbox.queued(after: 0, limit: 9, in: $0) }
    #expect(queued.map(\.chatID) == [43])

    let engine = try rig.restarted()
    try await engine.resume()
    await engine.dispatcher.becomeIdle()
    #expect(try rig.texts(of: waiting).count == 1)
    let ids = try rig.database.read { tx in
      try Int64.fetchAll(tx.db, sql: "SELECT update_id FROM inbox WHERE channel = 'console'")
    }
    #expect(ids.count == 2 && ids.allSatisfy { $0 < 0 })
    #expect(try rig.database.read { try rig.engine.inbox.nextOffset(in: $0) } == 103)
  }
}
