@testable import Assistant
import Bot
import Commands
import Foundation
import GRDB
import Ledger
import Messaging
import Testing
import TestSupport

@Suite("/start")
struct StartCommandTests {
  @Test func opensTheAccountWithTheWelcomeCredits() async throws {
    let rig = try BotRig()
    #expect(
      try await rig.say("/start") == [
        """
        Welcome, Ada! I am an AI developer in your chat:
        • I answer questions about software, and remember what we said.
        • /plan turns an idea into a plan with a task list.
        • /code writes complete code, and /verify checks yours.
        • /new builds software from an idea: a plan, a price, then a zip. /help shows the rest.

        To begin with, there are 100.00 credits on your account. A typical answer of some \
        375 words costs about 0.23 credits. Each answer says what it cost, and you never pay for \
        one that failed.

        Just write what you need, or try one of these, at the usual price:
        """
      ])
    #expect(try rig.account().balance.micro == 100_000_000)
  }

  @Test func grantsNothingTheSecondTime() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    let reply = try await rig.say("/start again").first
    #expect(
      reply?.hasPrefix("Good to see you again, Ada. Your balance is 100.00 credits.") == true)
    #expect(try rig.count("credit_transactions") == 1)
  }

  @Test(arguments: ["", " ", "\u{200B}", "\u{202E}"])
  func greetsWhoeverHasNoNameToShow(name: String) async throws {
    let rig = try BotRig()
    let user: JSONValue = ["id": 42, "is_bot": false, "first_name": .string(name)]
    for greeting in ["Welcome! I am", "Good to see you again. Your"] {
      let id = try await rig.deliver("message", .message("/start", adding: ["from": user]))
      await rig.engine.dispatcher.becomeIdle()
      #expect(try rig.texts(of: id).first?.hasPrefix(greeting) == true)
    }
  }

  @Test func tellsWhoeverHadAnAccountBeforeWhyItIsEmpty() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    _ = try await rig.press("deletemydata:yes")
    #expect(
      try await rig.say("/start").first?.contains(
        "Your new account is open. Welcome credits come only once. /credits shows how to get "
          + "credits."
      ) == true)
  }

  @Test func promisesNoCreditsWhereNoneAreGranted() async throws {
    let rig = try BotRig(credits: "0")
    let reply = try await rig.say("/start").first
    #expect(reply?.contains("Your account is open. /credits shows how to get credits.") == true)
    #expect(try rig.count("credit_transactions") == 0)
  }

  @Test(arguments: [
    "hello", "/status", "/credits", "/new Shop", "/projects", "/done", "/plan a shop", "/code x",
    "/verify x", "/plan",
  ])
  func isAskedForBeforeAnythingElse(text: String) async throws {
    let rig = try BotRig(administrators: [1])
    #expect(
      try await rig.say(text) == ["Please send me /start first: it opens your account."])
    #expect(try rig.replies().count == 1)
    #expect(rig.gemini.requests.value.isEmpty)
  }

  @Test func isAskedForInAPrivateChatWhereSomebodyWritesInAGroup() async throws {
    let rig = try BotRig()
    let id = try await rig.deliver("message", .message("@devbot hello", chat: -100))
    await rig.engine.dispatcher.becomeIdle()
    let reply = try #require(try rig.replies(to: id).first)
    #expect(reply.chatID == -100)
    #expect(reply.text == ModelOrchestrator.notInGroup.text)
    #expect(reply.parameters["reply_parameters"]?["message_id"] == 7)
  }

  @Test func isAskedForWhereAButtonIsPressedWithoutAnAccount() async throws {
    let rig = try BotRig()
    #expect(try await rig.press("projects:x").map(\.text) == ["Please send me /start first."])
  }
}

