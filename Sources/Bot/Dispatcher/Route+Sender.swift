import Messaging
import TelegramBotAPI

/// Who is behind an update.
extension Route {
  var isIgnored: Bool {
    if case .ignored = self { true } else { false }
  }

  var isPayment: Bool {
    if case .payment = self { true } else { false }
  }

  var sender: Address? {
    switch self {
    case .command(_, _, let sender), .text(_, let sender), .unreadable(_, let sender),
      .unseen(_, _, let sender), .edited(let sender), .button(_, _, let sender),
      .payment(_, _, let sender):
      sender
    case .preCheckout, .refunded, .subscriptionChanged, .draftStopped, .reachable, .rightsChanged,
      .ignored:
      nil
    }
  }
}

extension Update {
  /// Whom the bot can reach in their private chat, as this shows: they have written there, pressed
  /// a button, or lifted a block.
  var personInPrivate: Int64? {
    if case .stoppedGeneration(let stop) = content {
      return stop.chat.isPrivate ? stop.chat.id : nil
    }
    return userInPrivate?.id
  }

  /// The same, as they are called now, where the update says so.
  var userInPrivate: User? {
    switch content {
    case .message(let message), .editedMessage(let message):
      message.chat.isPrivate ? message.from.flatMap { $0.isBot ? nil : $0 } : nil
    case .callbackQuery(let query): query.message?.chat.isPrivate == true ? query.from : nil
    case .chatMemberChanged(let change):
      change.chat.isPrivate && change.newStatus != "kicked" ? change.from : nil
    case .stoppedGeneration, .preCheckoutQuery, .subscriptionChanged, .other: nil
    }
  }
}
