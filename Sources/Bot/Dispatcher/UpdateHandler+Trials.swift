import Assistant
import Ledger
import Messaging
import TelegramBotAPI

/// The buttons under the welcome.
extension UpdateHandler {
  /// A press is answered at once, and becomes a question in the order of what the person has sent.
  /// Each button of a message asks once, however often it is tapped.
  func response(
    to trial: Trial, _ query: CallbackQuery, from sender: Address, of stored: StoredUpdate,
    in tx: LedgerTransaction
  ) throws -> Response {
    let account = try tx.users.find(telegramUserID: sender.user.id)
    guard stored.isAskedAgain else {
      func notice(_ text: String) -> Response { .pressed(ButtonResponse(notice: text), query) }
      guard let account else { return notice("Please send me /start first.") }
      guard !account.isBlocked else { return notice(Self.blocked(sender).text) }
      guard sender.isPrivate else { return notice("Please press this in our private chat.") }
      guard try !environment.inbox.wasKeptAsWork(asOtherPress: stored.id, in: tx) else {
        return notice("You have already tried this one. Just write what you need.")
      }
      return .pressed(
        ButtonResponse(notice: "I am on it."), query,
        again: try environment.inbox.keepAsWork(stored, in: tx))
    }
    guard let account else { return .reply(Self.noAccount(sender), to: sender) }
    guard !account.isBlocked else { return .reply(Self.blocked(sender), to: sender) }
    return .work(
      Work(
        updateID: stored.id, receivedAt: stored.receivedAt, sender: sender, task: trial.task,
        text: trial.words), account)
  }
}
