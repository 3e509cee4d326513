@testable import Assistant
import Bot
import Foundation
import LanguageModels
import Ledger
import Messaging
import Testing
import TestSupport

@Suite("In a group")
struct GroupPrivacyTests {
  private static let group: Int64 = -100
  private static let administrator: Int64 = 1
  private let rig: BotRig

  init() throws {
    rig = try BotRig(administrators: [Self.administrator])
  }

  private func sayInGroup(_ text: String, from user: Int64 = 42) async throws -> [String] {
    let id = try await rig.deliver("message", .message(text, from: user, chat: Self.group))
    await rig.engine.dispatcher.becomeIdle()
    return try rig.texts(of: id)
  }

  @Test(arguments: [
    "start", "status", "credits", "buy", "new", "projects", "done", "paysupport", "deletemydata",
  ])
  func nothingPersonalIsSaid(command: String) async throws {
    try await rig.say("/start")
    try await rig.say("/new Secret shop")
    #expect(
      try await sayInGroup("/\(command)@devbot") == [
        "That is between you and me: please send me /\(command) in a private chat."
      ])
    #expect(try rig.count("projects") == 1)
  }

  @Test func anAnswerShowsItsCostAndNotWhatIsLeft() async throws {
    try await rig.say("/start")
    let answer = try #require(try await sayInGroup("@devbot hello").first)
    #expect(answer.contains("Cost: ") && !answer.contains("Left"))
  }

  @Test func aPromptHoldsNothingOfThePrivateProjectAndChangesNothingOfIt() async throws {
    rig.gemini.answer.change { $0.text = "- [ ] buy bread" }
    try await rig.say("/start")
    try await rig.say("/new Secret shop")
    try await rig.say("/plan a shop")
    rig.gemini.answer.change { $0.text = "- [ ] something else" }
    _ = try await sayInGroup("/plan@devbot a zoo")
    let prompt = try #require(rig.gemini.paidCalls.last?.body)
    let words = String(decoding: prompt, as: UTF8.self)
    #expect(words.contains("a zoo"))
    #expect(!words.contains("Secret shop") && !words.contains("bread"))
    let holds = try rig.holds()
    #expect(holds.count { $0.projectID == nil } == 1)
    #expect(try await rig.say("/status").first?.contains("Tasks: 0 done, 1 open") == true)
    let list = try rig.database.read { try $0.projects.list(ofUser: 1, limit: 1).first?.todo }
    #expect(list == "- [ ] buy bread")
  }

  /// Whether somebody has no account, too few credits or a block, is said with the same words.
  @Test func aRefusalSaysNothingOfThePerson() async throws {
    let words = [
      "I cannot answer you here. Please ask me the same in a private chat; there I can say why."
    ]
    #expect(try await sayInGroup("@devbot hello") == words)
    try await rig.say("/start")
    try rig.block(42)
    #expect(try await sayInGroup("@devbot hello") == words)
    #expect(try await sayInGroup("/plan@devbot a shop") == words)
    let poor = try BotRig(credits: "0.000001")
    try await poor.say("/start")
    let id = try await poor.deliver("message", .message("@devbot hello", chat: Self.group))
    await poor.engine.dispatcher.becomeIdle()
    #expect(try poor.texts(of: id) == words)
    #expect(rig.gemini.paidCalls.isEmpty && poor.gemini.paidCalls.isEmpty)
  }

  /// Data of a button can be sent by anybody who writes their own client.
  @Test(arguments: ["credits:x", "projects:x", "buy:Starter", "deletemydata:yes"])
  func aForgedPressShowsAndChangesNothing(data: String) async throws {
    try await rig.say("/start")
    let press: JSONValue = [
      "id": "query1", "from": .user(42), "data": .string(data), "chat_instance": "1",
      "message": ["message_id": 8, "chat": .chat(Self.group), "date": 1_800_000_000],
    ]
    let id = try await rig.deliver("callback_query", press)
    await rig.engine.dispatcher.becomeIdle()
    #expect(
      try rig.texts(of: id) == ["That is between you and me: please write to me in private."])
    #expect(try rig.account().balance.micro == 100_000_000)
  }

  /// What it says to do is heard there: a bare command is not.
  @Test func whatToWriteNamesTheBot() async throws {
    try await rig.say("/start")
    #expect(
      try await sayInGroup("/plan@devbot") == [
        """
        Tell me more after the command, for example:
        /plan@devbot \(example)

        Or send /plan@devbot as a reply to the message that it is about.
        """
      ])
    #expect(
      try await sayInGroup("@devbot") == [
        "What can I do for you? /help@devbot lists everything."
      ])
    let begin = "In a group, begin with @devbot, or reply to me.\n\nWrite to me in plain words"
    #expect(try await sayInGroup("/help@devbot").first?.hasPrefix(begin) == true)
    #expect(try await rig.say("/help").first?.hasPrefix("Write to me in plain words") == true)
    #expect(try await rig.say("/plan").first?.contains("\n/plan \(example)") == true)
  }

  private let example = "a to-do app for two"

  /// A conversation of one's own, which /reset begins afresh, is in private alone.
  @Test(arguments: [true, false]) func aPromptThatIsTooLongIsToBeShortened(isPrivate: Bool) {
    let words = LanguageModelError(.promptTooLong).userMessage(inGroup: !isPrivate)
    #expect(words.contains("please shorten your message"))
    #expect(words.contains("/reset") == isPrivate)
  }

  /// An invoice can be forwarded to a group and paid there.
  @Test func aReceiptGoesToThePrivateChat() async throws {
    try await rig.say("/start")
    _ = try await rig.press("buy:Starter")
    let order = try #require(try rig.orders().first)
    let paid = try await rig.pay(order.id, 200, charge: "paid", inChat: Self.group)
    let odd = try await rig.pay("unknown", 200, charge: "odd", inChat: Self.group)
    for update in [paid, odd] { #expect(try rig.replies(to: update).first?.chatID == 42) }
  }

  @Test func aPressOfSomebodyBlockedIsRefusedAsTheirCommandIs() async throws {
    try await rig.say("/start")
    try rig.block(42)
    #expect(
      try await rig.press("projects:x").map(\.text) == [
        "Your account is blocked. What you own stays yours; please send /paysupport and your "
          + "question."
      ])
  }

  @Test func nobodyLearnsWhoIsAnAdministrator() async throws {
    #expect(
      try await sayInGroup("/report@devbot", from: Self.administrator) == [
        "I do not know /report. Send /help@devbot for everything I can do."
      ])
    let help = try await sayInGroup("/help@devbot", from: Self.administrator)
    #expect(help.first?.contains("/grant") == false)
  }
}
