/// Something that happened. Unknown kinds and fields are no error; a known kind that lacks what
/// Telegram promises is. Bot API, *Update*.
package struct Update: Decodable, Sendable, Equatable {
  package enum Content: Sendable, Equatable {
    case message(Message)
    case editedMessage(Message)
    case callbackQuery(CallbackQuery)
    case preCheckoutQuery(PreCheckoutQuery)
    /// `my_chat_member`.
    case chatMemberChanged(ChatMemberUpdated)
    /// `subscription`.
    case subscriptionChanged(BotSubscriptionUpdated)
    /// `stopped_message_generation`.
    case stoppedGeneration(MessageGenerationStopped)
    /// What the bot has no use for, by its name in JSON.
    case other(kind: String?)
  }

  /// Names the update. Not always larger than the one before: after a quiet week Telegram starts
  /// again at a random number.
  package var id: Int64
  package var content: Content

  /// Telegram's names of the kinds that the bot asks for.
  package static let kindsAskedFor = [
    "message", "edited_message", "callback_query", "pre_checkout_query", "my_chat_member",
    "subscription", "stopped_message_generation",
  ]

  /// Whom it concerns; `nil` where that is nobody, as with a kind that is not known. What a bot
  /// says in a private chat, of a refund perhaps, concerns the person in it.
  package var personID: Int64? {
    switch content {
    case .message(let message), .editedMessage(let message):
      message.from.flatMap { $0.isBot ? nil : $0.id } ?? message.chat.id
    case .callbackQuery(let query): query.from.id
    case .preCheckoutQuery(let query): query.from.id
    case .subscriptionChanged(let change): change.user.id
    case .chatMemberChanged(let change): change.from.id
    case .stoppedGeneration(let stop): stop.chat.isPrivate ? stop.chat.id : nil
    case .other: nil
    }
  }

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    id = try values.decode(Int64.self, forKey: Key(stringValue: "update_id"))
    // At most one member besides `update_id` is there.
    let kinds = values.allKeys.filter { $0.stringValue != "update_id" }
    guard let key = kinds.min(by: { $0.stringValue < $1.stringValue }) else {
      content = .other(kind: nil)
      return
    }
    func value<Value: Decodable>() throws -> Value { try values.decode(Value.self, forKey: key) }
    content =
      switch key.stringValue {
      case "message": .message(try value())
      case "edited_message": .editedMessage(try value())
      case "callback_query": .callbackQuery(try value())
      case "pre_checkout_query": .preCheckoutQuery(try value())
      case "my_chat_member": .chatMemberChanged(try value())
      case "subscription": .subscriptionChanged(try value())
      case "stopped_message_generation": .stoppedGeneration(try value())
      case let kind: .other(kind: kind)
      }
  }
}