@Suite("/help")
struct HelpCommandTests {
  @Test func listsEveryCommandWithoutAnAccount() async throws {
    let rig = try BotRig()
    let reply = try await rig.say("/help").first ?? ""
    let lines = reply.split(separator: "\n").filter { $0.hasPrefix("/") }
    let names = lines.map { $0.prefix { $0 != " " } }
    #expect(
      Set(names) == [
        "/start", "/help", "/status", "/credits", "/plan", "/code", "/verify", "/stop", "/reset",
        "/new", "/projects", "/done", "/buy", "/paysupport", "/terms", "/privacy", "/deletemydata",
        "/usage", "/model", "/settings", "/refine", "/files", "/history", "/cancel",
      ])
    #expect(names.count == 24)
  }

  @Test func listsWhatTheReadMeLists() async throws {
    let rig = try BotRig(
      administrators: [1],
      promotions: .init(codesAreTaken: true, referralCredits: Credits(parsing: "5")))
    let help = try await rig.say("/help", from: 1).first ?? ""
    let commands = help.split(separator: "\n").filter { $0.hasPrefix("/") }
      .map { $0.dropFirst().prefix(while: \.isLetter) }
    let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/")
    let readMe = try String(contentsOfFile: root + "/README.md", encoding: .utf8)
    let section = try #require(readMe.components(separatedBy: "## In the chat").last)
    let listed = section.matches(of: /`\/([a-z]+)/).map(\.output.1)
    #expect(Set(listed) == Set(commands))
  }

  @Test func isPointedToByAnUnknownCommand() async throws {
    let rig = try BotRig()
    #expect(
      try await rig.say("/fly me to the moon") == [
        "I do not know /fly. Send /help for everything I can do."
      ])
  }
}

@Suite("/status")
struct StatusCommandTests {
  @Test func showsBalanceProjectAndModels() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    #expect(
      try await rig.say("/status") == [
        """
        Balance: 100.00 credits

        No active project. Begin one with /new and your idea.

        Models:
        • Chat: google/gemini-2.5-flash
        • Planning: google/gemini-2.5-flash
        • Coding: google/gemini-2.5-flash
        • Verification: google/gemini-2.5-flash
        """
      ])
  }

  @Test func countsTheTasksAndCreditsOfTheProject() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    try await rig.say("This costs before the project.")
    try rig.beginProject("Shopping list")
    rig.gemini.answer.change { $0.text = "Plan:\n- [ ] one\n- [x] two\n* [ ] three\n- no task" }
    try await rig.say("/plan a shopping list")
    #expect(
      try await rig.say("/status").first?.contains(
        """
        Balance: 99.535 credits

        Project: Shopping list
        Status: open
        Tasks: 1 done, 2 open
        Spent on it: 0.2325 credits
        """) == true)
  }

  @Test func tellsWhatIsReservedForARequestUnderWay() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    try rig.leaveHold(for: try rig.work(), isSent: true)
    let held = try rig.account().held
    #expect(held > .zero)
    #expect(
      try await rig.say("/status").first?.hasPrefix(
        "Balance: 100.00 credits (\(held.text) of them reserved for a request under way)") == true)
  }
}

@Suite("/credits")
struct CreditsCommandTests {
  @Test func showsTheBalanceAndTheLastTransactionsNewestFirst() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    try await rig.say("How do I sort?")
    let id = try await rig.deliver("message", .message("/credits"))
    await rig.engine.dispatcher.becomeIdle()
    let reply = try #require(try rig.replies(to: id).first)
    let lines = reply.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.first == "Your balance is 99.7675 credits.")
    #expect(lines.contains("Last transactions (UTC):"))
    #expect(lines.count { $0.hasSuffix("  −0.2325  chat") } == 1)
    #expect(lines.count { $0.hasSuffix("  +100.00  welcome credits") } == 1)
    #expect(
      try #require(lines.firstIndex { $0.hasSuffix("chat") })
        < #require(lines.firstIndex { $0.hasSuffix("welcome credits") }))
    #expect(
      reply.buttons.map(\.title) == [
        "Starter: 250 credits – 200 ⭐", "Builder: 1000 + 50 credits – 850 ⭐",
        "Monthly: 500 credits a month – 380 ⭐",
      ])
    #expect(
      reply.buttons.map(\.data) == ["buy:Starter", "buy:Builder", "buy:Monthly"])
  }

  @Test func bringsAnOldMessageUpToDateWhoseButtonIsPressed() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    let replies = try await rig.press("credits:buy")
    #expect(replies.map(\.method) == ["answerCallbackQuery", "editMessageText"])
    #expect(replies.last?.text.hasPrefix("Your balance is 100.00 credits.") == true)
    #expect(replies.last?.buttons.count == 3)
  }

  @Test func showsNoTransactionsWhereThereAreNone() async throws {
    let rig = try BotRig(credits: "0")
    try await rig.say("/start")
    #expect(try await rig.say("/credits").first?.contains("No transactions yet.") == true)
  }

  @Test func showsTenTransactionsAtMost() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    for number in 1...11 { try await rig.say("Question \(number)") }
    let reply = try await rig.say("/credits").first ?? ""
    #expect(reply.split(separator: "\n").count { $0.hasSuffix("  chat") } == 10)
    #expect(!reply.contains("welcome"))
  }
}
