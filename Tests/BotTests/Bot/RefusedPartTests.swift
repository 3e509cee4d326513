@testable import Bot
import Commands
import GRDB
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// What Telegram finds fault with is sent in another way, or its absence is said.
@Suite("A refused part")
final class RefusedPartTests {
  private let bot: DeliveringRig
  private var fake: FakeTelegram { bot.fake }

  init() async throws {
    bot = try DeliveringRig(BotRig())
    try await bot.deliver("message", .message("/start"))
  }

  deinit {
    fake.stop()
  }

  private func refuse(_ words: String, where isRefused: @escaping @Sendable (String) -> Bool) {
    fake.onCall { call in
      guard call.method == "sendMessage", isRefused(call.parameters["text"]?.string ?? "") else {
        return nil
      }
      return .badRequest(words)
    }
  }

  @Test(arguments: [42, -100] as [Int64])
  func isMentionedAfterTheOthers(chat: Int64) async throws {
    bot.rig.gemini.answer.change {
      $0.text = ["first", "second", "third"].map { word in
        String(repeating: "\(word) ", count: 500)
      }.joined(separator: "\n\n")
    }
    refuse("MESSAGE_INVALID") { $0.hasPrefix("second") }
    let greeting = fake.state.value.sent(to: 42)
    try await bot.deliver("message", .message("/plan@devbot much", chat: chat))
    let told = fake.state.value.sent(to: chat).filter { !greeting.contains($0) }
      .map { String($0.prefix(24)) }
    #expect(told.first?.hasPrefix("first") == true)
    #expect(told.last == "One part of this answer ")
    #expect(told.count { $0.hasPrefix("One part") } == 1)
    // In a group, nobody is promised it elsewhere.
    #expect(chat == 42 || fake.state.value.sent(to: 42) == greeting)
    #expect(try bot.rig.account().balance < bot.rig.settings.initialGrant)
  }

  @Test func isGivenBackAndSaidWhereItIsTheWhole() async throws {
    refuse("MESSAGE_INVALID") { $0.contains("Cost: ") }
    try await bot.deliver("message", .message("How do I sort?"))
    #expect(
      fake.state.value.sent(to: 42).last
        == "Telegram did not accept my answer, so it cost you nothing. Please ask in other words.")
    #expect(try bot.rig.account().balance == bot.rig.settings.initialGrant)
  }

  @Test func isSentWithoutTheReplyThatIsGone() async throws {
    fake.onCall { call in
      guard call.method == "sendMessage", call.parameters["reply_parameters"] != nil else {
        return nil
      }
      return .badRequest("message to be replied not found")
    }
    try await bot.deliver("message", .message("/plan@devbot a shop", chat: -100))
    #expect(fake.state.value.sent(to: -100).last?.contains("Cost: ") == true)
  }

  @Test func reachesThePersonWhereItsTopicIsClosed() async throws {
    let topic: [String: JSONValue] = ["is_topic_message": true, "message_thread_id": 5]
    fake.onCall { call in
      guard call.method == "sendMessage", call.parameters["message_thread_id"] != nil else {
        return nil
      }
      return .badRequest("TOPIC_CLOSED")
    }
    try await bot.deliver("message", .message("/plan@devbot a shop", chat: -100, adding: topic))
    let told = fake.state.value.sent(to: 42)
    #expect(
      told.dropLast().last
        == "I could not write in the group where you asked me, so here is my answer.")
    #expect(told.last?.contains("Cost: ") == true)
    // A topic of their own chat that is closed is no reason to go elsewhere.
    let before = fake.state.value.sent(to: 42).count
    try await bot.deliver("message", .message("How do I sort?", adding: topic))
    #expect(fake.state.value.sent(to: 42).dropFirst(before).last?.contains("Cost: ") == true)
  }
}
