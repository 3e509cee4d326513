@testable import Assistant
@testable import Bot
import Commands
import Foundation
import GRDB
import LanguageModels
import Ledger
@testable import Messaging
import Metering
import Sales
import Testing
import TestSupport

@Suite("A balance that gets low")
struct BalanceNoticeTests {
  private static let half = BalanceNotices(askAbove: .init(millionths: 500_000))

  private func asked(_ credits: String = "0.8") async throws -> (BotRig, id: Int64, OutboxRow) {
    let rig = try BotRig(credits: credits, notices: Self.half)
    try await rig.say("/start")
    let id = try await rig.deliver("message", .message("How do I sort?"))
    await rig.engine.dispatcher.becomeIdle()
    return (rig, id, try #require(try rig.replies(to: id).first))
  }

  @Test func isWarnedOfOnceUnderTheAnswerThatCrossedTheLine() async throws {
    let rig = try BotRig(notices: BalanceNotices(lowBalance: Credits(micro: 99_700_000)))
    try await rig.say("/start")
    var warned: [Bool] = []
    for _ in 1...3 {
      let id = try await rig.deliver("message", .message("Hello"))
      await rig.engine.dispatcher.becomeIdle()
      let reply = try #require(try rig.replies(to: id).first)
      let isWarning = reply.text.contains(
        "(You have less than 99.70 credits left; /buy gets you more.)")
      #expect(reply.buttons.contains { $0.data == "buy:Starter" } == isWarning)
      warned.append(isWarning)
    }
    #expect(warned == [false, true, false])
  }

  @Test func namesNoWayToBuyWhereNothingIsForSale() async throws {
    let rig = try BotRig(notices: BalanceNotices(lowBalance: Credits(micro: 99_800_000)))
    try await rig.say("/start")
    var settings = rig.settings
    (settings.store.packages, settings.store.subscription) = ([], nil)
    settings.initialGrant = .zero
    rig.engine.apply(settings, rig.llm)
    #expect(
      try await rig.say("Hello").first?.contains(
        "(You have less than 99.80 credits left; please ask whoever runs this bot for more.)")
        == true)
    #expect(
      try await rig.say("/start", from: 43).first?.contains(
        "Your account is open. Please ask whoever runs this bot for credits.") == true)
  }

  @Test func isToldInPrivateAfterAnAnswerInAGroup() async throws {
    let rig = try BotRig(notices: BalanceNotices(lowBalance: Credits(micro: 100_000_000)))
    try await rig.say("/start")
    let id = try await rig.deliver("message", .message("@devbot hello", chat: -100))
    await rig.engine.dispatcher.becomeIdle()
    #expect(try rig.texts(of: id).allSatisfy { !$0.contains("100.00") })
    let last = try #require(try rig.replies().last { $0.chatID == 42 })
    #expect(last.text.hasPrefix("You have less than 100.00 credits left"))
  }

  @Test func aDearRequestAsksBeforeAnythingIsHeld() async throws {
    let (rig, id, question) = try await asked()
    let match = try #require(
      question.text.wholeMatch(
        of: /This may cost up to (0\.[0-9]+) credits\. Nothing is charged before you say so\./))
    let most = try Credits(parsing: String(match.1))
    #expect(question.buttons.map(\.title) == ["Do it", "Cancel"])
    #expect(try rig.holds().isEmpty)
    #expect(rig.gemini.paidCalls.isEmpty)
    try await rig.say("/start", from: 43)
    let agreement = try #require(question.buttons.first?.data)
    #expect(try await rig.press(agreement, from: 43).first?.text.hasPrefix("Only") == true)
    #expect(try await rig.press("notnow:\(id)", from: 43).first?.text.hasPrefix("There") == true)
    for _ in 1...3 { _ = try await rig.press(agreement) }
    #expect(rig.gemini.paidCalls.count == 1)
    let hold = try #require(try rig.holds().first)
    #expect(hold.amount <= most)
    #expect(try rig.holds().count == 1)
  }

  @Test func cancelChargesNothingAndEndsTheOffer() async throws {
    let (rig, id, question) = try await asked()
    let pressed = try await rig.press("notnow:\(id)")
    #expect(pressed.map(\.text) == ["Canceled.", "Canceled. Nothing was charged."])
    let agreement = try #require(question.buttons.first?.data)
    #expect(try await rig.press(agreement).first?.text.hasPrefix("This is settled") == true)
    #expect(try await rig.press("notnow:\(id)").first?.text.hasPrefix("There is nothing") == true)
    #expect(rig.gemini.paidCalls.isEmpty)
  }

  @Test func anAgreementSurvivesTheEndOfTheProcess() async throws {
    let (rig, id, _) = try await asked()
    let inbox = rig.engine.inbox
    _ = try rig.database.write {
      try inbox.askAgain(id, upTo: Credits(micro: 100_000_000), by: 42, in: $0)
    }
    let engine = try rig.restarted()
    try await engine.resume()
    await engine.dispatcher.becomeIdle()
    #expect(rig.gemini.paidCalls.count == 1)
    #expect(try rig.inboxState(id) == "done")
  }

  @Test func anAnswerOfModestLengthThatFitsIntoTheShareIsNotAskedAbout() async throws {
    let (rig, id, _) = try await asked("5")
    #expect(try rig.texts(of: id).first?.hasPrefix("Hello from the fake model.") == true)
    #expect(try rig.holds().map { $0.amount.micro <= 2_500_000 } == [true])
  }

  /// A second tap on a button, or one on a button of before, that comes when the person has been
  /// asked meanwhile.
  @Test(arguments: ["again:ID", "again:ID:1000"])
  func aButtonThatNamesNothingOrLessAgreesToNothingMore(button: String) async throws {
    let (rig, id, question) = try await asked()
    for _ in 1...2 {
      _ = try await rig.press(button.replacing("ID", with: "\(id)"))
      #expect(try rig.replies(to: id).map(\.text) == [question.text])
    }
    #expect(try rig.holds().isEmpty)
    _ = try await rig.press(try #require(question.buttons.first?.data))
    #expect(rig.gemini.paidCalls.count == 1)
  }

  @Test(arguments: ["again:ID:0", "again:ID:-5", "again:ID:", "again:ID:5:5", "again:ID:x"])
  func whatNamesNoAmountIsNoButton(button: String) async throws {
    let (rig, id, _) = try await asked()
    _ = try await rig.press(button.replacing("ID", with: "\(id)"))
    #expect(try rig.inboxState(id) == "done")
    #expect(try rig.holds().isEmpty)
  }

  /// Though they could pay for it many times by then.
  @Test(arguments: [false, true])
  func asksAnewWhereThePriceHasRisenAboveWhatWasAgreed(isRich: Bool) async throws {
    let rig = try BotRig(
      credits: "10", notices: BalanceNotices(askAbove: .init(millionths: 100_000)))
    try await rig.say("/start")
    let flash = try #require(ModelID(parsing: BotRig.flash))
    func setPrice(_ output: String) throws {
      _ = try rig.database.write {
        try $0.pricing.set(flash, tariff: Tariff(input: "0.30", output: output))
      }
    }
    try setPrice("6")
    let id = try await rig.deliver("message", .message("How do I sort?"))
    await rig.engine.dispatcher.becomeIdle()
    let first = try rig.texts(of: id)
    #expect(first.first?.hasPrefix("This may cost up to 7.") == true)
    try setPrice("200")
    if isRich {
      _ = try rig.database.write { tx in
        try tx.transactions.record(
          NewTransaction(
            userID: tx.users.account(telegramUserID: 42).id, type: .manualAdjustment,
            amount: Credits(parsing: "100000"), idempotencyKey: "manual:test", description: "gift"))
      }
    }
    let agreement = try #require(try rig.replies(to: id).first?.buttons.first?.data)
    _ = try await rig.press(agreement)
    let second = try rig.texts(of: id)
    let beginning = "This may cost up to \(isRich ? "245." : "9.")"
    #expect(second.map { $0.hasPrefix(beginning) } == [true], "\(second)")
    #expect(rig.gemini.paidCalls.isEmpty)
    #expect(try rig.holds().isEmpty)
  }

  @Test func nobodyIsAskedInAGroup() async throws {
    let rig = try BotRig(credits: "0.8", notices: Self.half)
    try await rig.say("/start")
    let id = try await rig.deliver("message", .message("@devbot hello", chat: -100))
    await rig.engine.dispatcher.becomeIdle()
    #expect(try rig.texts(of: id).first?.hasPrefix("Hello from the fake model.") == true)
  }
}
