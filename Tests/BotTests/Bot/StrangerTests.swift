import Bot
import Foundation
import GRDB
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// Whoever has no account costs next to nothing.
@Suite("Without an account")
struct StrangerTests {
  private static let start = "Please send me /start first: it opens your account."

  private func receive(_ messages: [JSONValue], at rig: BotRig) async throws -> [Int64] {
    let updates = messages.map { ReceivedUpdate.update(rig.nextUpdateID(), "message", $0) }
    try await rig.engine.receive(updates, nextOffset: nil)
    await rig.engine.dispatcher.becomeIdle()
    return updates.map(\.id)
  }

  private func number(_ sql: String, at rig: BotRig) throws -> Int {
    try rig.database.read { try Int.fetchOne($0.db, sql: sql) ?? 0 }
  }

  @Test func aFloodHasOneReplyAMinuteAndTakesNoRoom() async throws {
    let rig = try BotRig()
    let size = """
      SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)
      """
    let before = try number(size, at: rig)
    let text = String(repeating: "word", count: 1_000)
    for _ in 1...20 {
      let ids = try await receive(Array(repeating: .message(text), count: 50), at: rig)
      for id in ids { #expect(try rig.inboxState(id) == "done") }
    }
    #expect(try rig.texts() == [Self.start])
    #expect(try number("SELECT sum(length(payload)) FROM inbox", at: rig) == 0)
    // The batch that is under way takes some, each message some bytes for its id.
    let grown = try number(size, at: rig) - before
    #expect(grown < 1_000 * 1_000)
    #expect(rig.gemini.requests.value.isEmpty)
  }

  @Test func whatIsSaidInOtherWaysIsHeardNoMoreOften() async throws {
    let rig = try BotRig()
    let messages: [JSONValue] = [
      .message("How do I sort?"), .message("/plan a shop"), .message("/unknown"),
      .message(nil, adding: ["photo": []]), .message("/status"),
    ]
    _ = try await receive(messages, at: rig)
    try await rig.deliver("edited_message", .message("How do I search?"))
    await rig.engine.dispatcher.becomeIdle()
    #expect(try rig.texts() == [Self.start])
    // Another person has a minute of their own.
    #expect(try await rig.say("Hello?", from: 43) == [Self.start])
  }

  @Test func theTermsAndTheHelpAreGivenToEverybodyOnceAMinuteEach() async throws {
    let rig = try BotRig()
    let commands = ["/help", "/terms", "/privacy", "/paysupport"]
    for command in commands { #expect(try await rig.say(command).count == 1) }
    for command in commands { #expect(try await rig.say(command).isEmpty) }
  }

  /// The next ones only end the waiting of the button.
  @Test func aPressIsAnsweredInWordsOnceAMinute() async throws {
    let rig = try BotRig()
    let words = try await rig.press("buy:Starter").map { $0.parameters["text"]?.string }
    #expect(words == ["Please send me /start first."])
    let second = try await rig.press("buy:Starter")
    #expect(second.map(\.method) == ["answerCallbackQuery"])
    #expect(second.map { $0.parameters["text"]?.string } == [nil])
    #expect(try number("SELECT sum(length(payload)) FROM inbox", at: rig) == 0)
  }

  @Test func anAccountIsHeardEachTime() async throws {
    let rig = try BotRig(administrators: [1])
    #expect(try await rig.say("Hello?") == [Self.start])
    #expect(try await rig.say("Hello?") == [])
    #expect(try await rig.say("/start").first?.hasPrefix("Welcome, Ada!") == true)
    for _ in 1...3 { #expect(try await rig.say("/projects").count == 1) }
    // An administrator needs none.
    for _ in 1...3 { #expect(try await rig.say("/report", from: 1) != []) }
    #expect(try number("SELECT count(*) FROM inbox WHERE payload = ''", at: rig) == 2)
  }

  /// What others say in a group is nothing to keep either.
  @Test func whatIsNotForTheBotIsNotKept() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    let id = try await receive([.message("Hello, everybody", chat: -5)], at: rig)[0]
    #expect(try rig.inboxState(id) == "done")
    #expect(try number("SELECT length(payload) FROM inbox WHERE update_id = \(id)", at: rig) == 0)
  }
}
