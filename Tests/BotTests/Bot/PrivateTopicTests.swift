import Bot
import Foundation
import GRDB
import Ledger
@testable import Messaging
import Testing
import TestSupport

@Suite("A topic of a private chat")
struct PrivateTopicTests {
  private static let administrator: Int64 = 1
  private let bot: DeliveringRig
  private var rig: BotRig { bot.rig }
  private var fake: FakeTelegram { bot.fake }
  private let topic: [String: JSONValue] = ["message_thread_id": 5, "is_topic_message": true]

  init() async throws {
    bot = try DeliveringRig(BotRig(administrators: [Self.administrator]))
    for person in [42, Self.administrator] {
      try await bot.deliver("message", .message("/start", from: person))
    }
  }

  /// Presses a button of a message in the topic.
  private func press(_ data: String, from user: Int64 = 42, message: Int64 = 8) async throws {
    let place = JSONValue.message(nil, from: user, adding: topic)
    guard case .object(var fields) = place else { return }
    fields["message_id"] = .integer(message)
    try await bot.deliver(
      "callback_query",
      [
        "id": "query1", "from": .user(user), "data": .string(data), "chat_instance": "1",
        "message": .object(fields),
      ])
  }

  private func say(_ text: String, from user: Int64 = 42) async throws {
    try await bot.deliver("message", .message(text, from: user, adding: topic))
  }

  /// The topics of the last requests that send something.
  private func topics(_ count: Int = 1) -> [Int64?] {
    let sends = fake.state.value.calls.filter {
      ($0.method.hasPrefix("send") || $0.method == "copyMessage") && $0.method != "sendChatAction"
    }
    return sends.suffix(count).map { $0.parameters["message_thread_id"]?.integer }
  }

  @Test func hasTheAnswersAndTheInvoicesThatAreAskedForInIt() async throws {
    try await say("How do I sort?")
    #expect(topics() == [5])
    try await say("/buy")
    #expect(topics() == [5])
    try await press("buy:Starter")
    #expect(fake.state.value.calls.last { $0.method == "sendInvoice" }?.parameters["chat_id"] == 42)
    #expect(topics() == [5])
    // The link of a subscription comes once Telegram has made it.
    try await press("buy:Monthly")
    #expect(fake.state.value.messages.last?.text.hasPrefix("Monthly:") == true)
    #expect(topics() == [5])
    try await bot.deliver("callback_query", .press("buy:Starter"))
    #expect(topics() == [nil])
  }

  @Test func hasTheReceiptOfWhatIsPaidInItAndTheEndOfASubscription() async throws {
    try await press("buy:Monthly")
    let order = try #require(try rig.orders().first).id
    let until = Int64(Date().timeIntervalSince1970) + 2_592_000
    let payment: JSONValue = [
      "currency": "XTR", "total_amount": 380, "invoice_payload": .string(order),
      "telegram_payment_charge_id": "month-1", "provider_payment_charge_id": "month-1",
      "subscription_expiration_date": .integer(until), "is_recurring": true,
      "is_first_recurring": true,
    ]
    fake.payment(
      payload: order, amount: 380, chargeID: "month-1", from: 42, isDelivered: false,
      subscriptionUntil: until)
    try await bot.deliver(
      "message", .message(nil, adding: topic.merging(["successful_payment": payment]) { $1 }))
    #expect(fake.state.value.messages.last?.text.hasPrefix("Thank you!") == true)
    #expect(topics() == [5])
    try await press("credits:cancel for good")
    #expect(fake.state.value.messages.last?.text.hasPrefix("Your subscription is cancel") == true)
    #expect(topics() == [5])
  }

  @Test func hasTheReportsAndQuestionsOfAnAdministratorInIt() async throws {
    try await say("/report", from: Self.administrator)
    #expect(topics(2) == [5, 5])
    try await say("/broadcast Hello", from: Self.administrator)
    #expect(topics(2) == [5, 5])
    // What goes to others is in no topic of theirs.
    let id = try #require(fake.state.value.messages.last?.id)
    try await press("broadcast:send 1", from: Self.administrator, message: id)
    #expect(fake.state.value.sent(to: 42).last == "Hello")
    let last = fake.state.value.messages.last { $0.chatID == 42 }
    #expect(last?.parameters["message_thread_id"] == nil)
  }

  @Test func isLeftOutOfAnInvoiceWhereItIsGone() async throws {
    fake.fail("sendInvoice", with: .badRequest("message thread not found"))
    try await press("buy:Starter")
    #expect(topics(2) == [5, nil])
    #expect(fake.state.value.invoices.count == 1)
  }

  @Test func hasTheNoteOfAnAnswerThatIsRefused() async throws {
    fake.fail("sendMessage", with: .badRequest("MESSAGE_INVALID"))
    try await say("How do I sort?")
    #expect(fake.state.value.messages.last?.text.hasPrefix("Telegram did not accept my") == true)
    #expect(topics() == [5])
  }

  /// Of a group, no topic is taken into a private chat.
  @Test func isNoTopicOfAGroup() async throws {
    fake.refuse(.badRequest("not enough rights"), inChat: -100)
    try await bot.deliver("message", .message("@devbot /help", chat: -100, adding: topic))
    #expect(fake.state.value.messages.last?.chatID == 42)
    #expect(topics() == [nil])
  }
}
