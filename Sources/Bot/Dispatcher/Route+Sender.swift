import Messaging
import TelegramBotAPI

/// Who is behind an update.
extension Route {
  var isPayment: Bool {
    if case .payment = self { true } else { false }
  }

  var sender: Address? {
    switch self {
    case .command(_, _, let sender), .text(_, let sender), .unreadable(_, let sender),
      .unseen(_, _, let sender), .edited(let sender), .button(_, _, let sender),
      .payment(_, _, let sender):
      sender
    case .preCheckout, .refunded, .subscriptionChanged, .reachable, .rightsChanged, .ignored: nil
    }
  }

  /// Whom the bot can reach in their private chat, as this shows.
  var personInPrivate: Int64? {
    if case .reachable(true, let person) = self { return person }
    return sender.flatMap { $0.isPrivate ? $0.user.id : nil }
  }
}
