package import JSONReading

/// Something that happened. Unknown kinds and fields are no error; a known kind that lacks what
/// Telegram promises is. Bot API, *Update*.
package struct Update: JSONObjectReadable, Sendable, Equatable {
  /// Indirect, as an update is handed on many times.
  package indirect enum Content: Sendable, Equatable {
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

  package init(_ object: JSONObject) throws {
    id = try object.read("update_id")
    // At most one member besides `update_id` is there.
    content =
      switch object.names.filter({ $0 != "update_id" }).min() {
      case "message": .message(try object.read("message"))
      case "edited_message": .editedMessage(try object.read("edited_message"))
      case "callback_query": .callbackQuery(try object.read("callback_query"))
      case "pre_checkout_query": .preCheckoutQuery(try object.read("pre_checkout_query"))
      case "my_chat_member": .chatMemberChanged(try object.read("my_chat_member"))
      case "subscription": .subscriptionChanged(try object.read("subscription"))
      case "stopped_message_generation":
        .stoppedGeneration(try object.read("stopped_message_generation"))
      case let kind: .other(kind: kind)
      }
  }
}
