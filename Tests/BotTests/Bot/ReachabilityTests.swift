import Bot
import Foundation
import Ledger
@testable import Messaging
import Testing
import TestSupport

@Suite("Whether somebody can be reached")
struct ReachabilityTests {
  private let bot: DeliveringRig
  private var rig: BotRig { bot.rig }
  private var fake: FakeTelegram { bot.fake }

  init() async throws {
    bot = try DeliveringRig(BotRig())
    try await bot.deliver("message", .message("/start"))
  }

  @Test(arguments: [
    "bot was blocked by the user", "user is deactivated",
    "bot can't initiate conversation with a user",
  ])
  func isDeniedByARefusal(words: String) async throws {
    fake.fail("sendMessage", with: .reply(.telegramError(403, "Forbidden: \(words)")))
    try await bot.deliver("message", .message("/help"))
    #expect(try rig.account().isUnreachable)
  }

  @Test(arguments: [
    "chat not found", "PEER_ID_INVALID", "INPUT_USER_DEACTIVATED",
  ])
  func isDeniedWhereTheChatIsNotFound(words: String) async throws {
    fake.fail("sendMessage", with: .badRequest(words))
    try await bot.deliver("message", .message("/help"))
    #expect(try rig.account().isUnreachable)
  }

  @Test func isNotDeniedByAMessageThatIsRefused() async throws {
    fake.fail("sendMessage", with: .badRequest("message text is wrong"))
    try await bot.deliver("message", .message("/help"))
    #expect(try !rig.account().isUnreachable)
  }

  /// What shows that they are there, without any reply.
  static let signs: [(String, JSONValue)] = [
    ("message", .message("/help")), ("message", .message(nil, adding: ["photo": []])),
    ("message", .message(nil, adding: ["pinned_message": [:]])),
    ("edited_message", .message("another")), ("callback_query", .press("projects:1")),
    ("my_chat_member", .member(from: "kicked", to: "member")),
    ("stopped_message_generation", ["chat": .chat(42), "draft_id": 256]),
  ]

  @Test(arguments: signs)
  func isShownByWhatTheyDoInPrivate(kind: String, value: JSONValue) async throws {
    try rig.execute("UPDATE users SET unreachable_since = created_at")
    try await bot.deliver(kind, value)
    #expect(try !rig.account().isUnreachable)
  }

  /// A name on Telegram may be another person's tomorrow, and get their credits.
  @Test func whoIsThereHasTheNameOfTheirLastMessage() async throws {
    let renamed: [String: JSONValue] = [
      "from": ["id": 42, "is_bot": false, "first_name": "Augusta", "username": "lovelace"]
    ]
    try await bot.deliver("message", .message("/help", adding: renamed))
    let account = try rig.database.read { try $0.users.find(mention: "@lovelace") }
    #expect(account?.telegramUserID == 42 && account?.firstName == "Augusta")
    #expect(try rig.database.read { try $0.users.find(mention: "@user42") } == nil)
  }

  @Test(arguments: [
    ("message", JSONValue.message("hello", chat: -100)),
    ("message", .message("@devbot /help", chat: -100)),
    ("my_chat_member", .member(from: "member", to: "kicked")),
    ("my_chat_member", .member(from: "left", to: "member", chat: -100)),
  ])
  func isNotShownElsewhere(kind: String, value: JSONValue) async throws {
    try rig.execute("UPDATE users SET unreachable_since = created_at")
    try await bot.deliver(kind, value)
    #expect(try rig.account().isUnreachable)
  }
}
