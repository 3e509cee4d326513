@testable import Bot
import Commands
import GRDB
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// What grows is gone where its update is set apart for a mistake of ours.
@Suite("A growing answer that cannot be settled")
struct QuarantinedPreviewTests {
  @Test(arguments: [42, -100] as [Int64])
  func goesAndLeavesAnApologyInPrivate(chat: Int64) async throws {
    let rig = try await StreamingRig()
    let id = try await rig.ask(
      chat == 42 ? "How?" : "@devbot how?", chat: chat == 42 ? nil : chat)
    rig.answer.say(String(repeating: "word ", count: 900))
    try await rig.fake.state.wait(for: "both parts") { state in
      state.sent(to: chat).count { $0.hasPrefix("word") } == 2
    }
    try rig.bot.execute(
      """
      CREATE TRIGGER mistake BEFORE INSERT ON conversation_messages WHEN NEW.role = 'assistant'
      BEGIN SELECT RAISE(ABORT, 'a mistake of ours'); END
      """)
    rig.answer.end()
    await rig.waitForEnd()
    #expect(try rig.bot.inboxState(id) == "quarantined")
    #expect(rig.messages(in: chat).map(\.text) == (chat == 42 ? [Self.apology] : []))
    #expect(try rig.bot.replies(to: id).allSatisfy { $0.state == "sent" })
    #expect(try rig.bot.usage().map { $0["charged_to"] as String } == ["house"])
    let account = try rig.bot.account()
    #expect(account.balance == rig.bot.settings.initialGrant && account.held == .zero)

    // What comes next is as ever.
    try rig.bot.execute("DROP TRIGGER mistake")
    try await rig.delivering.deliver("message", .message("And now?"))
    #expect(rig.messages().last?.text.contains("\n\nCost: ") == true)
  }

  private static let apology = """
    Something went wrong on my side with this message. I have noted it for my operator, and it \
    cost you nothing.
    """
}
