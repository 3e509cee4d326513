import Foundation

// What users do. Each returns the id of the update it makes.
extension FakeTelegram {
  /// A text message; in the user's private chat, unless `chat` names a group.
  @discardableResult
  package func message(
    _ text: String, from userID: Int64, chat chatID: Int64? = nil, threadID: Int64? = nil,
    replyTo: Int64? = nil, firstName: String = "Ada", languageCode: String = "en"
  ) -> Int64 {
    var content: [String: JSONValue] = ["text": .string(text)]
    if let command = text.split(separator: " ").first, text.hasPrefix("/") {
      content["entities"] = [
        ["type": "bot_command", "offset": 0, "length": .integer(Int64(command.utf16.count))]
      ]
    }
    if let threadID {
      content["message_thread_id"] = .integer(threadID)
      content["is_topic_message"] = true
    }
    if let replyTo { content["reply_to_message"] = reference(replyTo, in: chatID ?? userID) }
    let from = Self.user(userID, firstName: firstName, languageCode: languageCode)
    return deliver("message", newMessage(content, from: from, chat: chatID ?? userID))
  }

  /// A message that holds something else, for instance `["photo": [], "caption": "this"]`.
  @discardableResult
  package func message(
    holding content: [String: JSONValue], from userID: Int64, chat chatID: Int64? = nil
  ) -> Int64 {
    deliver("message", newMessage(content, from: Self.user(userID), chat: chatID ?? userID))
  }

  /// A press of a button of the message `messageID`.
  @discardableResult
  package func callback(
    _ data: String, from userID: Int64, chat chatID: Int64? = nil, messageID: Int64 = 1001
  ) -> Int64 {
    deliver(
      "callback_query",
      [
        "id": .string(newQueryID()), "from": Self.user(userID), "chat_instance": "-42",
        "data": .string(data), "message": reference(messageID, in: chatID ?? userID),
      ])
  }

  @discardableResult
  package func preCheckout(
    payload: String, amount: Int64, currency: String = "XTR", from userID: Int64
  ) -> Int64 {
    deliver(
      "pre_checkout_query",
      [
        "id": .string(newQueryID()), "from": Self.user(userID), "currency": .string(currency),
        "total_amount": .integer(amount), "invoice_payload": .string(payload),
      ])
  }

  /// The user blocks the bot, or lifts the block.
  @discardableResult
  package func block(_ isBlocked: Bool = true, by userID: Int64) -> Int64 {
    func member(_ status: String) -> JSONValue {
      ["status": .string(status), "user": Self.user(Self.botID)]
    }
    return deliver(
      "my_chat_member",
      [
        "chat": Self.chat(userID), "from": Self.user(userID), "date": Self.now,
        "old_chat_member": member(isBlocked ? "member" : "kicked"),
        "new_chat_member": member(isBlocked ? "kicked" : "member"),
      ])
  }

  /// Any update: the next `update_id`, and `value` under the name of its kind.
  @discardableResult
  package func deliver(_ kind: String, _ value: JSONValue) -> Int64 {
    state.change { $0.deliver(kind, value) }
  }

  /// An element of the result as it stands, good or bad; the text is made from its `update_id`.
  @discardableResult
  package func deliverRaw(_ json: @Sendable (_ updateID: Int64) -> String) -> Int64 {
    state.change { $0.queue.append(json) }
  }

  /// Serves updates once more that were confirmed already.
  package func deliverAgain(_ ids: Int64...) {
    state.change { $0.queue.appendAgain(ids) }
  }

  /// The next updates take their ids from here, as after a quiet week.
  package func resetIDs(to id: Int64) {
    state.change { $0.queue.resetIDs(to: id) }
  }
}

// MARK: - Parts of updates

extension FakeTelegram {
  static var now: JSONValue { .integer(Int64(Date().timeIntervalSince1970)) }

  static func chat(_ id: Int64) -> JSONValue {
    id > 0
      ? ["id": .integer(id), "type": "private", "first_name": "Ada"]
      : ["id": .integer(id), "type": "supergroup", "title": "Analytical Engines"]
  }

  static func user(
    _ id: Int64, firstName: String = "Ada", languageCode: String = "en"
  ) -> JSONValue {
    [
      "id": .integer(id), "is_bot": .bool(id == botID), "first_name": .string(firstName),
      "username": .string("user\(id)"), "language_code": .string(languageCode),
    ]
  }

  private func newMessage(
    _ content: [String: JSONValue], from: JSONValue, chat chatID: Int64
  ) -> JSONValue {
    state.change { $0.newMessage(content, from: from, chat: chatID) }
  }

  private func reference(_ messageID: Int64, in chatID: Int64) -> JSONValue {
    [
      "message_id": .integer(messageID), "from": Self.user(Self.botID),
      "chat": Self.chat(chatID), "date": Self.now, "text": "…",
    ]
  }

  private func newMessageID() -> Int64 {
    state.change { state in
      state.lastMessageID += 1
      return state.lastMessageID
    }
  }

  private func newQueryID() -> String { "query\(newMessageID())" }
}

extension FakeTelegramState {
  /// - Parameter isLost: It is never served, as if the bot had been away for too long.
  mutating func deliver(_ kind: String, _ value: JSONValue, isLost: Bool = false) -> Int64 {
    if let id = value["id"]?.string { openQueries.insert(id) }
    checkUpdate(kind, value)
    let json = { (id: Int64) in #"{"update_id":\#(id),"\#(kind)":\#(value.json)}"# }
    return isLost ? queue.appendLost(json) : queue.append(json)
  }

  mutating func newMessage(
    _ content: [String: JSONValue], from: JSONValue, chat chatID: Int64
  ) -> JSONValue {
    lastMessageID += 1
    let envelope: [String: JSONValue] = [
      "message_id": .integer(lastMessageID), "from": from, "chat": FakeTelegram.chat(chatID),
      "date": FakeTelegram.now,
    ]
    return .object(envelope.merging(content) { $1 })
  }

  /// What concerns money must be as Telegram would send it.
  private mutating func checkUpdate(_ kind: String, _ value: JSONValue) {
    let parts: [(JSONValue?, type: String)] = [
      (value["successful_payment"], "SuccessfulPayment"),
      (value["refunded_payment"], "RefundedPayment"),
      (kind == "subscription" ? value : nil, "BotSubscriptionUpdated"),
      (kind == "pre_checkout_query" ? value : nil, "PreCheckoutQuery"),
    ]
    for case (let part?, let type) in parts { check(part, is: type) }
  }

  /// A fault here is the test's, not the bot's.
  mutating func check(_ value: JSONValue, is type: String) {
    guard let fault = schema.fault(in: value, ofType: type) else { return }
    violations.append("the fake makes what Telegram does not: \(fault)")
  }
}
